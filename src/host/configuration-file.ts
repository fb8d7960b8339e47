// A configuration file of `serve` → the environment variables that it stands for. Each key is the name of an option as SQL spells it,
// or of a flag of the host with underscores. The file is YAML 1.2, one mapping.

import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Node } from 'yaml';
import { messageOf } from '../base/failure.js';
import { nearestName } from '../base/nearest-name.js';
import type { PluginService, ServiceOption } from '../plugin.js';
import { type Environment, hostVariables, queryOptions, variableOf } from './serve-settings.js';

/** Loaded with the first file that is read: most commands read none. */
const loadYaml = () => createRequire(import.meta.url)('yaml') as typeof import('yaml');

/** A file with more bytes is not a configuration. */
const MAX_BYTES = 1024 * 1024;

export interface Configuration {
  readonly file: string;
  /** Values by variable. */
  readonly variables: Environment;
  /** Keys of secrets, if users other than the file's owner and group may read it. */
  readonly exposedSecrets: readonly string[];
}

interface Key {
  readonly variable: string;
  readonly sqlType: ServiceOption['sqlType'];
  readonly isList: boolean;
  readonly isSecret: boolean;
}

/** Throws with the file, the line and the key that is wrong. */
export function readConfiguration(path: string, service: PluginService): Configuration {
  const file = resolve(path);
  const { isMap, isScalar, LineCounter, parseDocument } = loadYaml();
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, version: '1.2' });
  const at = (node: unknown) => `${file}:${lines.linePos((node as Node | null)?.range?.[0] ?? 0).line}`;
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new Error(`${file}:${broken.linePos?.[0].line ?? 1}: ${broken.message.split(/ at line |:?\n/)[0]}`);
  }
  const { contents } = document;
  if (contents === null) return { file, variables: {}, exposedSecrets: [] };
  if (!isMap(contents)) throw new Error(`${file} must be a mapping of options to values`);
  const keys = knownKeys(service);
  const variables: Record<string, string> = {};
  const secrets: string[] = [];
  for (const { key: keyNode, value } of contents.items) {
    const name = String(isScalar(keyNode) ? keyNode.value : keyNode);
    const key = keys.get(name);
    if (key === undefined) {
      const meant = nearestName(name, [...keys.keys()]);
      throw new Error(`${at(keyNode)}: unknown option ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    }
    const text = textOf(value, key, `${at(keyNode)}: ${name}`);
    if (text === undefined) continue;
    variables[key.variable] = text;
    if (key.isSecret) secrets.push(name);
  }
  return { file, variables, exposedSecrets: isReadByOthers(file) ? secrets : [] };
}

function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, and a configuration has at most ${MAX_BYTES}`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`cannot read the configuration ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Types of what is not text. */
const hostTypes: Readonly<Record<string, Key['sqlType']>> = {
  [hostVariables.drainTimeoutMs]: 'UBIGINT',
  [hostVariables.production]: 'BOOLEAN',
};

/** All that may be set, by its name in the file. */
function knownKeys(service: PluginService): Map<string, Key> {
  const keys = new Map<string, Key>();
  for (const variable of Object.values(hostVariables)) {
    const name = variable.slice('OTELDUCK_'.length).toLowerCase();
    if (variable === hostVariables.config) continue;
    keys.set(name, {
      variable,
      sqlType: hostTypes[variable] ?? 'VARCHAR',
      isList: variable === hostVariables.uri || variable === hostVariables.queryUri,
      isSecret: variable === hostVariables.quackToken,
    });
  }
  for (const { options } of [service, queryOptions(service)]) {
    for (const [name, { sqlType, ofListener, isSecret = false }] of Object.entries(options)) {
      keys.set(name, { variable: variableOf(name), sqlType, isList: ofListener !== undefined, isSecret });
    }
  }
  return keys;
}

/** The value as a variable has it. Undefined for a key without a value, which says nothing. */
function textOf(node: unknown, { sqlType, isList }: Key, where: string): string | undefined {
  const { isScalar, isSeq } = loadYaml();
  if (node === null) return undefined;
  if (isSeq(node)) {
    if (!isList) throw new Error(`${where} must be one value, got a list of ${node.items.length}`);
    const words = node.items.map((item) => (isScalar(item) ? String(item.value) : undefined));
    if (words.some((word) => word === undefined || /[\s,]/.test(word) || word === '')) {
      throw new Error(`${where} must be a list of words without spaces and commas`);
    }
    return words.join(',');
  }
  if (!isScalar(node)) throw new Error(`${where} must be ${wanted(sqlType)}, got a mapping`);
  const { value } = node;
  if (value === null || value === '') return undefined;
  // `08:00`, `0x10` and `1e3` are what the text says, whatever YAML makes of them.
  const text = typeof value === 'string' ? value : (node.source ?? String(value));
  if (sqlType === 'BOOLEAN' && typeof value !== 'boolean') throw wrong(where, sqlType, text);
  if (/BIGINT/.test(sqlType) && !/^-?\d+$/.test(text)) throw wrong(where, sqlType, text);
  return sqlType === 'BOOLEAN' ? String(value) : text;
}

function wrong(where: string, sqlType: ServiceOption['sqlType'], text: string): Error {
  return new Error(`${where} must be ${wanted(sqlType)}, got "${text}"`);
}

function wanted(sqlType: ServiceOption['sqlType']): string {
  if (sqlType === 'BOOLEAN') return 'true or false';
  return sqlType === 'VARCHAR' ? 'text' : 'a whole number';
}

function isReadByOthers(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o004) !== 0;
}

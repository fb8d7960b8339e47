import type { JsonStage } from '../syntax/ast.js';
import { type JsonPath, parseJsonPath } from '../syntax/json-path.js';
import {
  eachField,
  elementOf,
  fieldStart,
  JsonMistake,
  type JsonStop,
  type JsonValue,
  readValue,
  skipSpaces,
  stringValue,
} from './json-scanner.js';
import { DUPLICATE_SUFFIX, labelNameOf } from './label-names.js';
import type { LabelsBuilder } from './labels-builder.js';
import type { StageFunction } from './stage.js';

/** Objects inside each other that are looked into. Each level reads its part of the line again. */
const MAX_DEPTH = 100;

/** Names that are kept, so that a field which is in every line is not turned into a label's name each time. */
const MAX_NAMES = 10_000;

/** `| json`: every field becomes a label, and those of objects inside the line get the names of both. */
export function compileJson({ expressions }: JsonStage): StageFunction {
  if (expressions.length > 0) return compileExpressions(expressions);
  const reader = new FieldReader();
  return (line, labels) => {
    if (labels.hints.needsNothing) return line;
    const stop = reader.read(line, labels);
    if (stop === 'mismatch') return undefined;
    if (stop instanceof JsonMistake) labels.fail('JSONParserErr', stop.text);
    return line;
  };
}

/** Fields of a line → labels. */
class FieldReader {
  readonly #names = new Map<string, string>();

  read(line: string, labels: LabelsBuilder): JsonStop | undefined {
    return this.#readObject(line, labels, '', 0);
  }

  /** An object that is all of a text: brackets behind it are not its own. */
  #readObject(text: string, labels: LabelsBuilder, prefix: string, depth: number): JsonStop | undefined {
    return eachField(text, 0, (key, value) => {
      if (value.type === 'object') {
        const name = this.#name(prefix, key);
        if (depth === MAX_DEPTH || !labels.hints.isPrefixWanted(name)) return undefined;
        return this.#readObject(text.slice(value.start, value.end), labels, name, depth + 1);
      }
      if (value.type !== 'array' && value.type !== 'null') {
        const name = this.#name(prefix, key);
        if (!setField(text, labels, name, value)) return 'mismatch';
      }
      return labels.hints.isComplete ? 'complete' : undefined;
    });
  }

  #name(prefix: string, key: string): string {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    let name = this.#names.get(path);
    if (name === undefined) {
      name = joinedName(prefix, key);
      if (this.#names.size < MAX_NAMES) this.#names.set(path, name);
    }
    return name;
  }
}

function joinedName(prefix: string, key: string): string {
  if (prefix === '') return labelNameOf(key);
  const rest = key.trim().replaceAll(/[^a-zA-Z0-9_]/gu, '_');
  return rest === '' ? prefix : `${prefix}_${rest}`;
}

/** False when the line cannot pass any more. */
function setField(line: string, labels: LabelsBuilder, field: string, value: JsonValue): boolean {
  if (field === '') return true;
  const name = labels.nameForParsed(field);
  if (!labels.hints.isWanted(name)) return true;
  labels.setParsed(name, textOf(line, value));
  return labels.hints.canPass(name, labels);
}

function textOf(line: string, { type, start, end }: JsonValue): string {
  const text = line.slice(start, end);
  return type === 'string' ? stringValue(text) : text;
}

function compileExpressions(expressions: JsonStage['expressions']): StageFunction {
  const extractions = expressions.map(({ label, expression }) => ({ label, path: pathOf(expression) }));
  return (line, labels) => {
    if (line === '' || labels.hints.needsNothing) return line;
    if (!/^["{[]/.test(line)) {
      labels.fail('JSONParserErr', undefined);
      return line;
    }
    for (const { label, path } of extractions) {
      const value = findPath(line, path);
      if (value instanceof JsonMistake) labels.fail('JSONParserErr', value.text);
      else if (value !== undefined) setExpression(line, labels, label, value);
    }
    // Every label of the stage is there, if only with an empty value.
    for (const { label } of extractions) if (labels.get(label) === undefined) labels.setParsed(label, '');
    return line;
  };
}

function pathOf(expression: string): JsonPath {
  try {
    return parseJsonPath(expression);
  } catch (error) {
    throw new Error(`cannot parse expression [${expression}]: ${(error as Error).message}`, { cause: error });
  }
}

function setExpression(line: string, labels: LabelsBuilder, label: string, value: JsonValue): void {
  const name = labels.hasOriginal(label) ? label + DUPLICATE_SUFFIX : label;
  const text = line.slice(value.start, value.end);
  if (value.type === 'null') labels.setParsed(name, '');
  else labels.setParsed(name, value.type === 'object' ? text : stringValue(text));
}

/** The value at the end of a path; undefined if the line has none. */
function findPath(line: string, path: JsonPath): JsonValue | JsonMistake | undefined {
  let at = 0;
  let found: JsonValue | JsonMistake | undefined;
  for (const step of path) {
    at = skipSpaces(line, at);
    if (typeof step === 'number') found = line[at] === '[' ? elementOf(line, at, step) : undefined;
    else {
      const start = fieldStart(line, at, step);
      if (start === undefined) return undefined;
      // Objects and arrays on the way are looked into even when they do not end.
      at = skipSpaces(line, start);
      if (step !== path.at(-1)) continue;
      found = readValue(line, start);
    }
    if (found === undefined || found instanceof JsonMistake) return found;
    at = found.start;
  }
  return found;
}

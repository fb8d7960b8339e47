// `--require otlp=otelduck` → the plugin that the package exports.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TestPlugin } from './test-plugin.js';

/** `name=module` as given on a command line. */
export interface PluginReference {
  readonly name: string;
  readonly module: string;
}

export function parsePluginReference(text: string): PluginReference {
  const match = /^([A-Za-z_]\w*)=(.+)$/.exec(text);
  if (match === null) throw new Error(`a required plugin must be given as <name>=<package or path>, got "${text}"`);
  return { name: match[1]!.toLowerCase(), module: match[2]! };
}

/** Imports the module, as a project in `workingDirectory` would, and returns the plugin that it exports under `name`. */
export async function loadPlugin({ name, module }: PluginReference, workingDirectory: string): Promise<TestPlugin> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(moduleUrl(module, workingDirectory));
  } catch (cause) {
    throw new Error(`cannot load ${module} for require ${name}: ${(cause as Error).message}`, { cause });
  }
  const plugin = exported[name] ?? Object.values(exported).find((value) => isPlugin(value) && value.name === name);
  if (!isPlugin(plugin)) {
    const exports = Object.keys(exported).join(', ') || 'nothing';
    throw new Error(`${module} exports no plugin "${name}" with a name and an attach function; it exports ${exports}`);
  }
  return plugin;
}

function moduleUrl(module: string, workingDirectory: string): string {
  const path = resolve(workingDirectory, module);
  if (/^\.{0,2}\//.test(module) || existsSync(path)) return pathToFileURL(path).href;
  const require = createRequire(resolve(workingDirectory, 'package.json'));
  try {
    return pathToFileURL(require.resolve(module)).href;
  } catch (error) {
    // A package that only `import` may load hides from require.resolve, and Node 20 resolves for `import` only from
    // the importing file, which here is this one instead of the user's project.
    const target = importOnlyTarget(module, require.resolve.paths(module) ?? []);
    if (target === undefined) throw error;
    return pathToFileURL(target).href;
  }
}

function importOnlyTarget(name: string, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const manifest = join(folder, name, 'package.json');
    if (!existsSync(manifest)) continue;
    const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown };
    const target = conditionalTarget(exports);
    return target === undefined ? undefined : join(folder, name, target);
  }
  return undefined;
}

const importConditions = new Set(['.', 'node', 'import', 'default']);

function conditionalTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  for (const [condition, target] of Object.entries(exports)) {
    const found = importConditions.has(condition) ? conditionalTarget(target) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function isPlugin(value: unknown): value is TestPlugin {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'attach' in value &&
    typeof value.attach === 'function'
  );
}

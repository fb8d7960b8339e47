// `--require otlp=otelduck` → the plugin that the package exports.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
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
  return pathToFileURL(require.resolve(module)).href;
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

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../base/failure.js';
import type { DuckDBPlugin } from '../plugin.js';

/** Loads the plugin exported by a package or file. There must be exactly one, under any name. */
export async function loadPlugin(module: string): Promise<DuckDBPlugin> {
  const exported = await importModule(module);
  const plugins = new Set(Object.values(exported).filter(isPlugin));
  const [plugin] = plugins;
  if (plugin === undefined) {
    throw new Error(`cannot load plugin ${module}: it exports no object with a name and an attach function`);
  }
  if (plugins.size > 1) {
    const names = [...plugins].map((candidate) => candidate.name).join(', ');
    throw new Error(`cannot load plugin ${module}: it exports more than one (${names})`);
  }
  return plugin;
}

async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(locationOf(module))) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`cannot load plugin ${module}: ${messageOf(error)}`, { cause: error });
  }
}

/** A file below the working directory, a package installed there, or one installed beside this package. */
function locationOf(module: string): string {
  const path = resolve(module);
  if (/^\.{0,2}[/\\]/.test(module) || existsSync(path)) return pathToFileURL(path).href;
  try {
    return pathToFileURL(createRequire(resolve('package.json')).resolve(module)).href;
  } catch {
    return module;
  }
}

function isPlugin(value: unknown): value is DuckDBPlugin {
  if (typeof value !== 'object' || value === null) return false;
  const candidate: { name?: unknown; attach?: unknown } = value;
  return typeof candidate.name === 'string' && typeof candidate.attach === 'function';
}

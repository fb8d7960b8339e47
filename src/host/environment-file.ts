// Adds variables of a file `.env` to the environment.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import util from 'node:util';
import { messageOf } from '../base/failure.js';

const NAME = '.env';

/**
 * Adds variables of the working folder's `.env` to an environment; existing ones take precedence. Returns the file, or undefined if
 * there is none. Throws if it cannot be read. This is the process's environment, so that DuckDB's extensions find variables such
 * as AWS_ACCESS_KEY_ID.
 */
export function addEnvironmentFile(environment: Record<string, string | undefined>): string | undefined {
  const path = resolve(NAME);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    // EISDIR: Python's virtual environments are also named .env.
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new Error(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  if (util.parseEnv === undefined)
    throw new Error(`cannot read ${path}: that needs Node 20.12 or newer, this is ${process.version}`);
  for (const [name, value] of Object.entries(util.parseEnv(text))) environment[name] ??= value;
  return path;
}

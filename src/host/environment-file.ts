// A file `.env` → variables of the environment that it lacks.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import util from 'node:util';
import { messageOf } from '../base/failure.js';

const NAME = '.env';

/**
 * Adds what the working folder's `.env` sets to an environment; what is there already wins. Returns the file, or undefined
 * where there is none. Throws when it cannot be read. The environment is that of the process, so that DuckDB's extensions find
 * their variables too, such as AWS_ACCESS_KEY_ID.
 */
export function addEnvironmentFile(environment: Record<string, string | undefined>): string | undefined {
  const path = resolve(NAME);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    // EISDIR: virtual environments of Python are called so too.
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new Error(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  if (util.parseEnv === undefined)
    throw new Error(`cannot read ${path}: that needs Node 20.12 or newer, this is ${process.version}`);
  for (const [name, value] of Object.entries(util.parseEnv(text))) environment[name] ??= value;
  return path;
}

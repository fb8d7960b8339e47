import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf } from './failure.js';
import { SqlError } from './sql-error.js';

/**
 * Makes a folder, and those that it is in, where they do not exist. Resolves with those that were made, outermost first. Not by
 * `recursive` of mkdir(), which below /proc never returns.
 */
export async function makeFolder(path: string): Promise<readonly string[]> {
  const missing: string[] = [];
  try {
    for (let folder = resolve(path); !(await isFolder(folder)); folder = dirname(folder)) missing.unshift(folder);
    for (const folder of missing) await makeOne(folder);
  } catch (error) {
    throw new SqlError('OTLP_FOLDER_NOT_AVAILABLE', `cannot make folder ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return missing;
}

/** False where there is nothing. Rejects where there is something else. */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  throw new Error(`${path} is a file`);
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

// The log record that README and the guides send by curl, as the shell passes it on; so that tests need no curl.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFolder } from '../../src/base/package-folder.js';

/** The token that the pages give to their servers. */
export const PAGE_TOKEN = 'my-dev-token-123456';
/** How the pages send it, word for word. */
export const FIRST_LOG = readFileSync(join(packageFolder, 'examples/first-log.sh'), 'utf8').trim();

/** Sends it to a server on this machine that has the pages' token. */
export async function sendFirstLog(port: number): Promise<Response> {
  const shadowed = `curl() { printf '%s\\0' "$@"; }; ${FIRST_LOG}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', shadowed]);
  const words = stdout.split('\0').slice(0, -1);
  const valuesOf = (flag: string) => words.filter((_, i) => words[i - 1] === flag);
  const url = words.find((word) => word.startsWith('http'))!;
  return fetch(url.replace('localhost:4318', `127.0.0.1:${port}`), {
    method: 'POST',
    headers: valuesOf('-H').map((header) => header.split(/: (.*)/, 2) as [string, string]),
    body: valuesOf('-d')[0]!,
  });
}

// What `scripts/fetch-test-servers.mjs` has found on this machine.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../../src/base/package-folder.js';

export type Need = 'extensions' | 'seaweedfs' | 'postgres' | 'linters';

interface Manifest extends Readonly<Record<Need, string | null>> {
  readonly missing: Readonly<Partial<Record<Need, string>>>;
}

const path = join(packageFolder, 'node_modules/.cache/otelduck/test-servers.json');

const manifest: Manifest = existsSync(path)
  ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest)
  : { extensions: null, seaweedfs: null, postgres: null, linters: null, missing: {} };

/** Where a thing is: a folder of extensions, a program, a folder of programs, a folder of Python packages. */
export function placeOf(need: Need): string {
  const place = manifest[need];
  if (place === null) throw new Error(`${need} is missing`);
  return place;
}

/** Why tests that need these cannot run; undefined when they can. */
export function missingReason(...needs: Need[]): string | undefined {
  const reasons = needs
    .filter((need) => manifest[need] === null)
    .map((need) => `${need}: ${manifest.missing[need] ?? 'run scripts/fetch-test-servers.mjs'}`);
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

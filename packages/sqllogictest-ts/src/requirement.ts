// `require <condition>`: what DuckDB's tests ask of the build and the machine, beside extensions and plugins.

import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Whether a required condition holds here. Undefined for a name that is not a condition. */
export function isConditionMet(name: string, parameters: readonly string[]): boolean | undefined {
  const condition = conditions.get(name);
  return typeof condition === 'function' ? condition(parameters[0] ?? '') : condition;
}

const VECTOR_SIZE = 2_048;
const DEFAULT_BLOCK_BYTES = 262_144;
const isWindows = process.platform === 'win32';

const conditions = new Map<string, boolean | ((parameter: string) => boolean)>([
  ['windows', isWindows],
  ['notwindows', !isWindows],
  ['mingw', false],
  ['notmingw', true],
  ['notmusl', true],
  ['64bit', true],
  // DuckDB's runner has it nowhere: it asks for a macro of a header that it does not include.
  ['longdouble', false],
  ['strinline', true],
  ['nothreadsan', true],
  // The modes of DuckDB's own runner that these exclude do not exist here.
  ['noforcestorage', true],
  ['no_force_storage', true],
  ['skip_reload', true],
  ['noalternativeverify', true],
  ['no_alternative_verify', true],
  ['no_latest_storage', true],
  ['no_vector_verification', true],
  ['allow_unsigned_extensions', false],
  ['vector_size', (size) => Number(size) <= VECTOR_SIZE],
  ['exact_vector_size', (size) => Number(size) === VECTOR_SIZE],
  ['block_size', (bytes) => Number(bytes) === DEFAULT_BLOCK_BYTES],
  ['ram', (amount) => totalmem() >= byteCount(amount)],
  ['disk_space', (amount) => freeDiskBytes() >= byteCount(amount)],
]);

function freeDiskBytes(): number {
  const { bavail, bsize } = statfsSync('.');
  return bavail * bsize;
}

/** `16gb`, `1.5 GiB` → bytes; NaN, which no machine has, for anything else. */
function byteCount(amount: string): number {
  const match = /^([\d.]+)([kmgt]?)(i?)b?$/i.exec(amount);
  if (match === null) return Number.NaN;
  const base = match[3] === '' ? 1_000 : 1_024;
  return Number(match[1]) * base ** ' kmgt'.indexOf(match[2] === '' ? ' ' : match[2]!.toLowerCase());
}

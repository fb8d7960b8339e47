// Whole answers → smaller ones, for clients that say that they read gzip. Large ones come compressed from the thread that made them.

import { promisify } from 'node:util';
import { gzip, constants as zlib } from 'node:zlib';

/** Below this, compressing saves less than it costs. */
const MIN_COMPRESSED_BYTES = 1024;

const compress = promisify(gzip);

/** Whether an `Accept-Encoding` header takes gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const accepted = (acceptEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().split(/\s*;\s*/));
  const quality = (name: string) =>
    accepted.find(([coding]) => coding === name)?.find((part) => part.startsWith('q=')) ?? 'q=1';
  const isNamed = (name: string) => accepted.some(([coding]) => coding === name);
  const name = isNamed('gzip') ? 'gzip' : '*';
  return isNamed(name) && Number(quality(name).slice(2)) > 0;
}

/** The body compressed; undefined where that is not worth it. Fast rather than small: JSON shrinks to a tenth at the lowest level. */
export async function gzipped(body: Buffer): Promise<Buffer | undefined> {
  return body.length < MIN_COMPRESSED_BYTES ? undefined : await compress(body, { level: zlib.Z_BEST_SPEED });
}

// Encoded bytes → bytes, never more than a limit: inflating stops where the limit is passed.

import zlib from 'node:zlib';
import { Failure, messageOf } from '../../base/failure.js';
import { MAX_ZSTD_WINDOW_BYTES, zstdBlocks } from './zstd-frames.js';

export const contentEncodings = ['identity', 'gzip', 'deflate', 'zstd'] as const;
export type ContentEncoding = (typeof contentEncodings)[number];

/** What zlib says when more comes than its `maxOutputLength`, and we where we inflate ourselves. */
const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

type Inflate = (body: Uint8Array, maxBytes: number) => Uint8Array;

const inflaters: Readonly<Record<ContentEncoding, Inflate>> = {
  identity: (body) => body,
  gzip: (body, maxBytes) =>
    zlib.gunzipSync(body, { maxOutputLength: maxBytes, chunkSize: gzipChunkBytes(body, maxBytes) }),
  // RFC 9110 means the zlib format by "deflate"; some clients send the bare compressed data.
  deflate: (body, maxBytes) =>
    isZlibHeader(body)
      ? zlib.inflateSync(body, { maxOutputLength: maxBytes })
      : zlib.inflateRawSync(body, { maxOutputLength: maxBytes }),
  zstd: inflateZstd,
};

/**
 * Throws `tooLarge`, with the rule's name, when the result would be longer than `maxBytes`, `malformed` when the body is
 * not so encoded.
 */
export function inflate(
  body: Uint8Array,
  encoding: ContentEncoding,
  maxBytes: number,
  rule = `max_body_bytes ${maxBytes}`,
): Uint8Array {
  try {
    return inflaters[encoding](body, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === TOO_LARGE) {
      throw new Failure('tooLarge', `body inflates to more than ${rule}`, { cause: error });
    }
    throw new Failure('malformed', `cannot decompress ${encoding} body: ${messageOf(error)}`, { cause: error });
  }
}

/** zlib's own chunk, and so the smallest that is worth asking for. */
const SMALLEST_CHUNK_BYTES = 16 << 10;

/**
 * What zlib is asked to inflate into at a time: the whole body, whose length the last four bytes of gzip tell (RFC 1952).
 * One chunk instead of thirty that are joined afterwards takes a third less time. A length that is not true costs only
 * that, and memory that the limit bounds.
 */
function gzipChunkBytes(body: Uint8Array, maxBytes: number): number {
  if (body.length < 4) return SMALLEST_CHUNK_BYTES;
  const inflated = Buffer.from(body.buffer, body.byteOffset, body.length).readUInt32LE(body.length - 4);
  return Math.max(SMALLEST_CHUNK_BYTES, Math.min(inflated, maxBytes));
}

function isZlibHeader(body: Uint8Array): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0;
}

// Node has zstd from 22.15 on; before that it is decoded in JavaScript, at about a tenth of the speed.
const nativeZstd = (zlib as { zstdDecompressSync?: (body: Uint8Array, options: zlib.ZlibOptions) => Buffer })
  .zstdDecompressSync;

function inflateZstd(body: Uint8Array, maxBytes: number): Uint8Array {
  // No bytes are no frame, and so not zstd.
  if (body.length === 0) throw new Error('unexpected end of data');
  if (nativeZstd !== undefined) return nativeZstd(body, { maxOutputLength: maxBytes });
  let at = 0;
  const take = (bytes: number) => {
    at += bytes;
    return body.subarray(at - bytes, at);
  };
  const maxWindowBytes = Math.max(maxBytes, MAX_ZSTD_WINDOW_BYTES);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const part of zstdBlocks(take, { maxWindowBytes, maxBytes })) {
    length += part.length;
    if (length > maxBytes) throw Object.assign(new RangeError('too much is held'), { code: TOO_LARGE });
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

// A gRPC message on the wire: a compression flag, a length, and that many bytes.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, https://github.com/grpc/grpc/blob/master/doc/compression.md

import { Failure } from '../../base/failure.js';
import type { ContentEncoding } from '../../decode/compression/inflate.js';

export const PREFIX_BYTES = 5;

/** A message as sent, possibly compressed. */
export interface GrpcMessage {
  readonly body: Uint8Array;
  readonly encoding: ContentEncoding;
}

/** Properties of a message that are known before its body arrives. */
export interface MessagePrefix {
  readonly bytes: number;
  readonly encoding: ContentEncoding;
}

/**
 * Names of message encodings. OpenTelemetry's Arrow exporter registers zstd ten times under names of its own, one per
 * level, and uses `zstdarrow5` by default.
 */
const encodingByName = new Map<string, ContentEncoding>([
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['zstd', 'zstd'],
  ...Array.from({ length: 10 }, (_, i) => [`zstdarrow${i + 1}`, 'zstd'] as const),
]);

export const ACCEPTED_ENCODINGS = 'identity,gzip,deflate,zstd';

/** Encoding of those messages of a call that are flagged as compressed. */
export function messageEncoding(header: string | undefined): ContentEncoding {
  const encoding = encodingByName.get(header ?? 'identity');
  if (encoding === undefined) {
    throw new Failure('unsupported', `grpc-encoding must be ${[...encodingByName.keys()].join(', ')}, got ${header}`);
  }
  return encoding;
}

export function parsePrefix(prefix: Uint8Array, compressedWith: ContentEncoding, maxBytes: number): MessagePrefix {
  const [flag, a, b, c, d] = prefix as unknown as [number, number, number, number, number];
  if (flag > 1) throw new Failure('misframed', `gRPC message has a compression flag of ${flag}, expected 0 or 1`);
  if (flag === 1 && compressedWith === 'identity') {
    throw new Failure('misframed', 'a gRPC message is flagged as compressed, but grpc-encoding names no compression');
  }
  const bytes = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  if (bytes > maxBytes) {
    throw new Failure('tooLarge', `message of ${bytes} bytes is larger than max_body_bytes ${maxBytes}`);
  }
  return { bytes, encoding: flag === 1 ? compressedWith : 'identity' };
}

export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

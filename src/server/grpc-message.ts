// Bytes of an HTTP/2 stream ↔ length-prefixed gRPC messages.

import type { ContentEncoding } from '../decode/inflate.js';
import { Failure } from '../failure.js';

const PREFIX_BYTES = 5;

/** A message as it was sent: possibly still compressed. */
export interface GrpcMessage {
  readonly body: Uint8Array;
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

export function messageEncoding(header: string | undefined): ContentEncoding {
  const encoding = encodingByName.get(header ?? 'identity');
  if (encoding === undefined) {
    throw new Failure('unsupported', `grpc-encoding must be ${[...encodingByName.keys()].join(', ')}, got ${header}`);
  }
  return encoding;
}

export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Called when a message's length is known and before its bytes are taken; waits, or throws, to bound them. */
export type Admit = (bytes: number) => void | Promise<void>;

/** Yields the messages of a stream, one at a time: the next is read when the last has been dealt with. */
export async function* readMessages(
  chunks: AsyncIterable<Uint8Array>,
  streamEncoding: ContentEncoding,
  maxBytes: number,
  admit: Admit,
): AsyncGenerator<GrpcMessage> {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  let prefixBytes = 0;
  let body: Buffer | undefined;
  let bodyBytes = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (body === undefined) {
        const taken = Math.min(PREFIX_BYTES - prefixBytes, chunk.length - at);
        prefix.set(chunk.subarray(at, at + taken), prefixBytes);
        prefixBytes += taken;
        at += taken;
        if (prefixBytes < PREFIX_BYTES) break;
        const length = messageLength(prefix, maxBytes);
        await admit(length);
        body = Buffer.allocUnsafeSlow(length);
        bodyBytes = 0;
      }
      const taken = Math.min(body.length - bodyBytes, chunk.length - at);
      body.set(chunk.subarray(at, at + taken), bodyBytes);
      bodyBytes += taken;
      at += taken;
      // True at once for a message of no bytes, which is complete with its prefix.
      if (bodyBytes < body.length) break;
      const message = { body, encoding: prefix[0] === 1 ? streamEncoding : ('identity' as const) };
      body = undefined;
      prefixBytes = 0;
      yield message;
    }
  }
  if (prefixBytes > 0) throw new Failure('malformed', 'the stream ended inside a gRPC message');
}

function messageLength(prefix: Buffer, maxBytes: number): number {
  const flag = prefix[0]!;
  if (flag > 1) throw new Failure('malformed', `gRPC message has a compression flag of ${flag}, expected 0 or 1`);
  const length = prefix.readUInt32BE(1);
  if (length > maxBytes) {
    throw new Failure('tooLarge', `message of ${length} bytes is larger than max_body_bytes ${maxBytes}`);
  }
  return length;
}

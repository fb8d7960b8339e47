// Bytes of a call → messages, in two steps: prefix, then body. Between the two the caller reserves room or waits. Meanwhile the
// client's flow-control window fills up, so the client waits too.

import type { Readable } from 'node:stream';
import { Failure } from '../../base/failure.js';
import type { ContentEncoding } from '../../decode/compression/inflate.js';
import { ChunkReader } from './chunk-reader.js';
import { Countdown } from './countdown.js';
import { type GrpcMessage, type MessagePrefix, PREFIX_BYTES, parsePrefix } from './message.js';

export class GrpcMessageReader {
  readonly #chunks: ChunkReader;
  readonly #compressedWith: ContentEncoding;
  readonly #maxBytes: number;
  /** Rest of the last chunk. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: Readable, compressedWith: ContentEncoding, maxBytes: number) {
    this.#chunks = new ChunkReader(stream);
    this.#compressedWith = compressedWith;
    this.#maxBytes = maxBytes;
  }

  /** Waits for the next message. Resolves with undefined after the client's last one. */
  async prefix(): Promise<MessagePrefix | undefined> {
    const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
    const taken = await this.#fill(prefix);
    if (taken === 0) return undefined;
    if (taken < PREFIX_BYTES) throw endedInside();
    return parsePrefix(prefix, this.#compressedWith, this.#maxBytes);
  }

  /**
   * Reads the body of the message that `prefix` announced. `arrived` receives the number of bytes so far, and may throw. While
   * it waits, reading pauses. No memory is allocated for bytes that have not arrived.
   */
  async message(
    { bytes, encoding }: MessagePrefix,
    arrived: (bytes: number) => Promise<void> | undefined = () => undefined,
  ): Promise<GrpcMessage> {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes; ) {
      if (!(await this.#hasRest())) throw endedInside();
      const part = this.#take(bytes - at);
      parts.push(part);
      at += part.length;
      const waiting = arrived(at);
      if (waiting !== undefined) await waiting;
    }
    // Memory of its own, because it is transferred to the decode thread.
    const body = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (const part of parts) {
      body.set(part, at);
      at += part.length;
    }
    return { body, encoding };
  }

  /** Limits the time of `read`. Afterwards all pending and later reads reject with `timedOut`. */
  async within<T>(timeoutMs: number, read: (countdown: Countdown) => Promise<T>): Promise<T> {
    const late = () => this.interrupt(new Failure('timedOut', `the request did not arrive within ${timeoutMs} ms`));
    const countdown = new Countdown(timeoutMs, late);
    try {
      return await read(countdown);
    } finally {
      countdown.stop();
    }
  }

  /** Ends all waiting. Messages that have arrived completely can still be read; after them, reads reject with `reason`. */
  interrupt(reason: Failure): void {
    this.#chunks.interrupt(reason);
  }

  /** Fills `target` and resolves with the number of bytes: less than its length at the end of the stream. */
  async #fill(target: Uint8Array): Promise<number> {
    let at = 0;
    while (at < target.length && (await this.#hasRest())) {
      const part = this.#take(target.length - at);
      target.set(part, at);
      at += part.length;
    }
    return at;
  }

  /** Waits for bytes. False at the end of the stream. */
  async #hasRest(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const chunk = await this.#chunks.next();
      if (chunk === undefined) return false;
      this.#rest = chunk;
    }
    return true;
  }

  #take(mostBytes: number): Uint8Array {
    const part = this.#rest.subarray(0, mostBytes);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}

/** Reads the message of a unary call. `announced` receives its length, then `arrived` the bytes so far. */
export async function onlyMessage(
  reader: GrpcMessageReader,
  hooks: { announced?(prefix: MessagePrefix): void; arrived?(bytes: number): void } = {},
): Promise<GrpcMessage> {
  const prefix = await reader.prefix();
  if (prefix === undefined) throw new Failure('malformed', 'a unary call takes one message, got none');
  hooks.announced?.(prefix);
  const message = await reader.message(prefix, (bytes) => {
    hooks.arrived?.(bytes);
    return undefined;
  });
  if ((await reader.prefix()) !== undefined) {
    throw new Failure('malformed', 'a unary call takes one message, got another');
  }
  return message;
}

function endedInside(): Failure {
  return new Failure('malformed', 'the stream ended inside a gRPC message');
}

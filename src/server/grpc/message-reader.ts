// Bytes of a call → its messages, each in two steps: what it is, then its bytes. Between the two the caller makes room
// for it, or waits; meanwhile the client's flow-control window fills up, and the client waits too.

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
  /** What is left of the last chunk. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: Readable, compressedWith: ContentEncoding, maxBytes: number) {
    this.#chunks = new ChunkReader(stream);
    this.#compressedWith = compressedWith;
    this.#maxBytes = maxBytes;
  }

  /** Waits for the next message. Resolves with undefined when the client has sent its last. */
  async prefix(): Promise<MessagePrefix | undefined> {
    const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
    const taken = await this.#fill(prefix);
    if (taken === 0) return undefined;
    if (taken < PREFIX_BYTES) throw endedInside();
    return parsePrefix(prefix, this.#compressedWith, this.#maxBytes);
  }

  /**
   * The bytes of the message that `prefix` announced. `arrived` hears how many have come so far, and may throw; while it
   * waits, no more are read. No memory is taken for those that have not come.
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
    // Memory of its own: the thread that decodes takes it along.
    const body = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (const part of parts) {
      body.set(part, at);
      at += part.length;
    }
    return { body, encoding };
  }

  /** Gives `read` this long; then what it waits for rejects with `timedOut`, and so does all that is read later. */
  async within<T>(timeoutMs: number, read: (countdown: Countdown) => Promise<T>): Promise<T> {
    const late = () => this.interrupt(new Failure('timedOut', `the request did not arrive within ${timeoutMs} ms`));
    const countdown = new Countdown(timeoutMs, late);
    try {
      return await read(countdown);
    } finally {
      countdown.stop();
    }
  }

  /** Ends all waiting. Messages that have come whole can still be read; after them reading rejects with `reason`. */
  interrupt(reason: Failure): void {
    this.#chunks.interrupt(reason);
  }

  /** Fills `target` and resolves with its length, or with less at the stream's end. */
  async #fill(target: Uint8Array): Promise<number> {
    let at = 0;
    while (at < target.length && (await this.#hasRest())) {
      const part = this.#take(target.length - at);
      target.set(part, at);
      at += part.length;
    }
    return at;
  }

  /** Waits for bytes. False at the stream's end. */
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

/** Reads the one message of a call that takes one. `announced` hears of its length before `arrived` does of its bytes. */
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

import type { Readable } from 'node:stream';
import { Failure } from '../../base/failure.js';

/** Reads chunks of a stream. A pending read can be interrupted. */
export class ChunkReader {
  readonly #stream: Readable;
  #hasEnded = false;
  #hasClosed = false;
  #interruption: { readonly reason: Failure; bytesLeft: number } | undefined;
  #wake: () => void = () => undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('readable', () => this.#wake());
    stream.once('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
    stream.once('close', () => {
      this.#hasClosed = true;
      this.#wake();
    });
  }

  /** Resolves with undefined at the end. Rejects if interrupted, or if the sender left without ending the stream. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#buffered();
      if (chunk !== null) return chunk;
      if (this.#hasEnded) return undefined;
      if (this.#interruption !== undefined) throw this.#interruption.reason;
      if (this.#hasClosed) throw new Failure('malformed', 'the call was cancelled');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** After this, `next` returns chunks that have already arrived, then rejects with `reason`. Only the first reason counts. */
  interrupt(reason: Failure): void {
    this.#interruption ??= { reason, bytesLeft: this.#stream.readableLength };
    this.#wake();
  }

  #buffered(): Buffer | null {
    // Without this bound, a fast sender would never be interrupted.
    if (this.#interruption !== undefined && this.#interruption.bytesLeft <= 0) return null;
    const chunk = this.#stream.read() as Buffer | null;
    if (this.#interruption !== undefined && chunk !== null) this.#interruption.bytesLeft -= chunk.length;
    return chunk;
  }
}

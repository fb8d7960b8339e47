// Output of a shell. A write resolves when the stream accepts more, so a slow reader slows the query down instead of filling
// memory.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';

export interface TextSink {
  write(text: string): Promise<void>;
}

/** The reader has gone, as in `otelduck … | head`. */
export class ReaderGone extends Error {}

export class StreamSink implements TextSink {
  readonly #stream: Writable;
  #failure: Error | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Failed writes reject below. Without a listener, the event would end the process.
    stream.on('error', (error) => {
      this.#failure ??= named(error);
    });
  }

  async write(text: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (text === '') return;
    await new Promise<void>((resolve, reject) => {
      // The callback runs when the text was written. If nobody reads the pipe, the caller waits.
      this.#stream.write(text, (error) => (error == null ? resolve() : reject(named(error))));
    });
  }
}

function named(error: NodeJS.ErrnoException): Error {
  return error.code === 'EPIPE' ? new ReaderGone('the reader has gone', { cause: error }) : error;
}

/** File target of `.output` or `.once`. */
export class FileSink implements TextSink {
  readonly #sink: StreamSink;
  readonly #stream: Writable;

  private constructor(stream: Writable) {
    this.#stream = stream;
    this.#sink = new StreamSink(stream);
  }

  /** Creates or truncates the file. */
  static async open(path: string): Promise<FileSink> {
    const stream = createWriteStream(path);
    await once(stream, 'open');
    return new FileSink(stream);
  }

  write(text: string): Promise<void> {
    return this.#sink.write(text);
  }

  async close(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'close');
  }
}

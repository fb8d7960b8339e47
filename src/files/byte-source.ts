// Where the bytes of a file come from, asked synchronously: a read thread has nothing else to do, and libuv's pool, which
// asynchronous reading and inflating would take threads of, is full of DuckDB's queries.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { Gunzip } from 'minizlib';
import { Failure, messageOf } from '../base/failure.js';
import { zstdBlocks } from '../decode/compression/zstd-frames.js';

export interface ByteSource {
  /** Puts bytes at the beginning of `into`. Returns how many; 0 at the end only. */
  read(into: Uint8Array): number;
  close(): void;
}

/** How long to wait before a pipe is asked again. */
const PIPE_PAUSE_MS = 5;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** A file without compression. */
export class PlainFile implements ByteSource {
  readonly #file: number;
  /** Whether it can be read from any offset: not so of pipes. */
  readonly isSeekable: boolean;
  readonly #isPipe: boolean;
  #hasBytes = false;
  #at: number | null;

  /** Throws what the system says when there is no such file. */
  constructor(path: string, at: number) {
    // What waits in a system call, as for somebody who writes to a pipe, cannot be ended: neither its thread nor the process.
    this.#file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(this.#file);
    this.isSeekable = stats.isFile();
    this.#isPipe = stats.isFIFO();
    this.#at = this.isSeekable ? at : null;
  }

  read(into: Uint8Array): number {
    const bytes = this.#readWaiting(into);
    if (bytes === 0 && this.#isPipe && !this.#hasBytes) throw new Error('a pipe that nobody writes to');
    this.#hasBytes = true;
    if (this.#at !== null) this.#at += bytes;
    return bytes;
  }

  close(): void {
    closeSync(this.#file);
  }

  #readWaiting(into: Uint8Array): number {
    for (;;) {
      try {
        return readSync(this.#file, into, 0, into.length, this.#at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        Atomics.wait(pause, 0, 0, PIPE_PAUSE_MS);
      }
    }
  }
}

/** Bytes at hand. */
export class MemoryBytes implements ByteSource {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  read(into: Uint8Array): number {
    const bytes = this.#rest.subarray(0, into.length);
    into.set(bytes);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes.length;
  }

  close(): void {
    this.#rest = new Uint8Array(0);
  }
}

/** How much of gzip is inflated at a time: what becomes of it, at most a thousand times as much, waits in memory. */
const INFLATE_BYTES = 64 << 10;

/** What the zstd command uses at its highest level, and decompresses without being asked to. */
const MAX_FILE_WINDOW_BYTES = 128 << 20;

export const compressions = ['gzip', 'zstd'] as const;
export type Compression = (typeof compressions)[number];

const inflaters: Readonly<Record<Compression, (source: ByteSource) => Generator<Uint8Array, void>>> = {
  *gzip(source) {
    const parts: Uint8Array[] = [];
    let failed: unknown;
    const gunzip = new Gunzip({});
    gunzip.on('data', (part) => parts.push(part));
    gunzip.on('error', (error) => {
      failed = error;
    });
    const compressed = new Uint8Array(INFLATE_BYTES);
    for (let bytes = -1; bytes !== 0; ) {
      bytes = source.read(compressed);
      if (bytes > 0) gunzip.write(Buffer.from(compressed.subarray(0, bytes)));
      else gunzip.end();
      if (failed !== undefined) throw failed;
      yield* parts.splice(0);
    }
  },
  zstd: (source) =>
    zstdBlocks((bytes) => take(source, bytes), {
      maxWindowBytes: MAX_FILE_WINDOW_BYTES,
      maxBytes: Number.POSITIVE_INFINITY,
    }),
};

/** The next so many bytes of a source, fewer at its end only. */
function take(source: ByteSource, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let at = 0;
  for (let more = 1; more > 0 && at < count; at += more) more = source.read(bytes.subarray(at));
  return bytes.subarray(0, at);
}

/** What compressed bytes become, some at a time. */
export class Inflated implements ByteSource {
  readonly #source: ByteSource;
  readonly #compression: Compression;
  readonly #parts: Generator<Uint8Array, void>;
  #part = new MemoryBytes(new Uint8Array(0));

  constructor(source: ByteSource, compression: Compression) {
    this.#source = source;
    this.#compression = compression;
    this.#parts = inflaters[compression](source);
  }

  read(into: Uint8Array): number {
    for (;;) {
      const bytes = this.#part.read(into);
      if (bytes > 0) return bytes;
      const part = this.#nextPart();
      if (part === undefined) return 0;
      this.#part = new MemoryBytes(part);
    }
  }

  close(): void {
    this.#source.close();
  }

  #nextPart(): Uint8Array | undefined {
    try {
      const { done, value } = this.#parts.next();
      return done === true ? undefined : value;
    } catch (error) {
      // What the system says of the file is not about its content.
      if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
      throw new Failure('malformed', `cannot decompress ${this.#compression}: ${messageOf(error)}`, { cause: error });
    }
  }
}

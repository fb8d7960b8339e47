// Where the bytes of a file come from, asked synchronously: a read thread has nothing else to do, and libuv's pool, which
// asynchronous reading and inflating would take threads of, is full of DuckDB's queries.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Decompress } from 'fzstd';
import { Gunzip } from 'minizlib';
import { zstdFrames } from '../decode/zstd-frames.js';
import { Failure, messageOf } from '../failure.js';

export interface ByteSource {
  /** Puts bytes at the beginning of `into`. Returns how many; 0 at the end only. */
  read(into: Uint8Array): number;
  close(): void;
}

/** A file without compression. */
export class PlainFile implements ByteSource {
  readonly #file: number;
  /** Whether it can be read from any offset: not so of pipes. */
  readonly isSeekable: boolean;
  #at: number | null;

  /** Throws what the system says when there is no such file. */
  constructor(path: string, at: number) {
    this.#file = openSync(path, 'r');
    this.isSeekable = fstatSync(this.#file).isFile();
    this.#at = this.isSeekable ? at : null;
  }

  read(into: Uint8Array): number {
    const bytes = readSync(this.#file, into, 0, into.length, this.#at);
    if (this.#at !== null) this.#at += bytes;
    return bytes;
  }

  close(): void {
    closeSync(this.#file);
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

/** How much is inflated at a time: what becomes of it, at most a thousand times as much, waits in memory. */
const INFLATE_BYTES = 64 << 10;

/** What the zstd command uses at its highest level, and decompresses without being asked to. */
const MAX_FILE_WINDOW_BYTES = 128 << 20;
const LONGEST_FRAME_HEADER_BYTES = 18;

/** Takes compressed bytes and gives what they become to the function that it was made with. */
interface Inflater {
  push(bytes: Uint8Array, isLast: boolean): void;
}

export const compressions = ['gzip', 'zstd'] as const;
export type Compression = (typeof compressions)[number];

const inflaters: Readonly<Record<Compression, (take: (bytes: Uint8Array) => void) => Inflater>> = {
  gzip(take) {
    const gunzip = new Gunzip({});
    gunzip.on('data', take);
    let failed: unknown;
    gunzip.on('error', (error) => {
      failed = error;
    });
    return {
      push(bytes, isLast) {
        if (bytes.length > 0) gunzip.write(Buffer.from(bytes));
        if (isLast) gunzip.end();
        if (failed !== undefined) throw failed;
      },
    };
  },
  zstd(take) {
    const decompress = new Decompress(take);
    let isFirst = true;
    return {
      push(bytes, isLast) {
        if (isFirst) checkWindow(bytes);
        isFirst = false;
        decompress.push(bytes.slice(), isLast);
      },
    };
  },
};

/** Throws when a frame that begins here asks for more memory than it may. */
function checkWindow(bytes: Uint8Array): void {
  if (bytes.length < LONGEST_FRAME_HEADER_BYTES) return;
  const [frame] = zstdFrames(bytes);
  const windowBytes = frame?.windowBytes ?? 0;
  if (windowBytes <= MAX_FILE_WINDOW_BYTES) return;
  throw new Error(`a window of ${windowBytes} bytes, more than ${MAX_FILE_WINDOW_BYTES}`);
}

/** What compressed bytes become, some at a time. */
export class Inflated implements ByteSource {
  readonly #source: ByteSource;
  readonly #compression: Compression;
  readonly #inflater: Inflater;
  readonly #compressed = new Uint8Array(INFLATE_BYTES);
  #inflated: Uint8Array[] = [];
  #isEnd = false;

  constructor(source: ByteSource, compression: Compression) {
    this.#source = source;
    this.#compression = compression;
    this.#inflater = inflaters[compression]((bytes) => {
      // Nothing would be taken for the end.
      if (bytes.length > 0) this.#inflated.push(bytes);
    });
  }

  read(into: Uint8Array): number {
    while (this.#inflated.length === 0 && !this.#isEnd) this.#inflateMore();
    let at = 0;
    while (at < into.length) {
      const [next] = this.#inflated;
      if (next === undefined) break;
      const part = next.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
      if (part.length === next.length) this.#inflated.shift();
      else this.#inflated[0] = next.subarray(part.length);
    }
    return at;
  }

  close(): void {
    this.#source.close();
  }

  #inflateMore(): void {
    const bytes = this.#source.read(this.#compressed);
    this.#isEnd = bytes === 0;
    try {
      this.#inflater.push(this.#compressed.subarray(0, bytes), this.#isEnd);
    } catch (error) {
      throw new Failure('malformed', `cannot decompress ${this.#compression}: ${messageOf(error)}`, { cause: error });
    }
  }
}

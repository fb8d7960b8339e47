// A file's bytes, looked at before they are taken.

import { type ByteSource, type Compression, compressions, Inflated, MemoryBytes, PlainFile } from './byte-source.js';
import { magics } from './magics.js';

const SMALLEST_BUFFER_BYTES = 64 << 10;

const LONGEST_MAGIC_BYTES = 4;
const suffixes: Readonly<Record<Compression, readonly string[]>> = {
  gzip: ['.gz', '.gzip'],
  zstd: ['.zst', '.zstd'],
};

export class FileInput {
  readonly #source: ByteSource;
  #buffer: Uint8Array;
  #start = 0;
  #end = 0;
  #isEnd = false;
  /** How many bytes have been taken. */
  taken: number;
  /** Whether another can read on from `taken`. */
  readonly isSeekable: boolean;

  private constructor(source: ByteSource, at: number, isSeekable: boolean, buffer?: Uint8Array) {
    this.#source = source;
    this.#buffer = buffer ?? new Uint8Array(SMALLEST_BUFFER_BYTES);
    this.taken = at;
    this.isSeekable = isSeekable;
  }

  /** Reads bytes at hand as they are. */
  static of(bytes: Uint8Array): FileInput {
    return new FileInput(new MemoryBytes(bytes), 0, false);
  }

  /** Opens a plain file in its middle, to read into memory that nobody else uses. */
  static openAt(path: string, at: number, buffer: Uint8Array | undefined): FileInput {
    return new FileInput(new PlainFile(path, at), at, true, buffer);
  }

  /** Opens a file, or bytes of one, inflating what its suffix or its first bytes say is compressed. */
  static open(path: string, bytes?: Uint8Array): FileInput {
    const source = bytes === undefined ? new PlainFile(path, 0) : new MemoryBytes(bytes);
    const plain = new FileInput(source, 0, source instanceof PlainFile && source.isSeekable);
    const first = plain.#firstBytes();
    const found = compressions.find(
      (compression) =>
        suffixes[compression].some((suffix) => path.toLowerCase().endsWith(suffix)) ||
        magics[compression].equals(first.subarray(0, magics[compression].length)),
    );
    if (found === undefined || first.length === 0) return plain;
    return new FileInput(
      new Inflated({ read: (into) => plain.#take(into), close: () => plain.close() }, found),
      0,
      false,
    );
  }

  /** The next `count` bytes, fewer only where the file ends. Valid until the next call. */
  peek(count: number): Uint8Array {
    if (this.#end - this.#start < count) this.#fill(count);
    return this.#buffer.subarray(this.#start, Math.min(this.#start + count, this.#end));
  }

  /** Passes bytes that were looked at. */
  skip(count: number): void {
    this.#start += count;
    this.taken += count;
  }

  /** Closes the file. Returns the memory that its bytes were read into. */
  close(): Uint8Array {
    this.#source.close();
    return this.#buffer;
  }

  #firstBytes(): Uint8Array {
    try {
      return this.peek(LONGEST_MAGIC_BYTES);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #take(into: Uint8Array): number {
    const bytes = this.peek(into.length);
    into.set(bytes);
    this.skip(bytes.length);
    return bytes.length;
  }

  #fill(count: number): void {
    if (this.#start + count > this.#buffer.length) {
      const length = Math.max(count, SMALLEST_BUFFER_BYTES);
      const buffer = length > this.#buffer.length ? new Uint8Array(length) : this.#buffer;
      buffer.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = buffer;
      this.#end -= this.#start;
      this.#start = 0;
    }
    while (!this.#isEnd && this.#end - this.#start < count) {
      const bytes = this.#source.read(this.#buffer.subarray(this.#end));
      this.#end += bytes;
      this.#isEnd = bytes === 0;
    }
  }
}

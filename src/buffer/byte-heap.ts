// Bytes of all texts of a SignalRows, end to end. Writers call reserve(), then write at `end` and advance it.

import { type CheckGrowth, growFreely } from './check-growth.js';

/** A batch addresses its heap with 32 bits. */
const MAX_HEAP_BYTES = 0xffff_0000;
const SMALLEST_HEAP_BYTES = 4096;

/** Longer runs are copied by one call of set(), which costs as much as copying this many bytes in words. */
const LONGEST_WORD_COPY = 256;

export class ByteHeap {
  bytes = new Uint8Array(SMALLEST_HEAP_BYTES);
  /** The same memory as `bytes`, to write words to. */
  view = new DataView(this.bytes.buffer);
  end = 0;
  readonly #checkGrowth: CheckGrowth;
  #source: Uint8Array | undefined;
  #sourceView: DataView = this.view;
  #sourceBefore: Uint8Array | undefined;
  #sourceBeforeView: DataView = this.view;

  constructor(checkGrowth = growFreely) {
    this.#checkGrowth = checkGrowth;
  }

  /** Makes room for `more` bytes at `end`. `bytes` and `view` may be others afterwards. */
  reserve(more: number): void {
    const needed = this.end + more;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /**
   * A view of bytes that texts are copied from. The last two are kept: a body has many texts, and Arrow has keys and
   * values in different places.
   */
  viewOf(source: Uint8Array): DataView {
    if (source === this.#source) return this.#sourceView;
    if (source === this.#sourceBefore) return this.#sourceBeforeView;
    this.#sourceBefore = this.#source;
    this.#sourceBeforeView = this.#sourceView;
    this.#source = source;
    this.#sourceView = new DataView(source.buffer, source.byteOffset, source.byteLength);
    return this.#sourceView;
  }

  /** Copies a run of bytes to the end. Returns the offset that they now have. */
  append(source: Uint8Array, start: number, length: number): number {
    this.reserve(length);
    const { bytes, view, end } = this;
    if (length > LONGEST_WORD_COPY) {
      bytes.set(source.subarray(start, start + length), end);
    } else {
      // Four bytes at a time take a third of the time of one at a time. See bench/copy.ts.
      const sourceView = this.viewOf(source);
      const words = length & ~3;
      for (let i = 0; i < words; i += 4) view.setInt32(end + i, sourceView.getInt32(start + i, true), true);
      for (let i = words; i < length; i++) bytes[end + i] = source[start + i]!;
    }
    this.end = end + length;
    return end;
  }

  /** Copies a run of the heap's own bytes to its end. */
  repeat(start: number, length: number): void {
    this.reserve(length);
    const { bytes, view, end } = this;
    if (length > LONGEST_WORD_COPY) {
      bytes.copyWithin(end, start, start + length);
    } else {
      const words = length & ~3;
      for (let i = 0; i < words; i += 4) view.setInt32(end + i, view.getInt32(start + i, true), true);
      for (let i = words; i < length; i++) bytes[end + i] = bytes[start + i]!;
    }
    this.end = end + length;
  }

  /** Forgets the contents, and the memory too where it is more than `keepBytes`. */
  reset(keepBytes: number): void {
    this.end = 0;
    this.#source = undefined;
    this.#sourceView = this.view;
    this.#sourceBefore = undefined;
    this.#sourceBeforeView = this.view;
    if (this.bytes.length > keepBytes) this.#replace(new Uint8Array(SMALLEST_HEAP_BYTES));
  }

  #grow(needed: number): void {
    if (needed > MAX_HEAP_BYTES) throw new RangeError(`BUG: a heap of ${needed} bytes cannot be addressed`);
    const length = Math.min(MAX_HEAP_BYTES, Math.max(needed, this.bytes.length * 2));
    this.#checkGrowth(length - this.bytes.length);
    const grown = new Uint8Array(length);
    grown.set(this.bytes.subarray(0, this.end));
    this.#replace(grown);
  }

  #replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

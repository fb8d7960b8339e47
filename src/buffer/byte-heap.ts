// Bytes of all texts of a SignalRows, end to end. Writers call reserve(), then write at `end` and advance it.

/** A batch addresses its heap with 32 bits. */
const MAX_HEAP_BYTES = 0xffff_0000;
const SMALLEST_HEAP_BYTES = 4096;

export class ByteHeap {
  bytes = new Uint8Array(SMALLEST_HEAP_BYTES);
  end = 0;

  /** Makes room for `more` bytes at `end`. `bytes` may be another array afterwards. */
  reserve(more: number): void {
    const needed = this.end + more;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Copies a run of bytes to the end. Returns the offset that they now have. */
  append(source: Uint8Array, start: number, length: number): number {
    this.reserve(length);
    const { bytes, end } = this;
    // A call of set() costs as much as copying some dozens of bytes one by one. See bench/decode.ts.
    if (length < 48) for (let i = 0; i < length; i++) bytes[end + i] = source[start + i]!;
    else bytes.set(source.subarray(start, start + length), end);
    this.end = end + length;
    return end;
  }

  /** Forgets the contents, and the memory too where it is more than `keepBytes`. */
  reset(keepBytes: number): void {
    this.end = 0;
    if (this.bytes.length > keepBytes) this.bytes = new Uint8Array(SMALLEST_HEAP_BYTES);
  }

  #grow(needed: number): void {
    if (needed > MAX_HEAP_BYTES) throw new RangeError(`BUG: a heap of ${needed} bytes cannot be addressed`);
    const grown = new Uint8Array(Math.min(MAX_HEAP_BYTES, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.end));
    this.bytes = grown;
  }
}

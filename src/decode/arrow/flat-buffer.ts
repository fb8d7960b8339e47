// Tables of a FlatBuffer, in which Arrow writes the headers of its IPC messages. Every offset and every count comes
// from the sender, so each is checked against the bytes that are there before it is used.

import type { Fail } from './fail.js';

export class FlatBuffer {
  readonly bytes: Uint8Array;
  readonly fail: Fail;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, fail: Fail) {
    this.bytes = bytes;
    this.fail = fail;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  root(): FlatTable {
    return this.table(this.uint32(0));
  }

  table(at: number): FlatTable {
    return new FlatTable(this, at);
  }

  uint8(at: number): number {
    return this.bytes[this.#checked(at, 1)]!;
  }

  int16(at: number): number {
    return this.#view.getInt16(this.#checked(at, 2), true);
  }

  uint16(at: number): number {
    return this.#view.getUint16(this.#checked(at, 2), true);
  }

  int32(at: number): number {
    return this.#view.getInt32(this.#checked(at, 4), true);
  }

  uint32(at: number): number {
    return this.#view.getUint32(this.#checked(at, 4), true);
  }

  /** A 64-bit length or offset. Those beyond 2^53 are refused with what is negative. */
  length(at: number): number {
    const value = this.#view.getBigInt64(this.#checked(at, 8), true);
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) this.fail(`length ${value} in an Arrow header`);
    return Number(value);
  }

  /** A 64-bit name for something. */
  int64(at: number): bigint {
    return this.#view.getBigInt64(this.#checked(at, 8), true);
  }

  #checked(at: number, bytes: number): number {
    if (at < 0 || at + bytes > this.bytes.length)
      this.fail(`an Arrow header refers to byte ${at} of ${this.bytes.length}`);
    return at;
  }
}

/** Items of a vector, each `itemBytes` wide, of which the first is at byte `start`. */
export interface FlatVector {
  readonly start: number;
  readonly count: number;
}

const NO_ITEMS: FlatVector = { start: 0, count: 0 };

/** Fields of a table go by their slot, which is their place in the definition of the table. */
export class FlatTable {
  readonly buffer: FlatBuffer;
  readonly #at: number;
  readonly #slots: number;
  readonly #slotCount: number;

  constructor(buffer: FlatBuffer, at: number) {
    this.buffer = buffer;
    this.#at = at;
    const vtable = at - buffer.int32(at);
    this.#slots = vtable + 4;
    this.#slotCount = (buffer.uint16(vtable) - 4) >> 1;
  }

  boolean(slot: number): boolean {
    const at = this.#field(slot);
    return at !== 0 && this.buffer.uint8(at) !== 0;
  }

  uint8(slot: number): number {
    const at = this.#field(slot);
    return at === 0 ? 0 : this.buffer.uint8(at);
  }

  int16(slot: number, absent: number): number {
    const at = this.#field(slot);
    return at === 0 ? absent : this.buffer.int16(at);
  }

  int32(slot: number): number {
    const at = this.#field(slot);
    return at === 0 ? 0 : this.buffer.int32(at);
  }

  length(slot: number): number {
    const at = this.#field(slot);
    return at === 0 ? 0 : this.buffer.length(at);
  }

  int64(slot: number): bigint {
    const at = this.#field(slot);
    return at === 0 ? 0n : this.buffer.int64(at);
  }

  table(slot: number): FlatTable | undefined {
    const at = this.#field(slot);
    return at === 0 ? undefined : this.buffer.table(at + this.buffer.uint32(at));
  }

  vector(slot: number, itemBytes: number): FlatVector {
    const at = this.#field(slot);
    if (at === 0) return NO_ITEMS;
    const vector = at + this.buffer.uint32(at);
    const count = this.buffer.uint32(vector);
    const start = vector + 4;
    if (start + count * itemBytes > this.buffer.bytes.length) this.buffer.fail(`an Arrow header lists ${count} items`);
    return { start, count };
  }

  *tables(slot: number): Generator<FlatTable> {
    const { start, count } = this.vector(slot, 4);
    for (let at = start; at < start + 4 * count; at += 4) yield this.buffer.table(at + this.buffer.uint32(at));
  }

  text(slot: number): string {
    const { start, count } = this.vector(slot, 1);
    return Buffer.from(this.buffer.bytes.subarray(start, start + count)).toString();
  }

  /** Where a field lies; 0 when it is absent. */
  #field(slot: number): number {
    if (slot >= this.#slotCount) return 0;
    const offset = this.buffer.uint16(this.#slots + 2 * slot);
    return offset === 0 ? 0 : this.#at + offset;
  }
}

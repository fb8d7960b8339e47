// Samples of one series as they come: a time and some numbers each, one behind the other. Ten thousand series grow at the same time, so
// that they share slabs of memory and none is ever copied while it grows. A buffer each would be ten thousand things to collect.

/** Numbers in the first slab; each further one has four times as many, up to a megabyte. */
const FIRST_SLAB_NUMBERS = 512;
const MOST_SLAB_NUMBERS = 131_072;
/** Records of the first piece of a list; each further piece has twice as many, up to the last number. */
const FIRST_RECORDS = 8;
const MOST_RECORDS = 1024;

/** Called before memory is taken. Throws if there is none left. */
export type ReserveBytes = (bytes: number) => void;

export class NumberSlabs {
  readonly #reserve: ReserveBytes;
  #slab = new Float64Array(0);
  #used = 0;

  constructor(reserve: ReserveBytes) {
    this.#reserve = reserve;
  }

  take(numbers: number): Float64Array {
    if (this.#used + numbers > this.#slab.length) {
      const next = this.#slab.length === 0 ? FIRST_SLAB_NUMBERS : 4 * this.#slab.length;
      const length = Math.max(Math.min(next, MOST_SLAB_NUMBERS), numbers);
      this.#reserve(8 * length);
      this.#slab = new Float64Array(length);
      this.#used = 0;
    }
    this.#used += numbers;
    return this.#slab.subarray(this.#used - numbers, this.#used);
  }
}

/** Memory that is used again and again. */
export class Scratch {
  #numbers = new Float64Array(0);

  take(length: number): Float64Array {
    if (length > this.#numbers.length) this.#numbers = new Float64Array(2 * length);
    return this.#numbers.subarray(0, length);
  }
}

/** Records of `width` numbers. The first is the time, in milliseconds; one with a half marks the end of the series. */
export class RecordList {
  readonly width: number;
  readonly #slabs: NumberSlabs;
  readonly #full: Float64Array[] = [];
  #piece: Float64Array;
  #at = 0;
  #nextRecords = FIRST_RECORDS;

  constructor(width: number, slabs: NumberSlabs) {
    this.width = width;
    this.#slabs = slabs;
    this.#piece = slabs.take(0);
  }

  /** Adds a time and a value, for lists of this width. */
  addPair(time: number, value: number): void {
    if (this.#at === this.#piece.length) this.#grow();
    this.#piece[this.#at] = time;
    this.#piece[this.#at + 1] = value;
    this.#at += 2;
  }

  /** Room for one record, which the caller fills. */
  add(): Float64Array {
    if (this.#at === this.#piece.length) this.#grow();
    this.#at += this.width;
    return this.#piece.subarray(this.#at - this.width, this.#at);
  }

  /** All records by rising time. Of those with equal times only the last one that was added. May be overwritten by the next call. */
  settled(scratch: Scratch): Float64Array {
    const last = this.#piece.subarray(0, this.#at);
    const records = this.#full.length === 0 ? last : joined([...this.#full, last], scratch);
    return isRising(records, this.width) ? records : risen(records, this.width);
  }

  #grow(): void {
    if (this.#at > 0) this.#full.push(this.#piece);
    this.#piece = this.#slabs.take(this.#nextRecords * this.width);
    this.#at = 0;
    this.#nextRecords = Math.min(2 * this.#nextRecords, MOST_RECORDS);
  }
}

function joined(pieces: readonly Float64Array[], scratch: Scratch): Float64Array {
  const all = scratch.take(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function isRising(records: Float64Array, width: number): boolean {
  for (let at = width; at < records.length; at += width) {
    if (Math.floor(records[at]!) <= Math.floor(records[at - width]!)) return false;
  }
  return true;
}

/** DuckDB's threads give rows in a few rising runs: merging them takes a fifth of what sorting objects by a function takes. */
function risen(records: Float64Array, width: number): Float64Array {
  const times = new Float64Array(records.length / width);
  for (let record = 0; record < times.length; record++) times[record] = Math.floor(records[record * width]!);
  const order = risingOrder(times);
  const result = new Float64Array(records.length);
  let end = 0;
  for (let at = 0; at < order.length; at++) {
    const record = order[at]!;
    if (at + 1 < order.length && times[order[at + 1]!] === times[record]) continue;
    for (let i = 0; i < width; i++) result[end++] = records[record * width + i]!;
  }
  return result.subarray(0, end);
}

/** Indexes of times by rising time, those of equal times in their order. */
function risingOrder(times: Float64Array): Uint32Array {
  let order = Uint32Array.from(times.keys());
  let spare = new Uint32Array(order.length);
  let starts = risingRuns(times);
  while (starts.length > 2) {
    const merged = [0];
    for (let run = 0; run + 1 < starts.length; run += 2) {
      const middle = starts[run + 1]!;
      const end = starts[run + 2] ?? middle;
      mergeRuns(times, order, spare, starts[run]!, middle, end);
      merged.push(end);
    }
    starts = merged;
    [order, spare] = [spare, order];
  }
  return order;
}

/** Where runs of rising times begin, and one more: where the last one ends. */
function risingRuns(times: Float64Array): readonly number[] {
  const starts = [0];
  for (let at = 1; at < times.length; at++) if (times[at]! < times[at - 1]!) starts.push(at);
  return [...starts, times.length];
}

function mergeRuns(
  times: Float64Array,
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = left < middle && (right === end || times[from[left]!]! <= times[from[right]!]!);
    to[at] = from[takesLeft ? left++ : right++]!;
  }
}

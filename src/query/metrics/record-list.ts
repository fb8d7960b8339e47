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

/**
 * DuckDB's threads give the rows of a series in turns. Time and place of a record make one number, since numbers are sorted several
 * times faster than anything that a function compares.
 */
function risen(records: Float64Array, width: number): Float64Array {
  const count = records.length / width;
  const timeOf = (record: number) => Math.floor(records[record * width]!);
  let firstMs = Infinity;
  let lastMs = -Infinity;
  for (let record = 0; record < count; record++) {
    firstMs = Math.min(firstMs, timeOf(record));
    lastMs = Math.max(lastMs, timeOf(record));
  }
  const places = 2 ** Math.ceil(Math.log2(count));
  // A million records of one series fit if they are within a hundred days, a thousand within a hundred thousand.
  if ((lastMs - firstMs + 1) * places > Number.MAX_SAFE_INTEGER) return risenByComparing(records, width);
  const keys = new Float64Array(count);
  for (let record = 0; record < count; record++) keys[record] = (timeOf(record) - firstMs) * places + record;
  keys.sort();
  const result = new Float64Array(records.length);
  let end = 0;
  for (let at = 0; at < count; at++) {
    const time = Math.floor(keys[at]! / places);
    if (at + 1 < count && Math.floor(keys[at + 1]! / places) === time) continue;
    const from = (keys[at]! - time * places) * width;
    for (let i = 0; i < width; i++) result[end++] = records[from + i]!;
  }
  return result.subarray(0, end);
}

function risenByComparing(records: Float64Array, width: number): Float64Array {
  const timeOf = (record: number) => Math.floor(records[record * width]!);
  const order = Array.from({ length: records.length / width }, (_, record) => record);
  // Array.prototype.sort() is stable, so that the last one added is the last of its time.
  order.sort((left, right) => timeOf(left) - timeOf(right));
  const kept = order.filter((record, at) => at + 1 === order.length || timeOf(order[at + 1]!) !== timeOf(record));
  const result = new Float64Array(kept.length * width);
  for (const [at, record] of kept.entries()) {
    result.set(records.subarray(record * width, (record + 1) * width), at * width);
  }
  return result;
}

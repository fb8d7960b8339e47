// Samples of many series as they come, row by row: each a time and some numbers, which make a record. Ten thousand series grow at the
// same time. They share slabs of memory, in which each has pieces that are never moved while it grows. Where a series goes on is a number
// in a typed array: an object for each would be ten thousand things to follow at every step, and to collect afterwards.

/** An address is the number of a slab, and behind it, in so many bits, the place there. */
const OFFSET_BITS = 17;
const SLAB_NUMBERS = 2 ** OFFSET_BITS;
const OFFSET_MASK = SLAB_NUMBERS - 1;
/** Numbers in the first slab; each further one has four times as many, up to a megabyte. */
const FIRST_SLAB_NUMBERS = 512;
/**
 * Records of the first piece of a series; each further piece has twice as many, up to the last number. Pieces that are written by turns
 * must lie in few pages of memory: with a thousand records each, finding the pages took half of the time.
 */
const FIRST_RECORDS = 8;
const MOST_RECORDS = 32;

/** In place of an address: no row of the series has come, or none that comes is kept. */
const NOT_BEGUN = -1;
const UNWANTED = -2;

/** Called before memory is taken. Throws if there is none left. */
export type ReserveBytes = (bytes: number) => void;

/** Whether rows of a series that comes for the first time are kept. */
export type BeginSeries = (place: number) => boolean;

/** Writes the numbers of a row to its record. False if the row is left out. */
export type FillRecord = (row: number, slab: Float64Array, from: number, to: number) => boolean;

/** Memory for numbers, in pieces. */
export class NumberSlabs {
  readonly #reserve: ReserveBytes;
  readonly #slabs: Float64Array[] = [];
  /** The slab that pieces are taken of, and how many of its numbers are. */
  #slab = -1;
  #used = 0;

  constructor(reserve: ReserveBytes) {
    this.#reserve = reserve;
  }

  get slabs(): readonly Float64Array[] {
    return this.#slabs;
  }

  /** The address of room for so many numbers, one behind the other. */
  address(numbers: number): number {
    if (this.#slab < 0 || this.#used + numbers > this.#slabs[this.#slab]!.length) this.#next(numbers);
    this.#used += numbers;
    return this.#slab * SLAB_NUMBERS + this.#used - numbers;
  }

  take(numbers: number): Float64Array {
    const address = this.address(numbers);
    const offset = address & OFFSET_MASK;
    return this.#slabs[address >> OFFSET_BITS]!.subarray(offset, offset + numbers);
  }

  /** All that was taken is free to be taken again. */
  reuse(): void {
    this.#slab = this.#slabs.length === 0 ? -1 : 0;
    this.#used = 0;
  }

  #next(numbers: number): void {
    const length = this.#slabs[++this.#slab]?.length ?? 0;
    if (length < numbers) {
      const last = this.#slabs[this.#slab - 1]?.length ?? FIRST_SLAB_NUMBERS / 4;
      const wanted = Math.max(Math.min(4 * last, SLAB_NUMBERS), numbers);
      this.#reserve(8 * wanted);
      this.#slabs.splice(this.#slab, 0, new Float64Array(wanted));
    }
    this.#used = 0;
  }
}

/** The records of all series of one table. A series has a place, which is a small number. */
export class SeriesRecords {
  readonly #memory: NumberSlabs;
  readonly #begin: BeginSeries;
  /** By place: the address of the next record, and that of the end of its piece. */
  #next = new Int32Array(0);
  #end = new Int32Array(0);
  /** By place: numbers in a record, and how many pieces there are, of which the first and the last are known. */
  #widths = new Int32Array(0);
  #pieceCounts = new Int32Array(0);
  #firstPieces = new Int32Array(0);
  #lastPieces = new Int32Array(0);
  /** By piece: its address, and which piece of the same series follows. */
  readonly #addresses: number[] = [];
  readonly #following: number[] = [];

  constructor(memory: NumberSlabs, begin: BeginSeries) {
    this.#memory = memory;
    this.#begin = begin;
  }

  /** Adds a record of a time and a value for each row. */
  addPairs(places: Int32Array, times: Float64Array, values: Float64Array): void {
    this.#holdPlaces(places);
    const next = this.#next;
    const end = this.#end;
    const { slabs } = this.#memory;
    for (let row = 0; row < places.length; row++) {
      const place = places[row]!;
      let address = next[place]!;
      if (address < 0 || address === end[place]) {
        address = this.#room(place, 2);
        if (address < 0) continue;
      }
      const slab = slabs[address >> OFFSET_BITS]!;
      const at = address & OFFSET_MASK;
      slab[at] = times[row]!;
      slab[at + 1] = values[row]!;
      next[place] = address + 2;
    }
  }

  /** Adds records, which have as many numbers as the first one of their series. */
  addRecords(places: Int32Array, widthOf: (row: number) => number, fill: FillRecord): void {
    this.#holdPlaces(places);
    for (let row = 0; row < places.length; row++) {
      const place = places[row]!;
      let address = this.#next[place]!;
      if (address < 0 || address === this.#end[place]) {
        address = this.#room(place, widthOf(row));
        if (address < 0) continue;
      }
      const width = this.#widths[place]!;
      const from = address & OFFSET_MASK;
      const isKept = fill(row, this.#memory.slabs[address >> OFFSET_BITS]!, from, from + width);
      this.#next[place] = isKept ? address + width : address;
    }
  }

  /** Whether rows of a series have come and were kept. */
  has(place: number): boolean {
    return this.#pieceCounts[place]! > 0;
  }

  countOf(place: number): number {
    const width = this.#widths[place]!;
    const most = mostRecords(width);
    let count = (this.#next[place]! - this.#addresses[this.#lastPieces[place]!]!) / width;
    let size = firstRecords(most);
    for (let piece = 1; piece < this.#pieceCounts[place]!; piece++) {
      count += size;
      size = Math.min(2 * size, most);
    }
    return count;
  }

  /** Copies one number of each record of a series, in the order in which they came. */
  copy(place: number, number: number, to: Float64Array): void {
    const width = this.#widths[place]!;
    const most = mostRecords(width);
    const lastPiece = this.#lastPieces[place]!;
    let copied = 0;
    let size = firstRecords(most);
    let piece = this.#firstPieces[place]!;
    for (; ; piece = this.#following[piece]!, size = Math.min(2 * size, most)) {
      const address = this.#addresses[piece]!;
      const isLast = piece === lastPiece;
      const count = isLast ? (this.#next[place]! - address) / width : size;
      const slab = this.#memory.slabs[address >> OFFSET_BITS]!;
      for (let record = 0, at = (address & OFFSET_MASK) + number; record < count; record++, at += width)
        to[copied++] = slab[at]!;
      if (isLast) return;
    }
  }

  /** Copies the records of a series of pairs: one walk through its pieces instead of two. */
  copyPairs(place: number, times: Float64Array, values: Float64Array): void {
    const most = mostRecords(2);
    const lastPiece = this.#lastPieces[place]!;
    let copied = 0;
    let size = firstRecords(most);
    let piece = this.#firstPieces[place]!;
    for (; ; piece = this.#following[piece]!, size = Math.min(2 * size, most)) {
      const address = this.#addresses[piece]!;
      const isLast = piece === lastPiece;
      const slab = this.#memory.slabs[address >> OFFSET_BITS]!;
      let at = address & OFFSET_MASK;
      const end = copied + (isLast ? (this.#next[place]! - address) / 2 : size);
      for (; copied < end; copied++, at += 2) {
        times[copied] = slab[at]!;
        values[copied] = slab[at + 1]!;
      }
      if (isLast) return;
    }
  }

  /** The address of the next record. Negative if the series is not wanted. */
  #room(place: number, width: number): number {
    if (this.#next[place] === NOT_BEGUN) {
      if (!this.#begin(place)) {
        this.#next[place] = UNWANTED;
        return UNWANTED;
      }
      this.#widths[place] = width;
    } else if (this.#next[place] === UNWANTED) {
      return UNWANTED;
    }
    const pieces = this.#pieceCounts[place]!++;
    const most = mostRecords(this.#widths[place]!);
    const numbers = this.#widths[place]! * Math.min(firstRecords(most) * 2 ** pieces, most);
    const address = this.#memory.address(numbers);
    const piece = this.#addresses.push(address) - 1;
    this.#following.push(-1);
    if (pieces === 0) this.#firstPieces[place] = piece;
    else this.#following[this.#lastPieces[place]!] = piece;
    this.#lastPieces[place] = piece;
    this.#next[place] = address;
    this.#end[place] = address + numbers;
    return address;
  }

  #holdPlaces(places: Int32Array): void {
    let most = -1;
    for (let row = 0; row < places.length; row++) if (places[row]! > most) most = places[row]!;
    if (most < this.#next.length) return;
    const length = 2 * (most + 1);
    const begun = this.#next.length;
    this.#next = grown(this.#next, length).fill(NOT_BEGUN, begun);
    this.#end = grown(this.#end, length);
    this.#widths = grown(this.#widths, length);
    this.#pieceCounts = grown(this.#pieceCounts, length);
    this.#firstPieces = grown(this.#firstPieces, length);
    this.#lastPieces = grown(this.#lastPieces, length);
  }
}

function grown(numbers: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(numbers);
  return larger;
}

/** Records of the largest pieces of a series: as many as are in a slab, or one that has a slab of its own. */
function mostRecords(width: number): number {
  return Math.max(1, Math.min(MOST_RECORDS, Math.floor(SLAB_NUMBERS / width)));
}

function firstRecords(most: number): number {
  return Math.min(FIRST_RECORDS, most);
}

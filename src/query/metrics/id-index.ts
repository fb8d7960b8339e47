// 64-bit numbers → places in a list. JavaScript has no fast map of them: a BigInt each would cost more than the rest of reading a row.

const FIRST_SLOTS = 1024;

export class IdIndex {
  /** Low and high half of the id in each slot, and its place plus one. */
  #low = new Uint32Array(FIRST_SLOTS);
  #high = new Uint32Array(FIRST_SLOTS);
  #places = new Uint32Array(FIRST_SLOTS);
  #size = 0;
  readonly #ids: [low: number, high: number][] = [];

  get size(): number {
    return this.#size;
  }

  /** The id at a place, in decimal digits. */
  textAt(place: number): string {
    const [low, high] = this.#ids[place]!;
    return ((BigInt(high) << 32n) | BigInt(low)).toString();
  }

  /** Order of two places by their ids. */
  compare(left: number, right: number): number {
    const [leftLow, leftHigh] = this.#ids[left]!;
    const [rightLow, rightHigh] = this.#ids[right]!;
    return leftHigh - rightHigh || leftLow - rightLow;
  }

  /** The place of an id. One that has none gets the next. */
  add(low: number, high: number): number {
    let slot = this.#slotOf(low, high);
    if (this.#places[slot] === 0) {
      if (2 * (this.#size + 1) > this.#places.length) {
        this.#grow();
        slot = this.#slotOf(low, high);
      }
      this.#low[slot] = low;
      this.#high[slot] = high;
      this.#places[slot] = ++this.#size;
      this.#ids.push([low, high]);
    }
    return this.#places[slot]! - 1;
  }

  /** Ids are hashes, so that their low bits are as good as any. */
  #slotOf(low: number, high: number): number {
    const mask = this.#places.length - 1;
    let slot = low & mask;
    while (this.#places[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [low, high, places] = [this.#low, this.#high, this.#places];
    const slots = 2 * places.length;
    this.#low = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    this.#places = new Uint32Array(slots);
    for (let old = 0; old < places.length; old++) {
      if (places[old] === 0) continue;
      const slot = this.#slotOf(low[old]!, high[old]!);
      this.#low[slot] = low[old]!;
      this.#high[slot] = high[old]!;
      this.#places[slot] = places[old]!;
    }
  }
}

/** The halves of the ids of a column, low ones at even places. */
export function idHalves(ids: BigInt64Array): Uint32Array {
  return new Uint32Array(ids.buffer, ids.byteOffset, 2 * ids.length);
}

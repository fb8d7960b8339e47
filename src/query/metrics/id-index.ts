// 64-bit numbers → places in a list. JavaScript has no fast map of them: a BigInt each would cost more than the rest of reading a row.

const FIRST_SLOTS = 1024;

export class IdIndex {
  /** Low and high half of the id in each slot, and its place plus one. */
  #low = new Uint32Array(FIRST_SLOTS);
  #high = new Uint32Array(FIRST_SLOTS);
  #places = new Uint32Array(FIRST_SLOTS);
  #size = 0;
  /** Low and high half of the id at each place, by turns. */
  #ids = new Uint32Array(FIRST_SLOTS);
  /** By place: the one that came behind it when it was looked up last. */
  #behind = new Uint32Array(FIRST_SLOTS / 2);

  get size(): number {
    return this.#size;
  }

  /** The id at a place, in decimal digits. */
  textAt(place: number): string {
    return ((BigInt(this.#ids[2 * place + 1]!) << 32n) | BigInt(this.#ids[2 * place]!)).toString();
  }

  /** Order of two places by their ids. */
  compare(left: number, right: number): number {
    const ids = this.#ids;
    return ids[2 * left + 1]! - ids[2 * right + 1]! || ids[2 * left]! - ids[2 * right]!;
  }

  /**
   * The places of a column of ids, given as halves. Senders export their series in the same order again and again, and so they are stored:
   * the place behind the last one is looked at first.
   */
  addAll(halves: Uint32Array): Int32Array {
    const places = new Int32Array(halves.length / 2);
    if (places.length === 0) return places;
    let place = this.add(halves[0]!, halves[1]!);
    places[0] = place;
    for (let row = 1; row < places.length; row++) {
      const low = halves[2 * row]!;
      const high = halves[2 * row + 1]!;
      const guess = this.#behind[place]!;
      if (this.#ids[2 * guess] === low && this.#ids[2 * guess + 1] === high) {
        place = guess;
      } else {
        const found = this.add(low, high);
        this.#behind[place] = found;
        place = found;
      }
      places[row] = place;
    }
    return places;
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
      if (2 * this.#size > this.#ids.length) {
        this.#ids = grown(this.#ids);
        this.#behind = grown(this.#behind);
      }
      this.#ids[2 * this.#size - 2] = low;
      this.#ids[2 * this.#size - 1] = high;
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

function grown(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}

/** The halves of the ids of a column, low ones at even places. */
export function idHalves(ids: BigInt64Array): Uint32Array {
  return new Uint32Array(ids.buffer, ids.byteOffset, 2 * ids.length);
}

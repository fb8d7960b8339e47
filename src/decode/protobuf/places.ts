import { KEPT_PLACES } from '../rows/limits.js';

/** Places of fields that are read once their message has ended, such as the events of a span. */
export class Places {
  count = 0;
  #places = new Uint32Array(16);

  add(place: number): void {
    if (this.count === this.#places.length) this.#places = resizedWords(this.#places, 2 * this.count);
    this.#places[this.count++] = place;
  }

  at(index: number): number {
    return this.#places[index]!;
  }

  /** Forgets all places, and the memory too where it is for many. */
  clear(): void {
    this.count = 0;
    if (this.#places.length > KEPT_PLACES) this.#places = new Uint32Array(16);
  }
}

export function resizedWords(words: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const resized = new Uint32Array(length);
  resized.set(words);
  return resized;
}

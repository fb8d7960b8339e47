/** Places of fields that are read once their message has ended, such as the events of a span. */
export class Places {
  count = 0;
  #places = new Uint32Array(16);

  add(place: number): void {
    if (this.count === this.#places.length) {
      const grown = new Uint32Array(2 * this.count);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[this.count++] = place;
  }

  at(index: number): number {
    return this.#places[index]!;
  }
}

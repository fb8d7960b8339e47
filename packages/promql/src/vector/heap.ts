/**
 * Values with the one on top that `isBefore` puts before all others. Which of several equal values stays depends on
 * the order of exchanges, which is that of Go's container/heap.
 */
export class Heap<Item> {
  readonly items: Item[] = [];
  readonly #isBefore: (left: Item, right: Item) => boolean;

  constructor(isBefore: (left: Item, right: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  push(item: Item): void {
    const { items } = this;
    items.push(item);
    let at = items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(items[at]!, items[parent]!)) return;
      this.#exchange(at, parent);
      at = parent;
    }
  }

  replaceTop(item: Item): void {
    const { items } = this;
    items[0] = item;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= items.length) return;
      const right = left + 1;
      const child = right < items.length && this.#isBefore(items[right]!, items[left]!) ? right : left;
      if (!this.#isBefore(items[child]!, items[at]!)) return;
      this.#exchange(at, child);
      at = child;
    }
  }

  #exchange(left: number, right: number): void {
    const { items } = this;
    [items[left], items[right]] = [items[right]!, items[left]!];
  }
}

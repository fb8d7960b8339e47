// Bytes that all queries of a process may hold, counted by all threads in memory that they share.

import { Failure } from '../../base/failure.js';

const USED = 0;
const MAX = 1;

export class MemoryBudget {
  /** Bytes in use, and their upper bound. Whoever makes a MemoryBudget of it shares the budget. */
  readonly shared: SharedArrayBuffer;
  readonly #counts: BigInt64Array;

  constructor(shared = new SharedArrayBuffer(16)) {
    this.shared = shared;
    this.#counts = new BigInt64Array(shared);
  }

  get usedBytes(): number {
    return Number(Atomics.load(this.#counts, USED));
  }

  get maxBytes(): number {
    return Number(Atomics.load(this.#counts, MAX));
  }

  set maxBytes(bytes: number) {
    Atomics.store(this.#counts, MAX, BigInt(bytes));
  }

  reserve(bytes: number): void {
    const before = Number(Atomics.add(this.#counts, USED, BigInt(bytes)));
    if (before + bytes <= this.maxBytes) return;
    this.release(bytes);
    throw new Failure(
      'queryTooLarge',
      `the query needs ${bytes} bytes more, and queries hold ${before} of query_memory_bytes = ${this.maxBytes}`,
    );
  }

  release(bytes: number): void {
    Atomics.sub(this.#counts, USED, BigInt(bytes));
  }
}

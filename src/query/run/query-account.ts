// What one query has used, in memory that its thread and the main thread share: neither sends messages about it, and what a thread
// had reserved is known when it has crashed.

import { Failure } from '../../base/failure.js';
import type { MemoryBudget } from './memory-budget.js';

const SAMPLES = 0;
const RESERVED_BYTES = 1;
const HAS_ENDED = 2;

export class QueryAccount {
  readonly shared: SharedArrayBuffer;
  readonly maxSamples: number;
  readonly #counts: BigInt64Array;
  readonly #budget: MemoryBudget;

  constructor(budget: MemoryBudget, maxSamples: number, shared = new SharedArrayBuffer(24)) {
    this.#budget = budget;
    this.maxSamples = maxSamples;
    this.shared = shared;
    this.#counts = new BigInt64Array(shared);
  }

  get samples(): number {
    return Number(Atomics.load(this.#counts, SAMPLES));
  }

  get reservedBytes(): number {
    return Number(Atomics.load(this.#counts, RESERVED_BYTES));
  }

  /** Whether the query was ended from outside. */
  get hasEnded(): boolean {
    return Atomics.load(this.#counts, HAS_ENDED) === 1n;
  }

  end(): void {
    Atomics.store(this.#counts, HAS_ENDED, 1n);
  }

  countSamples(count: number): void {
    const samples = Number(Atomics.add(this.#counts, SAMPLES, BigInt(count))) + count;
    if (samples <= this.maxSamples) return;
    throw new Failure('queryTooLarge', `the query reads more than max_samples = ${this.maxSamples}`);
  }

  reserveBytes(bytes: number): void {
    this.#budget.reserve(bytes);
    Atomics.add(this.#counts, RESERVED_BYTES, BigInt(bytes));
  }

  releaseBytes(bytes: number): void {
    Atomics.sub(this.#counts, RESERVED_BYTES, BigInt(bytes));
    this.#budget.release(bytes);
  }

  /** Gives back, or takes, what there is to hold so many bytes. */
  holdOnly(bytes: number): void {
    const more = bytes - this.reservedBytes;
    if (more > 0) this.reserveBytes(more);
    else this.releaseBytes(-more);
  }

  /** Gives back all bytes. */
  close(): void {
    this.#budget.release(Number(Atomics.exchange(this.#counts, RESERVED_BYTES, 0n)));
  }
}

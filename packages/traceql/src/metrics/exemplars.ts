import type { Exemplar } from './series.js';

/** How many exemplars may stand close together, so that they spread over the range. */
const PER_PART = 2;

/** Chooses spans as exemplars, spread over the time of the query. */
export class ExemplarChoice {
  readonly #limit: number;
  readonly #startUnixNs: bigint;
  readonly #partNs: bigint;
  readonly #counts: Uint32Array;
  #chosen = 0;

  constructor(limit: number, startUnixNs: bigint, endUnixNs: bigint) {
    const parts = Math.max(1, Math.floor(limit / PER_PART));
    const length = (endUnixNs - startUnixNs) / BigInt(parts);
    this.#limit = limit;
    this.#startUnixNs = startUnixNs;
    this.#partNs = length > 0n ? length : 1n;
    this.#counts = new Uint32Array(parts);
  }

  get isFull(): boolean {
    return this.#chosen >= this.#limit;
  }

  /** Says whether a span at this time becomes one. */
  choose(unixNs: bigint): boolean {
    if (this.isFull) return false;
    const part = Math.min(Number((unixNs - this.#startUnixNs) / this.#partNs), this.#counts.length - 1);
    if (part < 0 || this.#counts[part]! >= Math.max(PER_PART, this.#limit / this.#counts.length)) return false;
    this.#counts[part]!++;
    this.#chosen++;
    return true;
  }
}

/** Exemplars of counts have no value of their own, and are shown at the height of their series. */
export function atHeightOf(values: Float64Array, step: number, exemplar: Exemplar): Exemplar {
  return Number.isNaN(exemplar.value) ? { ...exemplar, value: values[step]! } : exemplar;
}

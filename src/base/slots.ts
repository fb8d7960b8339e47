// So many at once; the others wait in the order in which they came.

import { Failure } from './failure.js';

export interface SlotsLimits {
  readonly slots: number;
  readonly maxWaiting: number;
}

export class Slots {
  #limits: SlotsLimits;
  readonly #what: string;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** `what` is what one more is told that there are too many of. */
  constructor(what: string, limits: SlotsLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  /** Changes the limits. Whoever is inside stays. */
  set limits(limits: SlotsLimits) {
    this.#limits = limits;
    while (this.#taken < limits.slots && this.#waiting.size > 0) {
      this.#taken++;
      this.#callNext();
    }
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when there is a slot, with what to call once to give it back. Rejects with the signal's reason if it is aborted before, and
   * with `overloaded` if as many are waiting as may wait.
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const { slots, maxWaiting } = this.#limits;
    if (this.#taken < slots) this.#taken++;
    else if (this.#waiting.size < maxWaiting) await this.#turn(signal);
    else {
      throw new Failure(
        'overloaded',
        `too many ${this.#what}: ${this.#taken} are running and ${maxWaiting} are waiting`,
      );
    }
    return () => this.#leave();
  }

  /** Runs `work` in a slot. */
  async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const leave = await this.enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Resolves with a slot taken. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      const begin = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(begin);
    });
  }

  #leave(): void {
    // Handed on, so that nobody who comes now overtakes the next.
    if (this.#waiting.size > 0 && this.#taken <= this.#limits.slots) this.#callNext();
    else this.#taken--;
  }

  #callNext(): void {
    const [next] = this.#waiting;
    this.#waiting.delete(next!);
    next!();
  }
}

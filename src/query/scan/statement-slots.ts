// How many statements of queries run at once, over all engines.

interface Waiter {
  readonly begin: () => void;
}

/**
 * A slot is held while DuckDB works, not while whoever reads a result makes something of it: a query that is late, or waits for
 * another of its own scans, keeps no slot from others. First come, first served.
 */
export class StatementSlots {
  readonly #slots: number;
  readonly #waiting = new Set<Waiter>();
  #taken = 0;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Runs `work` when there is a slot. Rejects with the signal's reason if it is aborted before. */
  async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#taken < this.#slots) this.#taken++;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#giveOn();
    }
  }

  /** Resolves with a slot taken. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        begin: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #giveOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken--;
      return;
    }
    this.#waiting.delete(next);
    next.begin();
  }
}

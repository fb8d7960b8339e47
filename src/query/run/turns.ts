// Long work on a thread that several queries share.

/** How long one query may hold the thread before others get their turn. */
const TURN_MS = 10;

export class Turns {
  readonly #throwIfEnded: () => void;
  #endsMs = performance.now() + TURN_MS;

  /** `throwIfEnded` throws once the query has ended. */
  constructor(throwIfEnded: () => void) {
    this.#throwIfEnded = throwIfEnded;
  }

  /** Undefined while the turn lasts; otherwise to be awaited. Throws once the query has ended. */
  checkpoint(): Promise<void> | undefined {
    this.#throwIfEnded();
    return performance.now() < this.#endsMs ? undefined : this.#next();
  }

  async #next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#endsMs = performance.now() + TURN_MS;
    this.#throwIfEnded();
  }
}

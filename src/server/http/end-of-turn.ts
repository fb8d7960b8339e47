// Actions → together, once the event loop has taken in all that had arrived.

/**
 * Puts answers off until every socket that had something to read has been read in this turn of the event loop. Written
 * one after the other they wake a client once, which then finds them all; written as each is ready, every one of them
 * wakes it, and that takes the kernel longer than the write. See bench/answers.ts.
 * Holds answers of one turn, whose requests were admitted before. Whoever adds many of one client calls run().
 */
export class EndOfTurn {
  #actions: (() => void)[] = [];
  #isScheduled = false;

  /** Those after an action that throws are lost, so none may. */
  add(action: () => void): void {
    this.#actions.push(action);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.run();
    });
  }

  /** Puts nothing off any longer. */
  run(): void {
    const actions = this.#actions;
    this.#actions = [];
    for (const action of actions) action();
  }
}

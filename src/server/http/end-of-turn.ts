// Actions → together, once the event loop has taken in all that had arrived.

/**
 * Puts answers off until every socket that had something to read has been read in this turn of the event loop. Written
 * one after the other they wake a client once, which then finds them all; written as each is ready, every one of them
 * wakes it, and that takes the kernel longer than the write. See bench/answers.ts.
 * Holds answers of one turn, whose requests were admitted before.
 */
export class EndOfTurn {
  #actions: (() => void)[] = [];

  /** Those after an action that throws are lost, so none may. */
  add(action: () => void): void {
    if (this.#actions.push(action) === 1) setImmediate(() => this.#run());
  }

  #run(): void {
    const actions = this.#actions;
    this.#actions = [];
    for (const action of actions) action();
  }
}

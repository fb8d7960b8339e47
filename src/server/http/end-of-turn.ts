// Runs deferred actions together, after the event loop has read all arrived data.

/**
 * Defers answers until all readable sockets were read in this turn of the event loop. Written together, answers wake a client
 * once, and it finds all of them. Written one by one, each wakes the client, which takes the kernel longer than the
 * write. See bench/answers.ts. It holds the answers of one turn; a caller that adds many for one client calls run().
 */
export class EndOfTurn {
  #actions: (() => void)[] = [];
  #isScheduled = false;

  /** An action must not throw: the actions after it would be lost. */
  add(action: () => void): void {
    this.#actions.push(action);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.run();
    });
  }

  /** Runs all deferred actions now. */
  run(): void {
    const actions = this.#actions;
    this.#actions = [];
    for (const action of actions) action();
  }
}

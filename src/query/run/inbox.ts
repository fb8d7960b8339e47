// Things that arrive → whoever waits for them, in order.

export class Inbox<Thing> {
  readonly #arrived: Thing[] = [];
  #hasEnded = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  put(thing: Thing): void {
    this.#arrived.push(thing);
    this.#wake?.();
  }

  /** Nothing more arrives. next() rejects with the error, if there is one, when all that came before is taken. */
  end(error?: unknown): void {
    this.#hasEnded = true;
    this.#error = error;
    this.#wake?.();
  }

  /** The next thing; undefined at the end. Rejects with the signal's reason once it is aborted. One at a time waits. */
  async next(signal: AbortSignal): Promise<Thing | undefined> {
    signal.throwIfAborted();
    if (this.#arrived.length === 0 && !this.#hasEnded) await this.#arrival(signal);
    signal.throwIfAborted();
    if (this.#arrived.length > 0) return this.#arrived.shift();
    if (this.#error !== undefined) throw this.#error;
    return undefined;
  }

  /** Resolves when something arrives, or the signal is aborted. */
  async #arrival(signal: AbortSignal): Promise<void> {
    const { promise, wake } = alarm();
    this.#wake = wake;
    signal.addEventListener('abort', wake);
    await promise;
    signal.removeEventListener('abort', wake);
    this.#wake = undefined;
  }
}

function alarm(): { readonly promise: Promise<void>; readonly wake: () => void } {
  let wake = () => {};
  const promise = new Promise<void>((resolve) => {
    wake = resolve;
  });
  return { promise, wake };
}

// Signals → "end", and "end at once".

/** SIGHUP is what a terminal says that is being closed. Node undoes what `nohup` did, so it would end the process. */
const END_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type EndSignal = (typeof END_SIGNALS)[number];

/**
 * One Ctrl-C may arrive twice: the terminal sends it to npm and to us, and npm passes it on. So the same signal within this
 * time says nothing new. A person who means it presses again.
 */
const ECHO_MS = 500;

/** The first signal asks a service to drain, the second not to wait for it. */
export class EndSignals {
  readonly first: Promise<EndSignal>;
  readonly second: Promise<EndSignal>;
  #tellFirst!: (signal: EndSignal) => void;
  #tellSecond!: (signal: EndSignal) => void;
  #received: { readonly signal: EndSignal; readonly atMs: number } | undefined;
  readonly #listener = (signal: NodeJS.Signals) => this.#receive(signal as EndSignal);

  constructor() {
    this.first = new Promise((resolve) => {
      this.#tellFirst = resolve;
    });
    this.second = new Promise((resolve) => {
      this.#tellSecond = resolve;
    });
    for (const signal of END_SIGNALS) process.on(signal, this.#listener);
  }

  release(): void {
    for (const signal of END_SIGNALS) process.off(signal, this.#listener);
  }

  #receive(signal: EndSignal): void {
    const atMs = performance.now();
    if (this.#received === undefined) {
      this.#received = { signal, atMs };
      this.#tellFirst(signal);
      return;
    }
    // A shell and the kernel each send SIGHUP when a terminal is closed, and systemd one after its SIGTERM.
    if (signal === 'SIGHUP') return;
    if (signal === this.#received.signal && atMs - this.#received.atMs < ECHO_MS) return;
    this.#tellSecond(signal);
  }
}

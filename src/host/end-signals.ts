// Signals → "end" and "end at once".

/** A closing terminal sends SIGHUP. Node resets the effect of `nohup`, so SIGHUP would end the process. */
const END_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type EndSignal = (typeof END_SIGNALS)[number];

/**
 * A single Ctrl-C may arrive twice, because the terminal sends it to npm and to us, and npm forwards it. So a repeated signal within
 * this time is ignored. A person who means it presses again.
 */
const ECHO_MS = 500;

/** The first signal drains a service. The second ends it at once. */
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

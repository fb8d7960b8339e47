import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * How often the thread is asked: often enough to miss no block that anybody would notice. Measured on an idle process, it
 * takes 0.4 % of a core; asking every millisecond takes 1.5 %.
 */
const SAMPLE_MS = 10;

/** How long the JavaScript thread keeps waiting what is due on it. What it measures is of the process, not of a server. */
export class EventLoopDelay {
  readonly #samples = monitorEventLoopDelay({ resolution: SAMPLE_MS });

  /** Begins to measure. Safe to call again. */
  start(): void {
    this.#samples.enable();
  }

  stop(): void {
    this.#samples.disable();
  }

  get p99Ms(): number {
    return this.#samples.count === 0 ? 0 : delayMs(this.#samples.percentile(99));
  }

  get maxMs(): number {
    return this.#samples.count === 0 ? 0 : delayMs(this.#samples.max);
  }
}

/** A sample is the time between two timers: the delay, and the pause that was asked for. */
function delayMs(sampleNs: number): number {
  return Math.max(0, sampleNs / 1e6 - SAMPLE_MS);
}

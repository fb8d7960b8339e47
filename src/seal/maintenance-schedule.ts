// Seals → catalog maintenance, from time to time, when ingest leaves room for it.

import { type Clock, systemClock } from '../base/clock.js';
import { messageOf } from '../base/failure.js';
import { type Maintenance, MaintenanceUnsupported } from '../catalog/seal-target.js';

/** Automatic seals since the last run that make another one worthwhile: enough small files to merge. */
const SEALS_BETWEEN_RUNS = 16;
/** Window of the ingest rate. */
const RATE_WINDOW_MS = 60_000;
/** Assumed duration of the first run. */
const ASSUMED_RUN_MS = 10_000;
/** An interrupt between two queries of a run has no effect, so it is repeated until the run ends. */
const INTERRUPT_AGAIN_MS = 50;

export interface MaintenanceHooks {
  /** Admitted request bytes that are not committed yet. */
  admittedBytes(): number;
  /** The catalog has no maintenance; it is not tried again. */
  unsupported(error: string): void;
}

export class MaintenanceSchedule {
  readonly #maintenance: Maintenance | undefined;
  readonly #maxBufferedBytes: number;
  readonly #hooks: MaintenanceHooks;
  readonly #clock: Clock;
  /** Automatic seals in the last minute. */
  readonly #recent: { readonly atMs: number; readonly bytes: number }[] = [];
  #sealsSinceRun = 0;
  #isDisabled = false;
  #run: Promise<void> | undefined;
  #runMs = ASSUMED_RUN_MS;
  #runs = 0;
  #failures = 0;
  #lastRunAtMs: number | undefined;
  #lastError: string | undefined;

  constructor(
    maintenance: Maintenance | undefined,
    maxBufferedBytes: number,
    hooks: MaintenanceHooks,
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    this.#maintenance = maintenance;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#hooks = hooks;
  }

  get runsTotal(): number {
    return this.#runs;
  }

  get failuresTotal(): number {
    return this.#failures;
  }

  /** End of the last successful run; undefined before the first. */
  get lastRunAtMs(): number | undefined {
    return this.#lastRunAtMs;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Records a successful automatic seal of `bytes` request bytes and starts a run in the background if one is due. */
  sealed(bytes: number): void {
    const nowMs = this.#clock.nowMs();
    this.#sealsSinceRun++;
    this.#recent.push({ atMs: nowMs, bytes });
    while (this.#recent[0]!.atMs < nowMs - RATE_WINDOW_MS) this.#recent.shift();
    if (this.#maintenance !== undefined && this.#isDue()) this.#start(this.#maintenance);
  }

  /** Interrupts a run in progress and resolves when it has ended. No other run starts. */
  async stop(): Promise<void> {
    this.#isDisabled = true;
    while (this.#run !== undefined) {
      this.#maintenance?.interrupt();
      await Promise.race([this.#run, this.#clock.pause(INTERRUPT_AGAIN_MS)]);
    }
  }

  #isDue(): boolean {
    if (this.#isDisabled || this.#run !== undefined || this.#sealsSinceRun < SEALS_BETWEEN_RUNS) return false;
    const waiting = this.#hooks.admittedBytes();
    if (waiting >= this.#maxBufferedBytes / 4) return false;
    // The bytes expected during a run as long as the last one must fit into half of the remaining room.
    const bytesPerMs = this.#recent.reduce((sum, { bytes }) => sum + bytes, 0) / RATE_WINDOW_MS;
    return bytesPerMs * this.#runMs < (this.#maxBufferedBytes - waiting) / 2;
  }

  #start(maintenance: Maintenance): void {
    this.#sealsSinceRun = 0;
    this.#run = this.#runOnce(maintenance).finally(() => {
      this.#run = undefined;
    });
  }

  async #runOnce(maintenance: Maintenance): Promise<void> {
    const startedMs = performance.now();
    try {
      await maintenance.run();
      this.#runs++;
      this.#lastRunAtMs = this.#clock.nowMs();
      this.#lastError = undefined;
    } catch (error) {
      // Interrupted by stop(), so the catalog did not fail.
      if (this.#isDisabled) return;
      this.#lastError = messageOf(error);
      if (error instanceof MaintenanceUnsupported) {
        this.#isDisabled = true;
        this.#hooks.unsupported(this.#lastError);
      } else {
        this.#failures++;
      }
    }
    this.#runMs = performance.now() - startedMs;
  }
}

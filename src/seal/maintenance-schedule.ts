// Seals → upkeep of the catalog, now and then, when ingest leaves room for it.

import { type Clock, systemClock } from '../base/clock.js';
import { messageOf } from '../base/failure.js';
import { type Maintenance, MaintenanceUnsupported } from '../catalog/seal-target.js';

/** Automatic seals that must have succeeded since the last run: enough small files to be worth merging. */
const SEALS_BETWEEN_RUNS = 16;
/** Over how long the rate of ingest is looked at. */
const RATE_WINDOW_MS = 60_000;
/** How long a run is taken to last before one has been seen. */
const ASSUMED_RUN_MS = 10_000;
/** An interrupt between two queries of a run is lost, so it is repeated until the run ends. */
const INTERRUPT_AGAIN_MS = 50;

export interface MaintenanceHooks {
  /** Request bytes admitted and not yet committed. */
  admittedBytes(): number;
  /** The catalog has nothing of the kind; it will not be tried again. */
  unsupported(error: string): void;
}

export class MaintenanceSchedule {
  readonly #maintenance: Maintenance | undefined;
  readonly #maxBufferedBytes: number;
  readonly #hooks: MaintenanceHooks;
  readonly #clock: Clock;
  /** Automatic seals of the last minute. */
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

  /** Time at which the last successful run ended; undefined before the first. */
  get lastRunAtMs(): number | undefined {
    return this.#lastRunAtMs;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Takes note of a successful automatic seal of so many request bytes, and starts a run beside ingest if it is time. */
  sealed(bytes: number): void {
    const nowMs = this.#clock.nowMs();
    this.#sealsSinceRun++;
    this.#recent.push({ atMs: nowMs, bytes });
    while (this.#recent[0]!.atMs < nowMs - RATE_WINDOW_MS) this.#recent.shift();
    if (this.#maintenance !== undefined && this.#isDue()) this.#start(this.#maintenance);
  }

  /** Ends a run in progress and resolves when it has ended. No other will be started. */
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
    // What would arrive during a run as long as the last one must fit into half of the room that is left.
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
      // Interrupted by stop(): no failure of the catalog's.
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

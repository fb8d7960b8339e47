// Seals → catalog maintenance, from time to time, when ingest leaves room for it.

import { type Clock, systemClock } from '../base/clock.js';
import { messageOf } from '../base/failure.js';
import { type Maintenance, MaintenanceUnsupported } from '../catalog/seal-target.js';
import type { Job } from './job.js';
import type { JobScheduler } from './job-scheduler.js';

/** Automatic seals since the last run that make another one worthwhile: enough small files to merge. */
const SEALS_BETWEEN_RUNS = 16;
/** Window of the ingest rate. */
const RATE_WINDOW_MS = 60_000;
/** Assumed duration of the first run. */
const ASSUMED_RUN_MS = 10_000;

export interface MaintenanceHooks {
  /** Admitted request bytes that are not committed yet. */
  admittedBytes(): number;
  /** The catalog has no maintenance; it is not tried again. */
  unsupported(error: string): void;
}

/** What came of a run that somebody asked for. */
export interface Maintained {
  readonly status: 'done' | 'failed' | 'nothing to do';
  readonly durationMs: number;
  readonly error: string | undefined;
}

export class MaintenanceSchedule {
  /** Undefined where the catalog needs no upkeep. */
  readonly job: Job | undefined;
  readonly #maxBufferedBytes: number;
  readonly #hooks: MaintenanceHooks;
  readonly #clock: Clock;
  /** Automatic seals in the last minute. */
  readonly #recent: { readonly atMs: number; readonly bytes: number }[] = [];
  #sealsSinceRun = 0;

  constructor(
    maintenance: Maintenance | undefined,
    maxBufferedBytes: number,
    { scheduler, hooks }: { readonly scheduler: JobScheduler; readonly hooks: MaintenanceHooks },
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#hooks = hooks;
    if (maintenance === undefined) return;
    this.job = scheduler.add({
      name: 'maintenance',
      run: () => this.#run(maintenance),
      interrupt: () => maintenance.interrupt(),
    });
  }

  /** Records a successful automatic seal of `bytes` request bytes and begins a run in the background if one is due. */
  sealed(bytes: number): void {
    const nowMs = this.#clock.nowMs();
    this.#sealsSinceRun++;
    this.#recent.push({ atMs: nowMs, bytes });
    while (this.#recent[0]!.atMs < nowMs - RATE_WINDOW_MS) this.#recent.shift();
    if (this.#sealsSinceRun >= SEALS_BETWEEN_RUNS && this.#hasRoom()) this.job?.begin();
  }

  /** Runs now, after what is running. */
  async runNow(): Promise<Maintained> {
    const startedMs = performance.now();
    const ended = (status: Maintained['status'], error?: unknown) => ({
      status,
      durationMs: performance.now() - startedMs,
      error: error === undefined ? undefined : messageOf(error),
    });
    if (this.job === undefined || this.job.isRetired) return ended('nothing to do');
    try {
      await this.job.runNow();
      return ended('done');
    } catch (error) {
      return error instanceof MaintenanceUnsupported ? ended('nothing to do') : ended('failed', error);
    }
  }

  #hasRoom(): boolean {
    const waiting = this.#hooks.admittedBytes();
    if (waiting >= this.#maxBufferedBytes / 4) return false;
    // The bytes expected during a run as long as the last one must fit into half of the remaining room.
    const bytesPerMs = this.#recent.reduce((sum, { bytes }) => sum + bytes, 0) / RATE_WINDOW_MS;
    return bytesPerMs * (this.job?.runMs ?? ASSUMED_RUN_MS) < (this.#maxBufferedBytes - waiting) / 2;
  }

  async #run(maintenance: Maintenance): Promise<void> {
    this.#sealsSinceRun = 0;
    try {
      await maintenance.run();
    } catch (error) {
      if (error instanceof MaintenanceUnsupported) this.#hooks.unsupported(messageOf(error));
      throw error;
    }
  }
}

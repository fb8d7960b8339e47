// Work in the background of a server that is done again and again. It never overlaps itself, and after a failure it waits longer
// and longer before it is tried again.

import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/failure.js';
import { LONGEST_TIMER_MS } from '../base/longest-timer.js';
import type { Slots } from '../base/slots.js';
import { MaintenanceUnsupported } from '../catalog/seal-target.js';

/** Pauses after failures double from the first to the longest. */
const FIRST_BACKOFF_MS = 5000;
const LONGEST_BACKOFF_MS = 300_000;
/** A run after the start of the process does not compete with what else is starting. A process that ends hourly has one, too. */
const LONGEST_FIRST_WAIT_MS = 60_000;
/** An interrupt between two queries of a run has no effect, so it is repeated until the run ends. */
const INTERRUPT_AGAIN_MS = 50;

export const jobNames = ['maintenance', 'retention', 'dead letters'] as const;
export type JobName = (typeof jobNames)[number];

export interface JobWork {
  readonly name: JobName;
  /** Time from the end of a run to the next. Left out: a run begins when somebody asks for it. */
  readonly everyMs?: number;
  /** Does the work once. Rejects with MaintenanceUnsupported where there can never be any, and is not asked again. */
  run(): Promise<void>;
  /** Ends a run in progress, which then rejects. May be called at any time, several times. */
  interrupt(): void;
}

export class Job {
  readonly #work: JobWork;
  readonly #clock: Clock;
  /** Shared by all jobs of the process. */
  readonly #slots: Slots;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #stopWaiting: (() => void) | undefined;
  #isRetired = false;
  #pausedAtMs: number | undefined;
  #runMs: number | undefined;
  #runs = 0;
  #failures = 0;
  #consecutiveFailures = 0;
  #lastRunAtMs: number | undefined;
  #failedAtMs: number | undefined;
  #failingSinceMs: number | undefined;
  #lastError: string | undefined;

  constructor(work: JobWork, slots: Slots, clock: Clock) {
    this.#work = work;
    this.#slots = slots;
    this.#clock = clock;
    if (work.everyMs !== undefined) this.#wakeAfter(Math.min(work.everyMs, LONGEST_FIRST_WAIT_MS));
  }

  get name(): JobName {
    return this.#work.name;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Successful runs. */
  get runsTotal(): number {
    return this.#runs;
  }

  get failuresTotal(): number {
    return this.#failures;
  }

  /** Failures since the last successful run. */
  get consecutiveFailures(): number {
    return this.#consecutiveFailures;
  }

  /** End of the last successful run; undefined before the first. */
  get lastRunAtMs(): number | undefined {
    return this.#lastRunAtMs;
  }

  /** Of the last run; undefined if it succeeded. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** When the first of them was; undefined where the last run succeeded. */
  get failingSinceMs(): number | undefined {
    return this.#failingSinceMs;
  }

  /** Whether it has turned out that there is never anything to do. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Duration of the last run; undefined before the first. */
  get runMs(): number | undefined {
    return this.#runMs;
  }

  /** Since when runs do not begin by themselves; undefined where they do. */
  get pausedAtMs(): number | undefined {
    return this.#pausedAtMs;
  }

  /** Lets no run begin by itself. One in progress goes on. */
  pause(): void {
    this.#pausedAtMs ??= this.#clock.nowMs();
  }

  resume(): void {
    this.#pausedAtMs = undefined;
  }

  /** Whether a run would begin by itself now. */
  get mayBegin(): boolean {
    return (
      !this.#isRetired &&
      !this.#stopping.signal.aborted &&
      this.#running === undefined &&
      this.#pausedAtMs === undefined &&
      (this.#failedAtMs === undefined || this.#clock.nowMs() >= this.#failedAtMs + this.#backoffMs)
    );
  }

  /** Begins a run, if one may. */
  begin(): void {
    if (this.mayBegin) this.#begin(() => this.#work.run()).catch(() => undefined);
  }

  /**
   * Runs now, after a run in progress, even where runs are paused or wait after a failure. `run` replaces the usual work. Rejects
   * with its error.
   */
  async runNow(run: () => Promise<void> = () => this.#work.run()): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    await this.#begin(run);
  }

  /** Interrupts a run in progress and resolves when it has ended. No other run begins. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`the server is stopping, and ends ${this.name}`));
    this.#stopWaiting?.();
    while (this.#running !== undefined) {
      this.#work.interrupt();
      await Promise.race([this.#running.catch(() => undefined), this.#clock.pause(INTERRUPT_AGAIN_MS)]);
    }
  }

  get #backoffMs(): number {
    return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (this.#consecutiveFailures - 1));
  }

  #begin(run: () => Promise<void>): Promise<void> {
    // No await before this, so that nobody else begins a run meanwhile.
    this.#running = this.#runOnce(run).finally(() => {
      this.#running = undefined;
      this.#wakeAgain();
    });
    return this.#running;
  }

  async #runOnce(run: () => Promise<void>): Promise<void> {
    const leave = await this.#slots.enter(this.#stopping.signal);
    const startedMs = performance.now();
    try {
      await run();
      this.#runs++;
      this.#lastRunAtMs = this.#clock.nowMs();
      this.#failedAtMs = undefined;
      this.#failingSinceMs = undefined;
      this.#consecutiveFailures = 0;
      this.#lastError = undefined;
    } catch (error) {
      // What stop() interrupted did not fail.
      if (!this.#stopping.signal.aborted) this.#failed(error);
      throw error;
    } finally {
      this.#runMs = performance.now() - startedMs;
      leave();
    }
  }

  #failed(error: unknown): void {
    this.#lastError = messageOf(error);
    if (error instanceof MaintenanceUnsupported) {
      this.#isRetired = true;
      return;
    }
    this.#failures++;
    this.#consecutiveFailures++;
    this.#failedAtMs = this.#clock.nowMs();
    this.#failingSinceMs ??= this.#failedAtMs;
  }

  /** After a failure it is tried again sooner than usual. */
  #wakeAgain(): void {
    const { everyMs } = this.#work;
    if (everyMs === undefined) return;
    this.#wakeAfter(this.#failedAtMs === undefined ? everyMs : Math.min(everyMs, this.#backoffMs));
  }

  #wakeAfter(ms: number): void {
    this.#stopWaiting?.();
    if (this.#stopping.signal.aborted || this.#isRetired) return;
    const wakeMs = Math.min(ms, LONGEST_TIMER_MS);
    this.#stopWaiting = this.#clock.after(wakeMs, () => {
      this.#stopWaiting = undefined;
      if (this.mayBegin) this.begin();
      else if (this.#running === undefined) this.#wakeAfter(wakeMs);
    });
  }
}

// Rows in, one transaction per generation out. There is one writer: commits never overlap, and generations are committed in
// the order in which they were filled. A failed commit leaves its generation in place, so no row is lost and none is
// committed twice. Only this file calls SealTarget.commit.

import { type Clock, systemClock } from '../base/clock.js';
import { messageOf } from '../base/failure.js';
import { LONGEST_TIMER_MS } from '../base/longest-timer.js';
import { type RetryPolicy, retried } from '../base/retry.js';
import type { Generation, GenerationRows } from '../buffer/generation.js';
import { type Freeze, OpenRows, type RowsOrigin } from '../buffer/open-rows.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import { CommitConflict, type SealTarget } from '../catalog/seal-target.js';
import type { Refusal } from '../duckdb/errors.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import type { ServeOptions } from '../schema/serve-options.js';
import { KeptGenerations } from './kept-generations.js';
import { SealLog } from './seal-log.js';
import { areWide, fitOneSeal, maxSealBytes, type RowsSize } from './seal-size.js';
import { sealDelayMs } from './seal-trigger.js';

/** Pauses between attempts at a background seal. They double from the first to the longest. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;

/** Attempts at a commit that conflicts with other writers. Pauses double up to half a second. */
const CONFLICT_RETRY: RetryPolicy = {
  attempts: 50,
  longestPauseMs: (attempt) => Math.min(500, 20 * 2 ** attempt),
  isWorthwhile: (error) => error instanceof CommitConflict,
};

/** Rejections before rows are set aside. Until then, a table that was altered by mistake can be repaired. */
const REFUSALS_BEFORE_SETTING_ASIDE = 6;

/** What started a seal: a background trigger or a flush. */
export type SealReason = 'background' | 'flush';

export interface SealerEvents {
  /** Identity of the server in the catalog's records of seals. */
  identity(): { readonly server: string; readonly serverId: string };
  /** A generation was committed, so the bytes of its requests can be released. */
  committed(generation: Generation, reason: SealReason): void;
  /** A commit failed. Its rows are kept and retried. */
  failed(error: string): void;
  /** Rows wait for the next retry. Not called for conflicts with other writers, which are retried at once. */
  postponed(error: string): void;
  /** A generation was rejected often enough to be set aside. Resolves with whether it was set aside; never rejects. */
  refused(generation: Generation, refusal: Refusal, error: string): Promise<boolean>;
}

export interface SealerStart {
  /** Sequence of the last seal of earlier runs. Counting continues from it. */
  readonly lastSequence?: number;
  /** Memory limit of the DuckDB that commits. */
  readonly memoryLimitBytes?: number;
  readonly clock?: Clock;
}

export interface FlushResult {
  readonly sealedRows: number;
  /** Why rows were not committed. They are still buffered. */
  readonly error: string | undefined;
}

export class Sealer {
  readonly log = new SealLog();
  /** Recently committed generations. */
  readonly kept: KeptGenerations;
  readonly #target: SealTarget;
  readonly #options: Pick<ServeOptions, 'seal_target_bytes' | 'seal_max_age_ms' | 'max_decoded_bytes' | 'fidelity'>;
  readonly #events: SealerEvents;
  readonly #maxSealBytes: number;
  readonly #clock: Clock;
  readonly #conflictRetry: RetryPolicy;
  readonly #open: OpenRows;
  /** Detached generations that are not committed yet, in order. */
  readonly #detached: Generation[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  /** Cancels the next check for due rows. */
  #stopWaiting: (() => void) | undefined;
  /** Time of the next check. */
  #wakeAtMs = 0;
  #isBackgroundSealQueued = false;
  /** Whether the oldest detached generation is being committed, or an attempt at it failed. */
  #isCommitting = false;
  #isStopped = false;
  #isPaused = false;
  #retryMs = 0;
  /** Rejections of the oldest generation so far. */
  #refusals = 0;
  #attempts = 0;
  #seals = 0;
  #failures = 0;
  #consecutiveFailures = 0;
  #failingSinceMs: number | undefined;
  #committedRows = 0;
  #lastSealAtMs: number | undefined;
  #lastError: string | undefined;

  constructor(
    target: SealTarget,
    freeze: Freeze,
    options: ServeOptions,
    events: SealerEvents,
    { lastSequence = 0, memoryLimitBytes = Number.POSITIVE_INFINITY, clock = systemClock }: SealerStart = {},
  ) {
    this.#attempts = lastSequence;
    this.#maxSealBytes = maxSealBytes(memoryLimitBytes);
    this.#target = target;
    this.#open = new OpenRows(freeze, options.fidelity);
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
    this.#conflictRetry = { ...CONFLICT_RETRY, pause: (ms) => clock.pause(ms) };
    this.kept = new KeptGenerations(options.max_decoded_bytes, clock);
  }

  get sealsTotal(): number {
    return this.#seals;
  }

  get failuresTotal(): number {
    return this.#failures;
  }

  /** Failures since the last commit. */
  get consecutiveFailures(): number {
    return this.#consecutiveFailures;
  }

  /** When the first of them was; undefined if the last attempt succeeded. */
  get failingSinceMs(): number | undefined {
    return this.#failingSinceMs;
  }

  get committedRowsTotal(): number {
    return this.#committedRows;
  }

  /** Time of the last successful commit; undefined before the first. */
  get lastSealAtMs(): number | undefined {
    return this.#lastSealAtMs;
  }

  /** Error of the last attempt; undefined if it succeeded. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  get bufferedRows(): number {
    return this.#detached.reduce((rows, generation) => rows + generation.rows, this.#open.rows);
  }

  /** Memory of uncommitted rows. */
  get bufferedBytes(): number {
    return this.#detached.reduce((bytes, generation) => bytes + generation.byteLength, this.#open.byteLength);
  }

  /** Arrival of the oldest uncommitted row; undefined if there is none. */
  get oldestBufferedAtMs(): number | undefined {
    return (this.#detached[0] ?? this.#open).openedAtMs;
  }

  /** Size of uncommitted rows in tables. */
  get storedBytes(): number {
    return this.#detached.reduce((bytes, generation) => bytes + generation.storedBytes, this.#open.storedBytes);
  }

  /** Whether rows may share a commit with others. */
  fitOneSeal(waiting: RowsSize, rows: number, storedBytes: number): boolean {
    return fitOneSeal(waiting, { rows, storedBytes }, this.#maxSealBytes);
  }

  /**
   * Takes the rows of one request or of several. They are committed together, in the background or at the next flush, and
   * with earlier rows if one commit can take all of them.
   */
  append(parts: readonly SignalRows[], origin: RowsOrigin): void {
    const nowMs = this.#clock.nowMs();
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    if (!this.fitOneSeal(this.#open, rows, origin.storedBytes)) this.#detach();
    this.#open.append(parts, origin, nowMs);
    this.kept.release(this.bufferedBytes);
    this.#schedule(nowMs);
  }

  /** Uncommitted rows of a table, by generation, oldest first. */
  waiting(table: TelemetryTable): readonly GenerationRows[] {
    const detached = this.#detached.flatMap((generation) => generation.rowsFor(table) ?? []);
    const open = this.#open.read(table);
    return open === undefined ? detached : [...detached, open];
  }

  /** Whether there are uncommitted rows of a table. */
  hasWaiting(table: TelemetryTable): boolean {
    return this.#open.has(table) || this.#detached.some((generation) => generation.rowsFor(table) !== undefined);
  }

  /** Whether rows are being committed, or an attempt failed, perhaps in part, and will be repeated. */
  get isCommitting(): boolean {
    return this.#isCommitting;
  }

  /** Id of the open generation. */
  get openGeneration(): string {
    return this.#open.id;
  }

  /** Rows accepted for a table. */
  positionOf(table: TelemetryTable): number {
    return this.#open.positionOf(table);
  }

  /**
   * Commits every row appended so far. Resolves once they are durable, or at the first failure. Rows that arrive meanwhile
   * wait for the next seal.
   */
  flush(): Promise<FlushResult> {
    return this.#exclusively(async () => {
      const sealedRows = this.#committedRows;
      this.#detach();
      while (this.#detached.length > 0) {
        const error = await this.#commitOldest('flush');
        if (error !== undefined) return { sealedRows: this.#committedRows - sealedRows, error };
      }
      return { sealedRows: this.#committedRows - sealedRows, error: undefined };
    });
  }

  /**
   * Commits as much as possible: rows do not wait for earlier ones that fail. For the final commit of a server, which is not
   * repeated.
   */
  salvage(): Promise<FlushResult> {
    return this.#exclusively(async () => {
      const sealedRows = this.#committedRows;
      let lastError: string | undefined;
      this.#detach();
      for (let left = this.#detached.length; left > 0; left--) {
        const error = await this.#commitOldest('flush');
        if (error === undefined) continue;
        lastError = error;
        this.#detached.push(this.#detached.shift()!);
      }
      return { sealedRows: this.#committedRows - sealedRows, error: lastError };
    });
  }

  /**
   * Commits rows outside of the usual order, under a `server_id` of their own. Does nothing if the target already has them
   * under that id. Rejects with the error of the commit.
   */
  commitApart(generation: Generation, serverId: string): Promise<void> {
    return this.#exclusively(async () => {
      if (generation.lastJournalSequence > 0) {
        const { journalSequence } = await this.#target.lastSeal(serverId, generation.firstJournalSequence);
        if (journalSequence > 0) return;
      }
      await retried(this.#conflictRetry, () => this.#attempt(generation, serverId, () => {}));
    });
  }

  /** Resolves when no commit is in progress or queued. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** Begins no background seals. Rows wait, as long as there is room for them, and can be flushed. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule(this.#clock.nowMs());
  }

  /** Stops background seals. Buffered rows stay and can still be flushed. Safe to call twice. */
  stop(): void {
    this.#isStopped = true;
    this.#stopWaiting?.();
  }

  #schedule(nowMs: number): void {
    if (this.#isStopped || this.#isPaused || this.#isBackgroundSealQueued) return;
    if (this.#retryMs > 0) {
      this.#wakeAfter(this.#retryMs);
    } else if (this.#detached.length > 0) {
      this.#queueBackgroundSeal();
    } else if (this.#open.openedAtMs !== undefined) {
      const { openedAtMs, admittedBytes, byteLength } = this.#open;
      const delayMs = sealDelayMs({ openedAtMs, admittedBytes, decodedBytes: byteLength }, this.#options, nowMs);
      if (delayMs === 0) this.#queueBackgroundSeal();
      else this.#wakeAfter(delayMs);
    }
  }

  /** Schedules the next check, unless an earlier one is scheduled. */
  #wakeAfter(delayMs: number): void {
    const wakeAtMs = this.#clock.nowMs() + delayMs;
    if (this.#stopWaiting !== undefined && this.#wakeAtMs <= wakeAtMs) return;
    this.#stopWaiting?.();
    this.#wakeAtMs = wakeAtMs;
    const wake = () => {
      this.#stopWaiting = undefined;
      if (this.#retryMs > 0 && !this.#isPaused) this.#queueBackgroundSeal();
      else this.#schedule(this.#clock.nowMs());
    };
    this.#stopWaiting = this.#clock.after(Math.min(Math.ceil(delayMs), LONGEST_TIMER_MS), wake);
  }

  #queueBackgroundSeal(): void {
    this.#isBackgroundSealQueued = true;
    void this.#exclusively(async () => {
      if (this.#detached.length === 0) this.#detach();
      if (this.#detached.length > 0) await this.#commitOldest('background');
      this.#isBackgroundSealQueued = false;
    });
  }

  #detach(): void {
    const generation = this.#open.detach(); // no await between, so no append can fall between
    if (generation !== undefined) this.#detached.push(generation);
  }

  /** Tries to commit the oldest detached generation. Resolves with the error if that fails. */
  async #commitOldest(reason: SealReason): Promise<string | undefined> {
    let committed: Generation | undefined;
    try {
      committed = await retried(this.#conflictRetry, () => this.#attemptOldest());
    } catch (thrown) {
      this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs === 0 ? FIRST_RETRY_MS : 2 * this.#retryMs);
      const error = messageOf(thrown);
      this.#events.postponed(error);
      return error;
    }
    this.#retryMs = 0;
    this.#refusals = 0;
    if (committed !== undefined) this.#events.committed(committed, reason);
    return undefined;
  }

  /** Resolves with the oldest detached generation once it is committed, or with undefined if it was set aside. */
  async #attemptOldest(): Promise<Generation | undefined> {
    const generation = this.#detached[0]!;
    this.#isCommitting = true;
    try {
      // Synchronously, so that a query finds the rows in exactly one of the two places.
      await this.#attempt(generation, this.#events.identity().serverId, () => {
        this.#detached.shift();
        this.#isCommitting = false;
        this.kept.add(generation, this.bufferedBytes);
      });
      return generation;
    } catch (thrown) {
      if (await this.#isSetAside(generation, thrown)) return undefined;
      throw thrown;
    }
  }

  /** Sets a rejected generation aside, so that those behind it can be committed. */
  async #isSetAside(generation: Generation, thrown: unknown): Promise<boolean> {
    const refusal = this.#target.refusal(thrown);
    // If rows of normal width run out of memory, something else uses it, and it will be freed.
    if (refusal === undefined || (refusal === 'size' && !areWide(generation))) return false;
    if (++this.#refusals < REFUSALS_BEFORE_SETTING_ASIDE) return false;
    if (!(await this.#events.refused(generation, refusal, messageOf(thrown)))) return false;
    this.log.setAside(generation.rows);
    this.#detached.shift();
    this.#isCommitting = false;
    return true;
  }

  /**
   * Makes one attempt and logs it. Rejects with the error. `committed` is called at the moment from which the rows count as
   * committed.
   */
  async #attempt(generation: Generation, serverId: string, committed: () => void): Promise<void> {
    const sequence = ++this.#attempts;
    const startedUnixMs = this.#clock.nowMs();
    const startedMs = performance.now();
    let timing = { appendMs: 0, commitMs: 0 };
    let thrown: unknown;
    try {
      timing = await this.#target.commit(generation, { ...this.#events.identity(), serverId, sequence });
      committed();
      this.#seals++;
      this.#committedRows += generation.rows;
      this.#lastSealAtMs = this.#clock.nowMs();
      this.#consecutiveFailures = 0;
      this.#failingSinceMs = undefined;
    } catch (error) {
      thrown = error;
      this.#failures++;
      this.#consecutiveFailures++;
      this.#failingSinceMs ??= this.#clock.nowMs();
    }
    const error = thrown === undefined ? undefined : messageOf(thrown);
    this.#lastError = error;
    this.log.add({
      sequence,
      startedUnixMs,
      completedUnixMs: this.#clock.nowMs(),
      durationMs: performance.now() - startedMs,
      ...timing,
      rowsCommitted: error === undefined ? generation.rows : 0,
      admittedBytes: generation.admittedBytes,
      error,
      sealsTotal: this.#seals,
      sealFailuresTotal: this.#failures,
      committedRowsTotal: this.#committedRows,
    });
    if (error === undefined) return;
    this.#events.failed(error);
    throw thrown;
  }

  /** Runs work after all earlier work has ended. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined).then(() => this.#schedule(this.#clock.nowMs()));
    return result;
  }
}

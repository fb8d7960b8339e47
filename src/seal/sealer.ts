// Rows in, one transaction per generation out. There is one writer: commits never overlap, and generations commit in
// the order in which they were filled. A failed commit leaves its generation where it was, so that no row is lost
// and none is committed twice. Only this file calls SealTarget.commit.

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

/** Pauses between attempts of a background seal: doubling from the first to the longest. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;

/** Attempts at a commit that other writers get in the way of. Their pauses double up to half a second. */
const CONFLICT_RETRY: RetryPolicy = {
  attempts: 50,
  longestPauseMs: (attempt) => Math.min(500, 20 * 2 ** attempt),
  isWorthwhile: (error) => error instanceof CommitConflict,
};

/** Attempts that a target must have refused for good: a table that was altered by mistake may be mended meanwhile. */
const REFUSALS_BEFORE_SETTING_ASIDE = 6;

/** Who asked for a seal: the triggers of the background, or a flush. */
export type SealReason = 'background' | 'flush';

export interface SealerEvents {
  /** Who the server is in what the catalog keeps of its seals. */
  identity(): { readonly server: string; readonly serverId: string };
  /** A generation has been committed: its requests' bytes are free again. */
  committed(generation: Generation, reason: SealReason): void;
  /** A commit has failed; its rows are kept and will be tried again. */
  failed(error: string): void;
  /** A generation's rows wait for the next retry: not for another writer only, which is waited for at once. */
  postponed(error: string): void;
  /** A generation has been refused so often, for good, that it may be set aside. Resolves with whether it was; never rejects. */
  refused(generation: Generation, refusal: Refusal, error: string): Promise<boolean>;
}

export interface SealerStart {
  /** Number of the last seal of earlier runs, which this one counts on from. */
  readonly lastSequence?: number;
  /** Of the DuckDB that commits. */
  readonly memoryLimitBytes?: number;
  readonly clock?: Clock;
}

export interface FlushResult {
  readonly sealedRows: number;
  /** What kept rows from being committed. They are still buffered. */
  readonly error: string | undefined;
}

export class Sealer {
  readonly log = new SealLog();
  /** What was committed a short while ago. */
  readonly kept: KeptGenerations;
  readonly #target: SealTarget;
  readonly #options: Pick<ServeOptions, 'seal_target_bytes' | 'seal_max_age_ms' | 'max_decoded_bytes' | 'fidelity'>;
  readonly #events: SealerEvents;
  readonly #maxSealBytes: number;
  readonly #clock: Clock;
  readonly #conflictRetry: RetryPolicy;
  readonly #open: OpenRows;
  /** Detached and not yet committed, in order. */
  readonly #detached: Generation[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  /** Calls off the next look at what waits. */
  #stopWaiting: (() => void) | undefined;
  /** When that look is. */
  #wakeAtMs = 0;
  #isBackgroundSealQueued = false;
  /** Whether the oldest detached generation is being committed, or has been tried in vain. */
  #isCommitting = false;
  #isStopped = false;
  #retryMs = 0;
  /** Attempts at the oldest generation that the target has refused for good. */
  #refusals = 0;
  #attempts = 0;
  #seals = 0;
  #failures = 0;
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

  get committedRowsTotal(): number {
    return this.#committedRows;
  }

  /** Time of the last successful commit; undefined before the first. */
  get lastSealAtMs(): number | undefined {
    return this.#lastSealAtMs;
  }

  /** What the last attempt failed of; undefined when it succeeded. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  get bufferedRows(): number {
    return this.#detached.reduce((rows, generation) => rows + generation.rows, this.#open.rows);
  }

  /** Memory behind rows that are not committed. */
  get bufferedBytes(): number {
    return this.#detached.reduce((bytes, generation) => bytes + generation.byteLength, this.#open.byteLength);
  }

  /** When the oldest row that is not committed arrived; undefined when all are. */
  get oldestBufferedAtMs(): number | undefined {
    return (this.#detached[0] ?? this.#open).openedAtMs;
  }

  /** What the rows that are not committed will take in tables. */
  get storedBytes(): number {
    return this.#detached.reduce((bytes, generation) => bytes + generation.storedBytes, this.#open.storedBytes);
  }

  /** Whether rows may be committed together with some more. */
  fitOneSeal(waiting: RowsSize, rows: number, storedBytes: number): boolean {
    return fitOneSeal(waiting, { rows, storedBytes }, this.#maxSealBytes);
  }

  /**
   * Takes the rows of a request, or of several at once. They are committed together, in the background or at the next flush;
   * together with those before where one commit can take them all.
   */
  append(parts: readonly SignalRows[], origin: RowsOrigin): void {
    const nowMs = this.#clock.nowMs();
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    if (!this.fitOneSeal(this.#open, rows, origin.storedBytes)) this.#detach();
    this.#open.append(parts, origin, nowMs);
    this.kept.release(this.bufferedBytes);
    this.#schedule(nowMs);
  }

  /** Rows for a table that are not committed, by generation, oldest first. */
  waiting(table: TelemetryTable): readonly GenerationRows[] {
    const detached = this.#detached.flatMap((generation) => generation.rowsFor(table) ?? []);
    const open = this.#open.read(table);
    return open === undefined ? detached : [...detached, open];
  }

  /** Whether waiting rows are being committed, or that has failed, perhaps in part, and will be tried again. */
  get isCommitting(): boolean {
    return this.#isCommitting;
  }

  /** Id of the generation that rows are appended to. */
  get openGeneration(): string {
    return this.#open.id;
  }

  /** Rows that have been accepted for a table. */
  positionOf(table: TelemetryTable): number {
    return this.#open.positionOf(table);
  }

  /**
   * Commits every row appended so far and resolves once they are durable, or at the first failure. Rows that arrive
   * meanwhile wait for the next seal.
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
   * Commits what can be committed: rows that come after some that cannot do not wait for those. For the last commit of a
   * server, after which nobody tries again.
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
   * Commits rows that are not part of the order in which all others are committed, under a name of their own. Resolves
   * without doing anything where the target has them under that name already; rejects with what kept them from it.
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

  /** Ends background seals. What is buffered stays, and can still be flushed. Safe to call twice. */
  stop(): void {
    this.#isStopped = true;
    this.#stopWaiting?.();
  }

  #schedule(nowMs: number): void {
    if (this.#isStopped || this.#isBackgroundSealQueued) return;
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

  /** Looks again after this long, or earlier if that was asked for before. */
  #wakeAfter(delayMs: number): void {
    const wakeAtMs = this.#clock.nowMs() + delayMs;
    if (this.#stopWaiting !== undefined && this.#wakeAtMs <= wakeAtMs) return;
    this.#stopWaiting?.();
    this.#wakeAtMs = wakeAtMs;
    const wake = () => {
      this.#stopWaiting = undefined;
      if (this.#retryMs > 0) this.#queueBackgroundSeal();
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

  /** Tries to commit the oldest detached generation. Resolves with the error that kept it from being committed. */
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

  /** Resolves with the oldest detached generation once it is committed, and with nothing if it was set aside instead. */
  async #attemptOldest(): Promise<Generation | undefined> {
    const generation = this.#detached[0]!;
    this.#isCommitting = true;
    try {
      // In one turn, so that a query finds the rows in one of the two places.
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

  /** Sets a generation aside that the target refuses for good, so that the ones behind it can be committed. */
  async #isSetAside(generation: Generation, thrown: unknown): Promise<boolean> {
    const refusal = this.#target.refusal(thrown);
    // Memory that rows of usual width do not find, somebody else has: it comes back.
    if (refusal === undefined || (refusal === 'size' && !areWide(generation))) return false;
    if (++this.#refusals < REFUSALS_BEFORE_SETTING_ASIDE) return false;
    if (!(await this.#events.refused(generation, refusal, messageOf(thrown)))) return false;
    this.log.setAside(generation.rows);
    this.#detached.shift();
    this.#isCommitting = false;
    return true;
  }

  /**
   * Makes one attempt, keeps a record of it, and rejects with what it failed of. `committed` is called in the moment in
   * which the rows count as committed.
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
    } catch (error) {
      thrown = error;
      this.#failures++;
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

  /** Runs work when all earlier work has ended. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined).then(() => this.#schedule(this.#clock.nowMs()));
    return result;
  }
}

// The one scheduler of queries: of all engines, HTTP routes and SQL functions of a DuckDB instance.

import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/failure.js';
import { LONGEST_TIMER_MS } from '../../base/longest-timer.js';
import { Slots } from '../../base/slots.js';
import type { TableHome } from '../../catalog/table-home.js';
import type { Database } from '../../duckdb/database.js';
import type { LiveRows } from '../../live/live-rows.js';
import { SqlScans } from '../scan/sql-scanner.js';
import { StatementSlots } from '../scan/statement-slots.js';
import { type EngineModules, EnginePool, type EngineWork } from './engine-pool.js';
import { MemoryBudget } from './memory-budget.js';
import { QueryAccount } from './query-account.js';
import { QueryCounts } from './query-counts.js';
import { type QueryLabel, RunningQuery } from './running-query.js';
import { type HeldAnswer, SharedQueries } from './shared-queries.js';

/** Limits that all queries share. */
export interface SharedLimits {
  /** Queries at work. */
  readonly maxQueries: number;
  /** Queries that wait for one of them to end. */
  readonly maxWaitingQueries: number;
  /** Statements that DuckDB works on at once. Each holds a thread of libuv's pool, which seals and fsyncs need too. */
  readonly maxStatements: number;
  /** Bytes that engines may hold. */
  readonly memoryBytes: number;
  readonly threads: number;
}

/** Limits of one query. */
export interface QueryLimits {
  /** From the moment that it is asked, waiting included. */
  readonly timeoutMs: number;
  readonly maxSamples: number;
}

export interface Query extends QueryLabel {
  readonly limits: QueryLimits;
  /** Aborted when nobody waits for the answer any more, or with a Failure that says why the query must end. */
  readonly signal?: AbortSignal;
  /** How many clients wait for it, if they share it. */
  readonly clients?: () => number;
}

export interface EngineQuery extends Query {
  readonly engine: string;
  /** What the engine's `run` gets: whatever structuredClone() takes. */
  readonly request: unknown;
  readonly home: TableHome;
}

export class QueryRunner {
  readonly counts = new QueryCounts();
  readonly #clock: Clock;
  readonly #budget = new MemoryBudget();
  readonly #admitted: Slots;
  readonly #statements: StatementSlots;
  readonly #scans: SqlScans;
  readonly #engines: EnginePool;
  readonly #shared: SharedQueries;
  readonly #running = new Set<RunningQuery>();
  #limits: SharedLimits;
  #lastId = 0;
  #isClosed = false;
  #whenIdle: (() => void) | undefined;

  constructor(
    database: Database,
    live: LiveRows,
    engines: EngineModules,
    limits: SharedLimits,
    clock: Clock,
    endWithinMs?: number,
  ) {
    this.#clock = clock;
    this.#limits = limits;
    this.#admitted = new Slots('queries', { slots: limits.maxQueries, maxWaiting: limits.maxWaitingQueries });
    this.#statements = new StatementSlots(limits.maxStatements);
    this.#scans = new SqlScans(database, live, this.#statements, clock);
    this.#budget.maxBytes = limits.memoryBytes;
    this.#engines = new EnginePool(engines, this.#budget, limits.threads, endWithinMs);
    this.#shared = new SharedQueries((query, begun) => this.#ask(query, begun), clock, limits.maxWaitingQueries);
  }

  get limits(): SharedLimits {
    return this.#limits;
  }

  /** Counts from now on. Queries at work keep what they have. */
  set limits(limits: SharedLimits) {
    this.#limits = limits;
    this.#admitted.limits = { slots: limits.maxQueries, maxWaiting: limits.maxWaitingQueries };
    this.#shared.maxJoined = limits.maxWaitingQueries;
    this.#statements.count = limits.maxStatements;
    this.#budget.maxBytes = limits.memoryBytes;
    this.#engines.maxThreads = limits.threads;
  }

  /** Queries that wait or are at work, oldest first. */
  get running(): readonly RunningQuery[] {
    return [...this.#running];
  }

  /** Bytes of the budget that engines hold. */
  get reservedBytes(): number {
    return this.#budget.usedBytes;
  }

  /** The answer of an engine. `begun` is called when the query need not wait any more. Rejects with a Failure or SqlError. */
  async run(query: EngineQuery, begun?: () => void): Promise<unknown> {
    const { value, release } = await this.#ask(query, begun);
    release();
    return value;
  }

  /** The same, with its bytes counted until they are released. Queries that ask the same, and have not begun, are answered together. */
  ask(query: EngineQuery): Promise<HeldAnswer> {
    return this.#shared.ask(query);
  }

  /** What an engine emits, as the reader takes it. Whoever ends the iteration early ends the query. */
  async *stream<Piece>(query: EngineQuery): AsyncGenerator<Piece, void> {
    const { running, leave } = await this.#enter(query);
    let error: unknown = new Failure('queryCanceled', 'nobody reads the rest of the answer');
    try {
      const { pieces, answer, taken } = this.#start(query, running);
      answer.then(() => running.account.close()).catch(() => undefined);
      for (
        let piece = await pieces.next(running.signal);
        piece !== undefined;
        piece = await pieces.next(running.signal)
      ) {
        yield piece as Piece;
        taken();
      }
      await answer;
      error = undefined;
    } catch (thrown) {
      error = thrown;
      throw thrown;
    } finally {
      if (error instanceof Error) running.end(error);
      leave(error);
    }
  }

  /** Ends a query, which is answered with `queryCanceled`. False if there is none with this id. */
  cancel(id: number, reason: string): boolean {
    const found = this.running.find((query) => query.id === id);
    found?.end(new Failure('queryCanceled', `query ${id} was canceled ${reason}`));
    return found !== undefined;
  }

  /** Ends all queries and threads. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const running of this.#running) running.end(new Failure('stopping', 'queries are being stopped'));
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    await this.#engines.close();
    await this.#scans.close();
  }

  async #ask(query: EngineQuery, begun = () => {}): Promise<HeldAnswer> {
    const { running, leave } = await this.#enter(query);
    begun();
    try {
      const value = await this.#start(query, running).answer;
      leave(undefined);
      return { value, release: () => running.account.close() };
    } catch (error) {
      leave(error);
      throw error;
    }
  }

  #start({ engine, request, home, principal }: EngineQuery, running: RunningQuery): EngineWork {
    const scanner = this.#scans.scanner({ home, principal });
    return this.#engines.start({ engine, request, running, home, scanner });
  }

  /** Resolves when the query may work, with what to call when it has ended. */
  async #enter({ kind, text, client, principal, limits, signal, clients }: Query) {
    if (this.#isClosed) throw new Failure('stopping', 'queries have been closed on this DuckDB instance');
    const account = new QueryAccount(this.#budget, limits.maxSamples);
    const label = { kind, text, client, principal };
    const running = new RunningQuery(++this.#lastId, label, this.#clock.nowMs(), account, clients);
    this.#running.add(running);
    const callOff = this.#clock.after(Math.min(limits.timeoutMs, LONGEST_TIMER_MS), () => {
      running.end(new Failure('queryTimedOut', `the query took longer than query_timeout_ms = ${limits.timeoutMs}`));
    });
    const gone = () => {
      const reason: unknown = signal?.reason;
      running.end(reason instanceof Failure ? reason : new Failure('queryCanceled', 'the client has gone'));
    };
    signal?.addEventListener('abort', gone, { once: true });
    if (signal?.aborted) gone();
    const forget = (error: unknown) => {
      this.counts.add(this.#clock.nowMs() - running.startedMs, error);
      callOff();
      signal?.removeEventListener('abort', gone);
      this.#running.delete(running);
      if (this.#running.size === 0) this.#whenIdle?.();
    };
    try {
      const leaveSlot = await this.#admitted.enter(running.signal);
      running.begin();
      return {
        running,
        /** Once, with why it failed if it did. */
        leave(error: unknown) {
          leaveSlot();
          forget(error);
        },
      };
    } catch (error) {
      forget(error);
      throw error;
    }
  }
}

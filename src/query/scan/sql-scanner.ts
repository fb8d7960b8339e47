// Scans → statements on connections of our own, and their rows as blocks.

import { type Clock, systemClock } from '../../base/clock.js';
import { Failure, messageOf } from '../../base/failure.js';
import { type RetryPolicy, retried } from '../../base/retry.js';
import { codeIn, SqlError } from '../../base/sql-error.js';
import type { TableHome } from '../../catalog/table-home.js';
import type { Database } from '../../duckdb/database.js';
import { isOutOfMemory, missingColumn, missingTable, withoutStatement } from '../../duckdb/errors.js';
import { ReadConnection } from '../../duckdb/read-connection.js';
import type { LiveRows } from '../../live/live-rows.js';
import { columnsKnown } from '../../schema/column-declaration.js';
import type { Principal } from '../../server/identity/principal.js';
import { type TableState, tablesIn, withRelations } from './relations.js';
import type { ColumnBlock, Scanner, ScanRequest } from './scanner.js';
import type { StatementSlots } from './statement-slots.js';

/** Connections that are kept open for the next scan: opening one takes a tenth of a millisecond. */
const MAX_IDLE_CONNECTIONS = 8;

/** A table that lacked a column may have got it since. To find out costs a statement that fails. */
const OLDER_FOR_MS = 60_000;
/** Tables that are remembered to lack a column. All are forgotten beyond that. */
const MAX_OLDER = 1000;

/** A commit that a query must not see in part takes some tenths of a second. */
const CONFLICT_RETRY: RetryPolicy = {
  attempts: 20,
  longestPauseMs: () => 200,
  isWorthwhile: (error) => codeIn(messageOf(error)) === 'OTLP_LIVE_CONFLICT',
};

/** Whose rows are scanned, and where. */
export interface ScanOrigin {
  readonly home: TableHome;
  readonly principal: Principal;
}

/** Scans of one DuckDB instance. */
export class SqlScans {
  readonly #database: Database;
  readonly #live: LiveRows;
  readonly #slots: StatementSlots;
  readonly #idle: ReadConnection[] = [];
  readonly #clock: Clock;
  /** Tables that lacked a column of ours, and until when they are read with all columns, NULL where they have none. */
  readonly #olderUntilMs = new Map<string, number>();
  #inUse = 0;
  #whenUnused: (() => void) | undefined;
  #isClosed = false;

  constructor(database: Database, live: LiveRows, slots: StatementSlots, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#database = database;
    this.#live = live;
    this.#slots = slots;
  }

  scanner(origin: ScanOrigin): Scanner {
    return { scan: (request, signal) => this.#scan(origin, request, signal) };
  }

  /** Refuses new scans, and resolves when those that run have ended. Whoever runs them ends them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#inUse > 0) {
      await new Promise<void>((resolve) => {
        this.#whenUnused = resolve;
      });
    }
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  async *#scan(origin: ScanOrigin, request: ScanRequest, signal: AbortSignal): AsyncGenerator<ColumnBlock, void> {
    signal.throwIfAborted();
    const connection = await this.#take();
    const inSlot = <T>(call: () => Promise<T>) => this.#slots.use(signal, () => connection.interruptible(signal, call));
    try {
      // What fails after the first block cannot be tried again: its rows are gone.
      let block = await retried(CONFLICT_RETRY, () => inSlot(() => this.#firstBlock(connection, origin, request)));
      for (; block !== undefined; block = await inSlot(() => connection.next())) yield block;
    } catch (error) {
      throw request.fenced === undefined ? explained(error, signal) : explainedToClient(error, signal);
    } finally {
      await this.#giveBack(connection);
    }
  }

  async #take(): Promise<ReadConnection> {
    if (this.#isClosed) throw new Failure('stopping', 'the database is being closed');
    this.#inUse++;
    try {
      return this.#idle.pop() ?? (await ReadConnection.open(this.#database));
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async #giveBack(connection: ReadConnection): Promise<void> {
    try {
      await connection.end();
      if (this.#idle.length < MAX_IDLE_CONNECTIONS) this.#idle.push(connection);
      else connection.close();
    } catch {
      // Closing it ends the statement too. The scan is over: whoever asked for it has its rows, or why they ended.
      connection.close();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    if (--this.#inUse === 0) this.#whenUnused?.();
  }

  /** Begins the statement, with what is not known of its tables found out by failures: they are as expected nearly always. */
  async #firstBlock(
    connection: ReadConnection,
    { home, principal }: ScanOrigin,
    { sql, fenced, parameters = [], reader }: ScanRequest,
  ): Promise<ColumnBlock | undefined> {
    const tables = tablesIn(sql);
    const keyOf = (table: string) => JSON.stringify([home.catalog, home.schema, table]);
    const states = new Map<string, TableState>();
    for (const { name } of tables) if (this.#isOlder(keyOf(name))) states.set(name, 'older');
    for (;;) {
      try {
        const statement = withRelations(sql, this.#live, { home, principal, states, reader });
        if (fenced === undefined) await connection.start(statement, parameters);
        else await connection.startFenced(statement + fenced);
        return await connection.next();
      } catch (error) {
        const absent = missingTable(error);
        const column = missingColumn(error);
        const found = tables.filter((table) =>
          absent === undefined
            ? !states.has(table.name) && columnsKnown(table).some((declared) => declared.name === column)
            : table.name === absent && states.get(table.name) !== 'absent',
        );
        if (found.length === 0) throw error;
        for (const { name } of found) {
          states.set(name, absent === undefined ? 'older' : 'absent');
          if (absent === undefined) this.#noteOlder(keyOf(name));
        }
      }
    }
  }

  #isOlder(table: string): boolean {
    return this.#clock.nowMs() < (this.#olderUntilMs.get(table) ?? -Infinity);
  }

  #noteOlder(table: string): void {
    if (this.#olderUntilMs.size >= MAX_OLDER) this.#olderUntilMs.clear();
    this.#olderUntilMs.set(table, this.#clock.nowMs() + OLDER_FOR_MS);
  }
}

/** What a client can read of an error. The reason of an abort stays what it is. */
function explained(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof SqlError || error instanceof Failure) return error;
  const text = withoutStatement(messageOf(error));
  const code = codeIn(text);
  if (code !== undefined) return new SqlError(code, text, { cause: error });
  if (isOutOfMemory(error)) {
    return new Failure('queryTooLarge', `DuckDB has too little memory for this query: ${text}`, { cause: error });
  }
  return new Failure('internal', `cannot read telemetry: ${text}`, { cause: error });
}

/** The same of a statement that the client has written: what DuckDB does not like of it is for the client to mend. */
function explainedToClient(error: unknown, signal: AbortSignal): unknown {
  const known = explained(error, signal);
  const isClients = known instanceof SqlError ? known.code !== 'OTLP_LIVE_CONFLICT' : isInternal(known);
  if (!isClients) return known;
  return new Failure('malformed', withoutStatement(messageOf(error)), { cause: error });
}

function isInternal(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'internal';
}

// Rows that servers hold in memory → queries that read them, beside the tables or alone. Every row once: which rows are in
// memory is decided when a query begins to read them; which of those its tables show too, its own transaction knows. See
// docs/decisions/0010-live-reads.md.

import { SqlError, withCode } from '../base/sql-error.js';
import type { GenerationRows } from '../buffer/generation.js';
import type { LiveTables } from '../catalog/live-tables.js';
import type { AskedHome, TableHome } from '../catalog/table-home.js';
import { tableName } from '../catalog/tables.js';
import type { QueryCaller } from '../duckdb/query-function.js';
import { partColumns, type RowSource, rowScanSql, type ScanPart } from '../duckdb/row-scan.js';
import { quotedIdentifier, quotedString } from '../duckdb/sql-text.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { telemetryTables } from '../schema/tables.js';
import type { KeptGenerations } from '../seal/kept-generations.js';
import type { Sealer } from '../seal/sealer.js';

/** Servers that have stopped, and whose last rows a transaction may still miss. Each takes some hundred bytes. */
const MAX_ENDED = 1000;
/** Cursors of `otlp_tail` that are kept. Each takes some hundred bytes. The least recently used one is evicted. */
const MAX_READERS = 100;
/** How far the clock may be set back while a transaction is open that a server of its tables stops in. */
const CLOCK_SLACK_MS = 1000;
/** INT64_MAX: a no-op LIMIT, because DuckDB does not push filters below one. */
const NO_LIMIT = '9223372036854775807';

/** A server as far as readers of its rows are concerned. */
export interface Feeder {
  readonly listenUri: string;
  /** The same for servers, one after the other, that commit in one order. */
  readonly serverId: string;
  readonly tables: LiveTables;
  readonly held: Pick<Sealer, 'kept' | 'waiting' | 'hasWaiting' | 'positionOf' | 'openGeneration' | 'isCommitting'>;
}

type Asked =
  | {
      readonly kind: 'live';
      readonly home: TableHome;
      readonly transactionStartMs: number;
      /** The generations that were left out of the committed rows, where that had to be known when the query was planned. */
      readonly planned?: readonly string[];
    }
  | ({ readonly kind: 'waiting' } & AskedHome)
  | ({ readonly kind: 'new'; readonly reader: string } & AskedHome);
type AskedFor<Kind> = Extract<Asked, { kind: Kind }>;

/** What a scan is asked for. The scans of one query differ by what is computed of their rows. */
type Request = Asked & { readonly table: string; readonly computed: string };

export class LiveRows implements RowSource {
  readonly #running = new Set<Feeder>();
  /** Of servers that have stopped: what they had committed. */
  readonly #ended: Feeder[] = [];
  /** By reader and table: how many of each server's rows have been read. */
  readonly #readers = new Map<string, WeakMap<KeptGenerations, number>>();

  add(feeder: Feeder): void {
    this.#running.add(feeder);
  }

  /** The server holds no rows any more but those it has committed. */
  end(feeder: Feeder): void {
    if (!this.#running.delete(feeder)) return;
    const { listenUri, serverId, tables, held } = feeder;
    const committed = new Map(
      telemetryTables.map((table) => [table, held.positionOf(table) - waitingRows(held, table)]),
    );
    this.#ended.push({
      listenUri,
      serverId,
      tables,
      held: {
        kept: held.kept,
        waiting: () => [],
        hasWaiting: () => false,
        positionOf: (table) => committed.get(table)!,
        openGeneration: held.openGeneration,
        isCommitting: false,
      },
    });
    if (this.#ended.length > MAX_ENDED) this.#ended.shift();
  }

  /** The query of a table's committed rows and those in memory, which a function of this name stands for. */
  liveSql(
    name: string,
    table: TelemetryTable,
    { transactionStartMs }: Pick<QueryCaller, 'transactionStartMs'>,
    home: TableHome,
  ): string {
    const feeders = this.#feedersOf(home, transactionStartMs);
    const tables = feeders.at(-1)?.tables;
    if (tables === undefined) return `SELECT * FROM ${tableName(home, table)}`;
    const planned = tables.toldApart === 'when planned' ? [...generationsOf(feeders, table)] : undefined;
    const asked: Asked = { kind: 'live', home, transactionStartMs, ...(planned && { planned }) };
    const scans = distinctComputed(feeders, table).map(([computed, columns]) => {
      const uncommitted = `SELECT * FROM ${scanSql({ ...asked, table: table.name, computed })}
        WHERE CASE WHEN ${tables.isCommittedSql} THEN false
          WHEN ${partColumns.isReleased.name} THEN error(${releasedErrorSql(name)}) ELSE true END
        LIMIT ${NO_LIMIT}`;
      return `SELECT ${columns.join(', ')} FROM (${uncommitted})`;
    });
    // Servers that export to one folder learn of its first file at different times. One that has stopped may have exported
    // to another folder.
    const committed = feeders.map((feeder) => feeder.tables.committedSql(table, planned ?? [])).findLast(Boolean);
    return [...(committed === undefined ? [] : [committed]), ...scans].join(' UNION ALL BY NAME ');
  }

  /**
   * The same query for a transaction that has yet to begin, and that no other one can share. It sees all that is committed by now, so
   * that memory is read only where rows of the table wait there: planning that takes longer than planning the rest.
   */
  upcomingSql(table: TelemetryTable, home: TableHome): string {
    const transactionStartMs = Date.now();
    const feeders = this.#feedersOf(home, transactionStartMs);
    const areAllCommitted = feeders.every(
      ({ tables, held }) => tables.toldApart === 'in any transaction' && !held.hasWaiting(table),
    );
    if (areAllCommitted) return `SELECT * FROM ${tableName(home, table)}`;
    return this.liveSql(table.name, table, { transactionStartMs }, home);
  }

  /** The query of rows that are not committed, of all servers or of those that feed a catalog, a schema. */
  waitingSql(table: TelemetryTable, asked: AskedHome): string {
    return this.#memorySql(table, { kind: 'waiting', ...asked });
  }

  /** The query of rows that have come since a reader of this name ran it last, to any server or to those that feed a home; of none at the first time. */
  newSql(table: TelemetryTable, reader: string, asked: AskedHome = { catalog: null, schema: null }): string {
    return this.#memorySql(table, { kind: 'new', reader, ...asked });
  }

  #memorySql(table: TelemetryTable, asked: Asked): string {
    const distinct = distinctComputed([...this.#running, ...this.#ended], table);
    // Without servers too, so that the columns are there.
    if (distinct.length === 0) distinct.push(['[]', columnsOf(table, [])]);
    return distinct
      .map(([computed, columns]) => {
        const listed = [...columns, `${partColumns.listenUri.name} AS listen_uri`];
        const scan = scanSql({ ...asked, table: table.name, computed });
        return `SELECT ${listed.join(', ')} FROM ${scan} WHERE ${partColumns.isNew.name}`;
      })
      .join(' UNION ALL BY NAME ');
  }

  tableOf(request: string): TelemetryTable {
    const { table } = JSON.parse(request) as Request;
    return telemetryTables.find(({ name }) => name === table)!;
  }

  read(text: string): readonly ScanPart[] {
    const request = JSON.parse(text) as Request;
    const table = this.tableOf(text);
    const isAskedFor = ({ tables }: Feeder) => signature(tables, table) === request.computed;
    switch (request.kind) {
      case 'live':
        return this.#readLive(request, table, isAskedFor);
      case 'waiting':
        return [...this.#running]
          .filter((feeder) => isAskedFor(feeder) && isPartOf(feeder.tables.home, request))
          .flatMap((feeder) => feeder.held.waiting(table).map((rows) => partOf(feeder, rows)));
      case 'new':
        return this.#readNew(request, table, isAskedFor);
    }
  }

  #readLive(
    request: AskedFor<'live'>,
    table: TelemetryTable,
    isAskedFor: (feeder: Feeder) => boolean,
  ): readonly ScanPart[] {
    const all = this.#feedersOf(request.home, request.transactionStartMs);
    const feeders = all.filter(isAskedFor);
    const parts = feeders.flatMap((feeder) => heldRows(feeder, table).map((rows) => partOf(feeder, rows)));
    for (const feeder of feeders) checkQuiet(feeder, request);
    // First, so that no LIMIT ends the scan before them.
    if (request.planned === undefined) return [...releasedParts(feeders), ...parts];
    checkPlanned(request.planned, all, table, parts);
    return parts;
  }

  #readNew(
    { reader, ...asked }: AskedFor<'new'>,
    table: TelemetryTable,
    isAskedFor: (feeder: Feeder) => boolean,
  ): readonly ScanPart[] {
    const feeders = [...this.#ended, ...this.#running].filter(({ tables }) => isPartOf(tables.home, asked));
    const key = JSON.stringify([reader, table.name]);
    const known = this.#readers.get(key);
    const positions = known ?? new WeakMap<KeptGenerations, number>();
    this.#readers.delete(key);
    this.#readers.set(key, positions);
    if (this.#readers.size > MAX_READERS) this.#readers.delete(this.#readers.keys().next().value!);
    // At the first call, all rows that there are count as read, those of the query's other scans too.
    if (known === undefined) for (const { held } of feeders) positions.set(held.kept, held.positionOf(table));
    return feeders.filter(isAskedFor).flatMap((feeder) => {
      const end = feeder.held.positionOf(table);
      // Of a server that was not there at the last call no row has been read.
      const from = positions.get(feeder.held.kept) ?? 0;
      positions.set(feeder.held.kept, end);
      const held = heldRows(feeder, table);
      const missed = (held[0]?.rowsBefore ?? end) - from;
      if (missed > 0) {
        throw new SqlError(
          'OTLP_ROWS_MISSED',
          `${missed} rows of ${feeder.listenUri} left memory before reader ${reader} asked for them: they were committed to ${table.name}, or set aside as dead letters`,
        );
      }
      return held
        .filter(({ rowsBefore, rows }) => rowsBefore + rows > from)
        .map((rows) => partOf(feeder, rows, Math.max(0, from - rows.rowsBefore)));
    });
  }

  /** The servers that feed a catalog and schema, as far as a transaction may have missed rows of theirs; the latest last. */
  #feedersOf(home: TableHome, transactionStartMs: number): readonly Feeder[] {
    const isMissed = ({ held }: Feeder) => held.kept.lastCommittedAtMs + CLOCK_SLACK_MS >= transactionStartMs;
    return [...this.#ended.filter(isMissed), ...this.#running].filter(({ tables }) => isPartOf(tables.home, home));
  }
}

/** The rows for a table that are in memory, oldest first. */
function heldRows({ held }: Feeder, table: TelemetryTable): readonly GenerationRows[] {
  return [...held.kept.generations.flatMap((generation) => generation.rowsFor(table) ?? []), ...held.waiting(table)];
}

function waitingRows(held: Feeder['held'], table: TelemetryTable): number {
  return held.waiting(table).reduce((sum, { rows }) => sum + rows, 0);
}

function generationsOf(feeders: readonly Feeder[], table: TelemetryTable): Set<string> {
  return new Set(feeders.flatMap((feeder) => heldRows(feeder, table).map(({ id }) => id)));
}

function partOf({ listenUri }: Feeder, rows: GenerationRows, oldRows = 0): ScanPart {
  return { listenUri, generation: rows.id, rows, oldRows };
}

/**
 * A part for each server that stands for all that it has committed and keeps no more. A snapshot that shows it shows what
 * came before, too; of servers that followed each other, it is enough to see the last.
 */
function releasedParts(feeders: readonly Feeder[]): readonly ScanPart[] {
  const parts = new Map<string, ScanPart>();
  for (const { listenUri, serverId, held } of feeders) {
    const { lastReleased } = held.kept;
    if (lastReleased === undefined) continue;
    parts.set(serverId, { listenUri, generation: lastReleased, rows: undefined, oldRows: 0 });
  }
  return [...parts.values()];
}

function releasedErrorSql(name: string): string {
  const start = `${name}() cannot be read in this transaction: it began before rows of `;
  const end =
    ' were committed that have left memory; rows stay there for 30 seconds after their commit, or less if there is no room. Begin a new transaction';
  return `concat(${quotedString(start)}, ${partColumns.listenUri.name}, ${quotedString(withCode('OTLP_LIVE_CONFLICT', end))})`;
}

/** Throws where a commit may be seen in part: one that was not over when the transaction of a query began. */
function checkQuiet({ tables, held }: Feeder, { home, transactionStartMs }: AskedFor<'live'>): void {
  if (tables.toldApart !== 'while nothing is committed') return;
  if (!held.isCommitting && held.kept.lastCommittedAtMs < transactionStartMs) return;
  throw new SqlError(
    'OTLP_LIVE_CONFLICT',
    `cannot read live rows of ${home.catalog}.${home.schema}: rows were being committed since the transaction began, and the tables show them at different times; run the query again, in a new transaction`,
  );
}

/** Throws unless the rows in memory now are those that were left out of the committed ones at planning, or came later. */
function checkPlanned(
  planned: readonly string[],
  feeders: readonly Feeder[],
  table: TelemetryTable,
  parts: readonly ScanPart[],
): void {
  const known = new Set([...planned, ...feeders.map(({ held }) => held.openGeneration)]);
  const present = generationsOf(feeders, table);
  if (parts.every(({ generation }) => known.has(generation)) && planned.every((id) => present.has(id))) return;
  throw new SqlError(
    'OTLP_LIVE_CONFLICT',
    `rows of ${table.name} were exported while the query was being planned: run it again`,
  );
}

/** What is computed of a table's rows, by a text that is equal where that is: each with the columns of a SELECT. */
function distinctComputed(
  feeders: readonly Feeder[],
  table: TelemetryTable,
): [signature: string, columns: readonly string[]][] {
  const distinct = new Map(feeders.map(({ tables }) => [signature(tables, table), tables.computed(table)]));
  return [...distinct].map(([text, computed]) => [text, columnsOf(table, computed)]);
}

function columnsOf(table: TelemetryTable, computed: ReturnType<LiveTables['computed']>): readonly string[] {
  return [
    ...table.columns.map(({ name }) => quotedIdentifier(name)),
    ...computed.map(({ name, sql }) => `${sql} AS ${quotedIdentifier(name)}`),
  ];
}

function signature(tables: LiveTables, table: TelemetryTable): string {
  return JSON.stringify(tables.computed(table).map(({ name, sql }) => [name, sql]));
}

function scanSql(request: Request): string {
  return rowScanSql(JSON.stringify(request));
}

/** Whether a home is in the catalog and schema asked for, where they are. SQL does not mind the case of names. */
function isPartOf(home: TableHome, asked: AskedHome): boolean {
  const matches = (name: string, wanted: string | null) =>
    wanted === null || name.toLowerCase() === wanted.toLowerCase();
  return matches(home.catalog, asked.catalog) && matches(home.schema, asked.schema);
}

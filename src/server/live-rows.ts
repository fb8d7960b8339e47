// Rows that servers hold in memory → queries that read them, beside the tables or alone. Every row once: which rows are in
// memory is decided when a query begins to read them; which of those its tables show too, its own transaction knows.

import type { GenerationRows } from '../buffer/generation.js';
import type { LiveTables } from '../catalog/live-tables.js';
import { type TableHome, tableName } from '../catalog/tables.js';
import { partColumns, type RowSource, rowScanSql, type ScanPart } from '../duckdb/row-scan.js';
import { quotedIdentifier, quotedString } from '../duckdb/sql-text.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { telemetryTables } from '../schema/tables.js';
import type { KeptGenerations } from '../seal/kept-generations.js';
import type { Sealer } from '../seal/sealer.js';

/** Servers that have stopped, and whose last rows a transaction may still miss. Each takes some hundred bytes. */
const MAX_ENDED = 1000;
/** Readers of new rows that are remembered. Each takes some hundred bytes; the one that has not asked longest goes. */
const MAX_READERS = 100;
/** A limit that is none. DuckDB moves no condition of the user's below it. */
const NO_LIMIT = '9223372036854775807';

/** A server as far as readers of its rows are concerned. */
export interface Feeder {
  readonly listenUri: string;
  readonly tables: LiveTables;
  readonly sealer: Pick<Sealer, 'kept' | 'waiting' | 'positionOf' | 'openGeneration'>;
}

interface EndedFeeder {
  readonly listenUri: string;
  readonly tables: LiveTables;
  readonly kept: KeptGenerations;
}

/** What a scan is asked for, in the text of the query that it is part of. */
type Asked =
  /** `planned`: the generations that were left out of the committed rows, where that had to be known then. */
  | { readonly kind: 'live'; readonly home: TableHome; readonly planned?: readonly string[] }
  | { readonly kind: 'waiting'; readonly catalog: string | null; readonly schema: string | null }
  | { readonly kind: 'new'; readonly reader: string };

/** The scans of one query differ by what is computed of their rows. */
type Request = Asked & { readonly table: string; readonly computed: string };

export class LiveRows implements RowSource {
  readonly #feeders = new Set<Feeder>();
  readonly #ended: EndedFeeder[] = [];
  /** By reader and table: how far each server's rows have been read. */
  readonly #readers = new Map<string, WeakMap<Feeder, number>>();

  add(feeder: Feeder): void {
    this.#feeders.add(feeder);
  }

  /** The server holds no rows any more but those it has committed. */
  end(feeder: Feeder): void {
    if (!this.#feeders.delete(feeder)) return;
    this.#ended.push({ listenUri: feeder.listenUri, tables: feeder.tables, kept: feeder.sealer.kept });
    if (this.#ended.length > MAX_ENDED) this.#ended.shift();
  }

  /** The query of a table's committed rows and those in memory. `caller` says which function asks, for errors. */
  liveSql(caller: string, table: TelemetryTable, home: TableHome): string {
    const feeders = [...this.#feeders, ...this.#ended].filter(({ tables }) => isSame(tables.home, home));
    const tables = feeders[0]?.tables;
    if (tables === undefined) return `SELECT * FROM ${tableName(home, table)}`;
    const planned = tables.toldApartBy === 'planning' ? this.#generations(table, home) : undefined;
    const scans = distinctComputed(feeders, table).map(([computed, columns]) => {
      const request: Request = { kind: 'live', table: table.name, computed, home, ...(planned && { planned }) };
      const uncommitted = `SELECT * FROM ${scanSql(request)}
        WHERE CASE WHEN ${tables.isCommittedSql} THEN false
          WHEN ${partColumns.isReleased.name} THEN error(${releasedErrorSql(caller)}) ELSE true END
        LIMIT ${NO_LIMIT}`;
      return `SELECT ${columns.join(', ')} FROM (${uncommitted})`;
    });
    const committed = feeders.map((feeder) => feeder.tables.committedSql(table, planned ?? [])).find(Boolean);
    return [...(committed === undefined ? [] : [committed]), ...scans].join(' UNION ALL BY NAME ');
  }

  /** The query of rows that are not committed, of all servers or of those that feed a catalog, a schema. */
  waitingSql(table: TelemetryTable, catalog: string | null, schema: string | null): string {
    return this.#memorySql(table, { kind: 'waiting', catalog, schema });
  }

  /** The query of rows that have come since a reader of this name ran it last; of none at the first time. */
  newSql(table: TelemetryTable, reader: string): string {
    return this.#memorySql(table, { kind: 'new', reader });
  }

  #memorySql(table: TelemetryTable, asked: Asked): string {
    const signatures = distinctComputed([...this.#feeders], table);
    // Without servers too, so that the columns are there and a server may start before the rows are read.
    if (signatures.length === 0) signatures.push(['[]', columnsOf(table, [])]);
    return signatures
      .map(([computed, columns]) => {
        const listed = [...columns, `${partColumns.listenUri.name} AS listen_uri`];
        const request: Request = { ...asked, table: table.name, computed };
        return `SELECT ${listed.join(', ')} FROM ${scanSql(request)} WHERE ${partColumns.isNew.name}`;
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
    switch (request.kind) {
      case 'live':
        return this.#readLive(request, table);
      case 'waiting':
        return this.#feedersOf(request, table)
          .filter(({ tables: { home } }) => isPartOf(home, request))
          .flatMap((feeder) => feeder.sealer.waiting(table).map((rows) => partOf(feeder, rows)));
      case 'new':
        return this.#readNew(request, table);
    }
  }

  #readLive(request: Extract<Request, { kind: 'live' }>, table: TelemetryTable): readonly ScanPart[] {
    const ofHome = ({ tables }: EndedFeeder | Feeder) =>
      isSame(tables.home, request.home) && signature(tables, table) === request.computed;
    const running = [...this.#feeders].filter(ofHome);
    const ended = this.#ended.filter(ofHome);
    const parts = [
      ...ended.flatMap((feeder) => keptParts(feeder, feeder.kept, table)),
      ...running.flatMap((feeder) => [
        ...keptParts(feeder, feeder.sealer.kept, table),
        ...feeder.sealer.waiting(table).map((rows) => partOf(feeder, rows)),
      ]),
    ];
    if (request.planned === undefined) {
      const released = [...ended, ...running.map(({ listenUri, sealer: { kept } }) => ({ listenUri, kept }))];
      // First, so that no LIMIT ends the scan before them.
      return [...released.flatMap(({ listenUri, kept }) => releasedPart(listenUri, kept)), ...parts];
    }
    this.#checkPlanned(request, table, parts, running);
    return parts;
  }

  /** Throws unless rows that are in memory now are exactly those that were left out of the committed ones at planning. */
  #checkPlanned(
    request: Extract<Request, { kind: 'live' }>,
    table: TelemetryTable,
    parts: readonly ScanPart[],
    running: readonly Feeder[],
  ): void {
    const open = new Set(running.map(({ sealer }) => sealer.openGeneration));
    const planned = new Set(request.planned);
    const present = new Set(this.#generations(table, request.home));
    const isUnchanged =
      parts.every(({ generation }) => planned.has(generation) || open.has(generation)) &&
      [...planned].every((generation) => present.has(generation));
    if (isUnchanged) return;
    throw new Error(
      `rows of ${request.home.catalog}.${request.home.schema}.${request.table} were exported while the query was being planned: run it again`,
    );
  }

  /** Ids of the generations whose rows for a table of a target are in memory, or may come to be while they are open. */
  #generations(table: TelemetryTable, home: TableHome): readonly string[] {
    const ofHome = ({ tables }: EndedFeeder | Feeder) => isSame(tables.home, home);
    const running = [...this.#feeders].filter(ofHome);
    const kept = [...this.#ended.filter(ofHome), ...running.map(({ sealer }) => sealer)].flatMap((feeder) =>
      feeder.kept.generations.filter((generation) => generation.rowsOf(table) > 0).map(({ id }) => id),
    );
    const waiting = running.flatMap(({ sealer }) => sealer.waiting(table).map(({ id }) => id));
    return [...new Set([...kept, ...waiting])];
  }

  #readNew({ reader, computed }: Extract<Request, { kind: 'new' }>, table: TelemetryTable): readonly ScanPart[] {
    const key = JSON.stringify([reader, table.name]);
    const read = this.#readers.get(key);
    const positions = read ?? new WeakMap<Feeder, number>();
    this.#readers.delete(key);
    this.#readers.set(key, positions);
    if (this.#readers.size > MAX_READERS) this.#readers.delete(this.#readers.keys().next().value!);
    const parts = this.#feedersOf({ computed }, table).flatMap((feeder) => {
      const { kept, waiting } = { kept: feeder.sealer.kept.generations, waiting: feeder.sealer.waiting(table) };
      const end = feeder.sealer.positionOf(table);
      // Servers that were not there at the last call have no rows that were read; at the first call, all were.
      const from = positions.get(feeder) ?? (read === undefined ? end : 0);
      positions.set(feeder, end);
      const rows = [...kept.flatMap((generation) => generation.rowsFor(table) ?? []), ...waiting];
      const first = rows[0]?.rowsBefore ?? end;
      if (first > from) {
        throw new Error(
          `${first - from} rows of ${feeder.listenUri} were committed and released before reader ${reader} asked for them; they are in ${table.name}`,
        );
      }
      return rows
        .filter(({ rowsBefore, rows }) => rowsBefore + rows > from)
        .map((ofGeneration) => partOf(feeder, ofGeneration, Math.max(0, from - ofGeneration.rowsBefore)));
    });
    return parts;
  }

  #feedersOf({ computed }: { computed: string }, table: TelemetryTable): readonly Feeder[] {
    return [...this.#feeders].filter(({ tables }) => signature(tables, table) === computed);
  }
}

function keptParts({ listenUri }: EndedFeeder | Feeder, kept: KeptGenerations, table: TelemetryTable): ScanPart[] {
  return kept.generations.flatMap((generation) => {
    const rows = generation.rowsFor(table);
    return rows === undefined ? [] : [partOf({ listenUri }, rows)];
  });
}

function partOf({ listenUri }: { listenUri: string }, rows: GenerationRows, oldRows = 0): ScanPart {
  return { listenUri, generation: rows.id, rows, oldRows };
}

/** Stands for all that a server has committed and keeps no more. A snapshot that shows it shows what came before, too. */
function releasedPart(listenUri: string, { lastReleased }: KeptGenerations): ScanPart[] {
  if (lastReleased === undefined) return [];
  return [{ listenUri, generation: lastReleased, rows: undefined, oldRows: 0 }];
}

function releasedErrorSql(caller: string): string {
  const start = `${caller} cannot be read in this transaction: it began before rows of `;
  const end =
    ' were committed that are in memory no longer; they stay there for 30 seconds, and less where there is no room. Begin a new transaction';
  return `concat(${quotedString(start)}, ${partColumns.listenUri.name}, ${quotedString(end)})`;
}

/** What is computed of a table's rows, by a text that is equal where that is: each with the columns of a SELECT. */
function distinctComputed(
  feeders: readonly { readonly tables: LiveTables }[],
  table: TelemetryTable,
): [signature: string, columns: string[]][] {
  const distinct = new Map(feeders.map(({ tables }) => [signature(tables, table), tables.computed(table)]));
  return [...distinct].map(([text, computed]) => [text, columnsOf(table, computed)]);
}

function columnsOf(table: TelemetryTable, computed: ReturnType<LiveTables['computed']>): string[] {
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

/** SQL does not mind the case of names. */
function isSame(home: TableHome, { catalog, schema }: TableHome): boolean {
  return isPartOf(home, { catalog, schema });
}

function isPartOf(home: TableHome, asked: { catalog: string | null; schema: string | null }): boolean {
  const matches = (name: string, wanted: string | null) =>
    wanted === null || name.toLowerCase() === wanted.toLowerCase();
  return matches(home.catalog, asked.catalog) && matches(home.schema, asked.schema);
}

// How the tables of a target are read together with rows in memory, each row from one of the two places.

import { SqlError } from '../base/sql-error.js';
import { GENERATION_ID_LENGTH } from '../buffer/generation.js';
import { partColumns } from '../duckdb/row-scan.js';
import { qualifiedName, quotedIdentifier, quotedString } from '../duckdb/sql-text.js';
import { columnsStored, type RowContents, type TelemetryTable } from '../schema/column-declaration.js';
import { sealsTable } from '../schema/seals.js';
import type { PromotedColumn } from './promoted-columns.js';
import type { TableHome } from './table-home.js';
import { tableName } from './tables.js';

export interface LiveTables {
  readonly home: TableHome;
  /** Columns that rows get beside those of their table, as SQL over those. */
  readonly computed: (table: TelemetryTable) => readonly Pick<PromotedColumn, 'name' | 'sql'>[];
  /**
   * What tells rows in the tables from rows in memory: the transaction of the query, by the seals that it sees, `in any
   * transaction` or only `while nothing is committed`; or nothing that DuckDB knows, so that it has to be known which
   * generations there are `when planned`.
   */
  readonly toldApart: 'in any transaction' | 'while nothing is committed' | 'when planned';
  /** The rows of a table, without those of the generations named; undefined when nothing was committed yet. */
  committedSql(table: TelemetryTable, generations: readonly string[]): string | undefined;
  /** Whether a row of a scan is in the tables too. */
  readonly isCommittedSql: string;
}

/** Columns of rows in memory beyond those that every table has, as `computed` gives them. */
export function storedBesides(
  table: TelemetryTable,
  contents: RowContents,
): readonly Pick<PromotedColumn, 'name' | 'sql'>[] {
  return columnsStored(table, contents)
    .slice(table.columns.length)
    .map(({ name }) => ({ name, sql: quotedIdentifier(name) }));
}

/** Tables with `otlp_seals`. */
export function recordedTables(
  home: TableHome,
  computed: LiveTables['computed'],
  toldApart: LiveTables['toldApart'],
): LiveTables {
  const seals = qualifiedName(home.catalog, home.schema, sealsTable.name);
  return {
    home,
    computed,
    toldApart,
    committedSql: (table) => `SELECT * FROM ${tableName(home, table)}`,
    isCommittedSql: `${partColumns.generation.name} IN (SELECT seal_id FROM ${seals} WHERE seal_id IS NOT NULL)`,
  };
}

/** Tables that cannot be read beside rows in memory, and why. */
export function tablesApart(home: TableHome, computed: LiveTables['computed'], why: string): LiveTables {
  const refuse = (): never => {
    throw new SqlError('OTLP_LIVE_UNSUPPORTED', `cannot read live rows of ${home.catalog}.${home.schema}: ${why}`);
  };
  return {
    home,
    computed,
    toldApart: 'when planned',
    committedSql: refuse,
    isCommittedSql: 'false',
  };
}

/** Condition of rows that lie in files of other generations than those named: the names of files begin with the id. */
export function isOfOtherGenerations(generations: readonly string[]): string {
  if (generations.length === 0) return 'true';
  const ids = generations.map(quotedString).join(', ');
  return `left(parse_filename(filename), ${GENERATION_ID_LENGTH}) NOT IN (${ids})`;
}

// What differs between the kinds of catalog that DuckDB attaches, as data: everything else about a commit is the same.

import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database } from '../duckdb/database.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { SealIdentity } from './seal-target.js';
import type { TableHome } from './table-home.js';

export interface DescribedSeal extends SealIdentity {
  /** Names the rows, over all attempts to commit them. */
  readonly id: string;
  readonly rows: number;
  /** Sequence of the oldest journal record whose rows are in it; 0 without a journal. */
  readonly firstRecord: number;
}

export interface Files {
  readonly files: number;
  readonly bytes: number;
}

export interface CatalogKind {
  /** Prepares a connection that will write. Rejects when the catalog cannot be written to safely. */
  prepareWriter?(writer: DuckDBConnection, home: TableHome): Promise<void>;
  /** Sets what the catalog does with data files. */
  configure?(writer: DuckDBConnection, home: TableHome, options: ServeOptions): Promise<void>;
  /** Gives a table that was just created its layout, in the transaction that creates it. */
  layOut?(writer: DuckDBConnection, home: TableHome, table: TelemetryTable, options: ServeOptions): Promise<void>;
  /** Records in the open transaction which commit it is. */
  describeCommit?(writer: DuckDBConnection, home: TableHome, seal: DescribedSeal): Promise<void>;
  /**
   * Finds out whether a transaction took effect although its COMMIT failed, by the id that `describeCommit` wrote.
   * Resolves with whether its rows are durable; if not, none of them is.
   */
  settle?(writer: DuckDBConnection, home: TableHome, id: string, rows: ReadonlyMap<string, number>): Promise<boolean>;
  /**
   * Settles the last COMMIT of a server whose process has ended. If its rows are lost and the journal, whose oldest record is
   * `heldFrom`, has them, the commit is undone.
   */
  settleEarlier?(writer: DuckDBConnection, home: TableHome, serverId: string, heldFrom: number): Promise<void>;
  /** How long after BEGIN a transaction's files are safe from the catalog's own maintenance, on any host. */
  longestAppendMs?(options: ServeOptions): number;
  /** Whether a transaction over several tables commits all of them or none, where that is not certain. */
  commitsAllOrNothing?(database: Database, writer: DuckDBConnection, home: TableHome): Promise<boolean>;
  /** Whether a query sees each table as of its first read of that table, so that two tables may be inconsistent. */
  readonly readsTablesApart?: boolean;
  /** Whether the same transaction may succeed after this error: another writer came first. */
  isConflict?(error: unknown): boolean;
  /**
   * Upkeep by `CHECKPOINT <catalog>`: done now and then; or accepted by DuckDB, which then does nothing; or not wanted.
   */
  readonly checkpoint: 'compacts' | 'does nothing' | 'not wanted';
  /** How old rows are removed: a range of row ids, a day, or all of a table by one transaction. */
  readonly removal: 'in batches' | 'by day' | 'at once';
  /** Files of a table that the last transaction of this connection has removed as a whole. */
  droppedFiles?(connection: DuckDBConnection, home: TableHome, table: TelemetryTable): Promise<Files>;
  /** Files of a table that hold rows of one day alone, by that day as YYYY-MM-DD. */
  filesByDay?(
    connection: DuckDBConnection,
    home: TableHome,
    table: TelemetryTable,
  ): Promise<ReadonlyMap<string, Files>>;
  /** What users call it. */
  readonly name: 'duckdb' | 'ducklake' | 'iceberg' | 'other';
  /** Whether other hosts may write to it at the same time. */
  readonly isShared: boolean;
}

import type { Generation } from '../buffer/generation.js';
import type { Refusal } from '../duckdb/errors.js';
import type { CatalogKind } from './catalog-kind.js';
import type { LiveTables } from './live-tables.js';
import type { Retention } from './retention.js';

/** Where the time of a commit went. */
export interface CommitTiming {
  readonly appendMs: number;
  readonly commitMs: number;
}

/** Identifies a commit attempt in what the catalog records about it. */
export interface SealIdentity {
  /** Listen URI of the server. */
  readonly server: string;
  /** Id of the server's journal; without a journal, of this run. */
  readonly serverId: string;
  readonly sequence: number;
}

/** How far a server had come when it last committed. */
export interface LastSeal {
  readonly sealSequence: number;
  /** Newest journal record that was committed; 0 when none was. */
  readonly journalSequence: number;
}

/** Where generations become durable. */
export interface SealTarget {
  /** Name of the catalog as users gave it; empty for the database that the host opened. */
  readonly catalogName: string;
  readonly schemaName: string;
  /** What it is: `duckdb`, `ducklake`, `iceberg`, `parquet` or `other`. */
  readonly kindName: CatalogKind['name'] | 'parquet';
  /** Columns that hold promoted attributes, over all tables. */
  readonly promotedColumns: number;
  /** How its tables are read together with rows that are not committed yet. */
  readonly live: LiveTables;
  /** What keeps the catalog tidy; undefined where there is nothing to do. */
  readonly maintenance: Maintenance | undefined;
  /** How old rows leave it; undefined where they cannot. */
  readonly retention: Retention | undefined;
  /**
   * Commits every row of a generation, or rejects with none of them visible. Reads the generation, keeps nothing.
   * Rejects with a CommitConflict when another writer came first and the same commit may succeed now.
   */
  commit(generation: Generation, identity: SealIdentity): Promise<CommitTiming>;
  /**
   * What earlier runs of a server committed here. A journal names the oldest record that it still has: a COMMIT whose rows
   * were lost is undone if the journal has all of them.
   */
  lastSeal(serverId: string, heldFrom?: number): Promise<LastSeal>;
  /** What a commit error refuses, if it will refuse the same rows on every retry. */
  refusal(error: unknown): Refusal | undefined;
  close(): void;
}

/** Upkeep of a catalog, beside its seals. */
export interface Maintenance {
  /** Compacts and cleans up. Rejects with MaintenanceUnsupported when the catalog can never do that. */
  run(): Promise<void>;
  /** Ends a run in progress. */
  interrupt(): void;
}

/** Another writer changed the catalog first. Nothing was committed, and a retry may succeed. */
export class CommitConflict extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
    this.name = 'CommitConflict';
  }
}

export class MaintenanceUnsupported extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
    this.name = 'MaintenanceUnsupported';
  }
}

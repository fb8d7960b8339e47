// Generations → BEGIN, INSERT for each table with rows, COMMIT, in an attached catalog of any kind.

import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import { type Generation, rowsOf } from '../buffer/generation.js';
import type { Database } from '../duckdb/database.js';
import { type Refusal, refusalIn } from '../duckdb/errors.js';
import { quotedIdentifier } from '../duckdb/sql-text.js';
import { columnsStored, type RowContents, type TelemetryTable, tenantColumn } from '../schema/column-declaration.js';
import { sealsTable } from '../schema/seals.js';
import { tablesBySignal } from '../schema/tables.js';
import type { CatalogKind } from './catalog-kind.js';
import { type LiveTables, recordedTables, storedBesides, tablesApart } from './live-tables.js';
import type { PromotedColumn } from './promoted-columns.js';
import type { Retention } from './retention.js';
import type { SealRecords } from './seal-record.js';
import {
  CommitConflict,
  type CommitTiming,
  type LastSeal,
  type Maintenance,
  type SealIdentity,
  type SealTarget,
} from './seal-target.js';
import type { TableHome } from './table-home.js';
import { tableName } from './tables.js';

/**
 * What rows of a seal that is sorted may take in tables. A sort holds all of them at once: a million data points took 0.9 GB more. Seals
 * of 100,000 points are below it.
 */
const MAX_SORTED_BYTES = 96 << 20;

export interface CatalogTargetParts {
  readonly database: Database;
  /** The target's own connection, on which nothing else runs. */
  readonly writer: DuckDBConnection;
  readonly home: TableHome;
  readonly kind: CatalogKind;
  /** Name to show; empty for the database that the host opened. */
  readonly catalogName: string;
  readonly promoted: readonly PromotedColumn[];
  readonly contents: RowContents;
  readonly maintenance: Maintenance | undefined;
  readonly retention: Retention;
  /** Undefined where the table of seals does not exist and may not be made. */
  readonly seals: SealRecords | undefined;
  /**
   * Whether a transaction over several tables is all or nothing. Where it is not, a seal is recorded once its rows are
   * committed, so that no crash makes it look committed when it is not.
   */
  readonly isAtomic: boolean;
  /** A transaction that takes longer than this before its COMMIT is rolled back. */
  readonly longestAppendMs: number;
}

export class CatalogTarget implements SealTarget {
  readonly #parts: CatalogTargetParts;
  /**
   * The first COMMIT of each generation that failed but may have taken effect, as when a connection is lost. Dead letters may
   * be tried between two attempts at the waiting rows.
   */
  readonly #doubtful = new WeakMap<Generation, SealIdentity>();
  /** Rows that are committed, and whose seal is not recorded yet. */
  readonly #unrecorded = new WeakSet<Generation>();
  /** What earlier processes had committed to their journals when this one asked; until it commits for the first time. */
  readonly #continued = new Map<string, LastSeal>();

  readonly live: LiveTables;

  constructor(parts: CatalogTargetParts) {
    this.#parts = parts;
    this.live = liveTables(parts);
  }

  get catalogName(): string {
    return this.#parts.catalogName;
  }

  get schemaName(): string {
    return this.#parts.home.schema;
  }

  get kindName(): CatalogKind['name'] {
    return this.#parts.kind.name;
  }

  get promotedColumns(): number {
    return this.#parts.promoted.length * Object.values(tablesBySignal).flat().length;
  }

  get maintenance(): Maintenance | undefined {
    return this.#parts.maintenance;
  }

  get retention(): Retention {
    return this.#parts.retention;
  }

  async commit(generation: Generation, identity: SealIdentity): Promise<CommitTiming> {
    const { writer, home, kind, isAtomic } = this.#parts;
    const startedMs = performance.now();
    let isCommitting = false;
    try {
      if (this.#unrecorded.has(generation) || (await this.#isCommittedAlready(generation))) {
        this.#continued.delete(identity.serverId);
        if (!isAtomic) await this.#record(generation, identity);
        return { appendMs: 0, commitMs: performance.now() - startedMs };
      }
      await writer.run('BEGIN TRANSACTION');
      if (isAtomic) await this.#checkContinuation(identity.serverId);
      await this.#insert(generation);
      if (isAtomic) await this.#parts.seals?.add(generation, identity);
      const { id, rows, firstJournalSequence: firstRecord } = generation;
      await kind.describeCommit?.(writer, home, { ...identity, id, rows, firstRecord });
      const appendedMs = performance.now();
      this.#checkAge(appendedMs - startedMs);
      isCommitting = true;
      await writer.run('COMMIT');
      isCommitting = false;
      this.#continued.delete(identity.serverId);
      if (!isAtomic) await this.#record(generation, identity);
      return { appendMs: appendedMs - startedMs, commitMs: performance.now() - appendedMs };
    } catch (error) {
      await this.#rollback();
      // A conflict too: DuckDB sends an Iceberg commit again whose answer was lost, and that one conflicts with the first.
      if (isCommitting && !this.#doubtful.has(generation)) this.#doubtful.set(generation, identity);
      if (error instanceof Error && kind.isConflict?.(error)) throw new CommitConflict(error);
      throw error;
    }
  }

  /** Records a seal whose rows are committed. When that fails, another attempt does only this. */
  async #record(generation: Generation, identity: SealIdentity): Promise<void> {
    this.#unrecorded.add(generation);
    await this.#parts.writer.run('BEGIN TRANSACTION');
    await this.#parts.seals?.add(generation, identity);
    await this.#parts.writer.run('COMMIT');
  }

  /** Whether an attempt that failed in its COMMIT has committed the generation after all. */
  async #isCommittedAlready(generation: Generation): Promise<boolean> {
    const identity = this.#doubtful.get(generation);
    if (identity === undefined) return false;
    const { writer, home, kind, seals } = this.#parts;
    try {
      if (kind.settle !== undefined) return await kind.settle(writer, home, generation.id, this.#counts(generation));
      return seals === undefined ? false : await seals.has(generation.id, identity);
    } catch (cause) {
      throw new SqlError(
        'OTLP_COMMIT_UNKNOWN',
        `cannot tell whether seal ${identity.sequence} was committed: ${messageOf(cause)}`,
        { cause },
      );
    }
  }

  /** Rows that the transaction of a seal adds to each table, by the table's name. */
  #counts(generation: Generation): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const [signal, batches] of generation.batches) {
      for (const table of tablesBySignal[signal]) {
        const count = rowsOf(batches, table);
        if (count > 0) counts.set(table.name, count);
      }
    }
    if (this.#parts.seals !== undefined) counts.set(sealsTable.name, counts.size);
    return counts;
  }

  /**
   * A COMMIT of a process that was killed may reach its server after this process has asked for the last seal. What it
   * brought was replayed here, and must not be committed again.
   */
  async #checkContinuation(serverId: string): Promise<void> {
    const known = this.#continued.get(serverId);
    if (known === undefined) return;
    const { journalSequence } = (await this.#parts.seals?.last(serverId)) ?? known;
    if (journalSequence === known.journalSequence) return;
    throw new SqlError(
      'OTLP_JOURNAL_IN_USE',
      `journal ${serverId} was at record ${known.journalSequence} when the server started, and another process has committed records up to ${journalSequence} since: stop the server and start it again, its journal has the rest`,
    );
  }

  #checkAge(appendMs: number): void {
    const { longestAppendMs } = this.#parts;
    if (appendMs <= longestAppendMs) return;
    throw new SqlError(
      'OTLP_COMMIT_TOO_SLOW',
      `inserting took ${Math.round(appendMs)} ms, and after ${longestAppendMs} ms maintenance might remove the files: raise maintenance_retention_ms`,
    );
  }

  async lastSeal(serverId: string, heldFrom?: number): Promise<LastSeal> {
    const { kind, writer, home } = this.#parts;
    if (heldFrom !== undefined) await kind.settleEarlier?.(writer, home, serverId, heldFrom);
    const last = (await this.#parts.seals?.last(serverId)) ?? { sealSequence: 0, journalSequence: 0 };
    if (heldFrom !== undefined) this.#continued.set(serverId, last);
    return last;
  }

  refusal(error: unknown): Refusal | undefined {
    return refusalIn(error);
  }

  close(): void {
    this.#parts.maintenance?.interrupt();
    this.#parts.retention.interrupt();
    this.#parts.writer.closeSync();
  }

  async #insert(generation: Generation): Promise<void> {
    const { database, writer, contents } = this.#parts;
    for (const [signal, batches] of generation.batches) {
      for (const table of tablesBySignal[signal]) {
        if (batches.every((batch) => batch.rowsOf(table) === 0)) continue;
        const order = orderSql(table, generation, contents);
        await database.scans.read(batches, table, contents, (relation) =>
          writer.run(this.#insertSql(table, relation) + order),
        );
      }
    }
  }

  #insertSql(table: TelemetryTable, relation: string): string {
    const { home, promoted, contents } = this.#parts;
    const columns = [...columnsStored(table, contents), ...promoted]
      .map(({ name }) => quotedIdentifier(name))
      .join(', ');
    const values = ['*', ...promoted.map(({ sql }) => sql)].join(', ');
    return `INSERT INTO ${tableName(home, table)} (${columns}) SELECT ${values} FROM ${relation}`;
  }

  async #rollback(): Promise<void> {
    try {
      await this.#parts.writer.run('ROLLBACK');
    } catch {
      // A failed COMMIT has ended the transaction already, and then there is nothing to roll back. The error that
      // led here is the one to report.
    }
  }
}

/** Rows of one metric then lie together, and a query for it reads little else than its name (docs/decisions/0025-series-ids.md). */
function orderSql({ signal }: TelemetryTable, { storedBytes }: Generation, { tenants }: RowContents): string {
  if (signal !== 'metrics' || storedBytes > MAX_SORTED_BYTES) return '';
  return tenants === 'none' ? ' ORDER BY name' : ` ORDER BY ${tenantColumn.name}, name`;
}

function liveTables({ home, kind, promoted, contents, seals }: CatalogTargetParts): LiveTables {
  const added = (table: TelemetryTable) => [...storedBesides(table, contents), ...promoted];
  if (seals?.hasIds !== true) {
    return tablesApart(home, added, `${sealsTable.name} has to have a column seal_id, or create_tables to be true`);
  }
  return recordedTables(home, added, kind.readsTablesApart ? 'while nothing is committed' : 'in any transaction');
}

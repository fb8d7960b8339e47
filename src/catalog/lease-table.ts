// Rows of otlp_leases: which host does a job that one host does at a time.

import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError } from '../base/sql-error.js';
import type { Database } from '../duckdb/database.js';
import { isMissing } from '../duckdb/errors.js';
import { qualifiedName, quotedString } from '../duckdb/sql-text.js';
import { leasesTable } from '../schema/leases.js';
import type { CatalogKind } from './catalog-kind.js';
import type { Lease } from './retention.js';
import type { TableHome } from './table-home.js';
import { inTransaction } from './tables.js';

/** A host that died keeps a job from being done for so long. One that lives renews its lease long before. */
const LEASE_MS = 600_000;
/** Hosts that take a lease at the same moment get in each other's way, and all but one find it taken when they look again. */
const ATTEMPTS = 5;

export interface LeaseTableParts {
  readonly kind: CatalogKind;
  readonly job: string;
  /** Distinguishes whoever takes the lease from all others. */
  readonly holder: string;
  readonly createsTable: boolean;
}

export class LeaseTable implements Lease {
  readonly #database: Database;
  readonly #home: TableHome;
  readonly #table: string;
  readonly #kind: CatalogKind;
  readonly #job: string;
  readonly #holder: string;
  readonly #createsTable: boolean;
  /** On which the lease is taken. */
  readonly #taking = new Set<DuckDBConnection>();
  #isPrepared = false;

  constructor(database: Database, home: TableHome, { kind, job, holder, createsTable }: LeaseTableParts) {
    this.#database = database;
    this.#home = home;
    this.#table = qualifiedName(home.catalog, home.schema, leasesTable.name);
    this.#kind = kind;
    this.#job = job;
    this.#holder = holder;
    this.#createsTable = createsTable;
  }

  /** Makes the table with the row of the job, or finds it. */
  async prepare(): Promise<void> {
    if (this.#isPrepared) return;
    await this.#interruptibly(async (connection) => {
      if (await this.#exists(connection)) return;
      if (!this.#createsTable) {
        throw new SqlError(
          'OTLP_TABLE_NOT_AVAILABLE',
          `table ${this.#table} is not available: it does not exist, and retention of a catalog that several hosts share needs it`,
        );
      }
      const columns = leasesTable.columns.map(({ name, type }) => `${name} ${type}`);
      try {
        // The row comes with the table: two hosts that add it would both succeed, and so would two that take it.
        await inTransaction(connection, async () => {
          await connection.run(`CREATE TABLE ${this.#table} (${columns.join(', ')})`);
          await connection.run(`INSERT INTO ${this.#table} VALUES (${quotedString(this.#job)}, NULL, NULL)`);
        });
      } catch (error) {
        // Another host made it.
        if (!(await this.#exists(connection))) throw error;
      }
    });
    this.#isPrepared = true;
  }

  async take(nowMs: number): ReturnType<Lease['take']> {
    await this.prepare();
    return this.#interruptibly(async (connection) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#take(connection, nowMs);
        } catch (error) {
          if (attempt === ATTEMPTS || !(error instanceof Error && this.#kind.isConflict?.(error))) throw error;
        }
      }
    });
  }

  release(): Promise<void> {
    return this.#connected(async (connection) => {
      await this.#kind.prepareWriter?.(connection, this.#home);
      await connection.run(
        `UPDATE ${this.#table} SET holder = NULL, held_until = NULL
         WHERE job = ${quotedString(this.#job)} AND holder = ${quotedString(this.#holder)}`,
      );
    });
  }

  interrupt(): void {
    for (const connection of this.#taking) connection.interrupt();
  }

  /** An UPDATE of the row: two of them conflict in every catalog, where two rows that are added do not. */
  async #take(connection: DuckDBConnection, nowMs: number): ReturnType<Lease['take']> {
    let other: { readonly holder: string; readonly untilMs: number } | undefined;
    await inTransaction(connection, async () => {
      const found = await connection.runAndReadAll(
        `SELECT holder, epoch_ms(held_until) FROM ${this.#table} WHERE job = ${quotedString(this.#job)}`,
      );
      const [holder, until] = found.getRows()[0] ?? [null, null];
      const isTaken = holder !== null && holder !== this.#holder && Number(until) > nowMs;
      other = isTaken ? { holder: String(holder), untilMs: Number(until) } : undefined;
      if (isTaken) return;
      await connection.run(
        `UPDATE ${this.#table} SET holder = ${quotedString(this.#holder)}, held_until = make_timestamp(${(nowMs + LEASE_MS) * 1000})
         WHERE job = ${quotedString(this.#job)}`,
      );
    });
    return other;
  }

  async #exists(connection: DuckDBConnection): Promise<boolean> {
    try {
      await connection.run(`DESCRIBE ${this.#table}`);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  #interruptibly<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#connected(async (connection) => {
      this.#taking.add(connection);
      try {
        await this.#kind.prepareWriter?.(connection, this.#home);
        return await work(connection);
      } finally {
        this.#taking.delete(connection);
      }
    });
  }

  async #connected<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#database.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  }
}

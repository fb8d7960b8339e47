// Rows of otlp_seals, which a seal's own transaction writes. They say from where a journal is replayed.

import type { DuckDBConnection } from '@duckdb/node-api';
import { type Generation, rowsOf } from '../buffer/generation.js';
import { isMissing } from '../duckdb/errors.js';
import { qualifiedName, quotedString } from '../duckdb/sql-text.js';
import { sealsTable } from '../schema/seals.js';
import { tablesBySignal } from '../schema/tables.js';
import type { LastSeal, SealIdentity } from './seal-target.js';
import type { TableHome } from './table-home.js';

/** Seals per server that the table keeps, and how many more may gather before the oldest are removed. */
const KEPT_SEALS = 1000;
const SEALS_BETWEEN_PRUNES = 250;

/** The column that tables made by version 0.1 lack. */
const SEAL_ID = 'seal_id';

export class SealRecords {
  readonly #writer: DuckDBConnection;
  readonly #table: string;
  #hasIds = true;

  constructor(writer: DuckDBConnection, home: TableHome) {
    this.#writer = writer;
    this.#table = qualifiedName(home.catalog, home.schema, sealsTable.name);
  }

  /** Creates the table where it does not exist, and adds the column that tables of version 0.1 lack. */
  async create(): Promise<void> {
    const columns = sealsTable.columns.map(({ name, type }) => `${name} ${type}`);
    await this.#writer.run(`CREATE TABLE IF NOT EXISTS ${this.#table} (${columns.join(', ')})`);
    await this.exists();
    if (this.#hasIds) return;
    await this.#writer.run(`ALTER TABLE ${this.#table} ADD COLUMN ${SEAL_ID} VARCHAR`);
    this.#hasIds = true;
  }

  /** Whether seals are recorded by the id of their rows. */
  get hasIds(): boolean {
    return this.#hasIds;
  }

  async exists(): Promise<boolean> {
    try {
      const found = await this.#writer.runAndReadAll(`SELECT column_name FROM (DESCRIBE ${this.#table})`);
      this.#hasIds = found.getRows().some(([name]) => name === SEAL_ID);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Adds a generation's rows, in the open transaction. */
  async add(generation: Generation, { serverId, sequence }: SealIdentity): Promise<void> {
    const last = generation.lastJournalSequence === 0 ? 'NULL' : String(generation.lastJournalSequence);
    const rows = [...generation.batches].flatMap(([signal, batches]) =>
      tablesBySignal[signal].flatMap((table) => {
        const count = rowsOf(batches, table);
        if (count === 0) return [];
        const id = this.#hasIds ? `, ${quotedString(generation.id)}` : '';
        return `(${quotedString(serverId)}, ${sequence}, ${quotedString(table.name)}, ${count}, ${last}, ${timestampSql(Date.now())}${id})`;
      }),
    );
    await this.#writer.run(`INSERT INTO ${this.#table} VALUES ${rows.join(', ')}`);
    if (sequence > KEPT_SEALS && sequence % SEALS_BETWEEN_PRUNES === 0) {
      await this.#writer.run(
        `DELETE FROM ${this.#table} WHERE server_id = ${quotedString(serverId)} AND seal_sequence <= ${sequence - KEPT_SEALS}`,
      );
    }
  }

  /** Whether the rows of this id were committed here; without ids, whether this seal of the server was, or a later one. */
  async has(id: string, { serverId, sequence }: SealIdentity): Promise<boolean> {
    const isIt = this.#hasIds
      ? `${SEAL_ID} = ${quotedString(id)}`
      : `server_id = ${quotedString(serverId)} AND seal_sequence >= ${sequence}`;
    const found = await this.#writer.runAndReadAll(`SELECT 1 FROM ${this.#table} WHERE ${isIt} LIMIT 1`);
    return found.currentRowCount > 0;
  }

  /** The newest seal of a server that was committed here; zeros when there is none. */
  async last(serverId: string): Promise<LastSeal> {
    const result = await this.#writer.runAndReadAll(
      `SELECT coalesce(max(seal_sequence), 0), coalesce(max(last_journal_sequence), 0) FROM ${this.#table}
       WHERE server_id = ${quotedString(serverId)}`,
    );
    const [sealSequence, journalSequence] = result.getRows()[0] as [bigint, bigint];
    return { sealSequence: Number(sealSequence), journalSequence: Number(journalSequence) };
  }
}

/** A moment in UTC. now() would be in the time zone of the session. */
function timestampSql(unixMs: number): string {
  return `make_timestamp(${unixMs * 1000})`;
}

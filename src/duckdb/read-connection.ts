// A connection on which one query at a time is read, block by block, and can be ended at any moment.

import { setTimeout as elapsed } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import type duckdb from '@duckdb/node-bindings';
import { bytesOf, type ColumnBlock } from '../buffer/column-block.js';
import { BlockReader } from './block-reader.js';
import type { Database } from './database.js';

export type StatementParameter = string | number | bigint | boolean | null;

/** Chunks of 2,048 rows in the largest blocks: handing over a block costs some ten microseconds, whatever it holds. */
const MAX_CHUNKS = 16;
/** Blocks of longer rows have fewer chunks. */
const MAX_BLOCK_BYTES = 4 << 20;
/** DuckDB forgets an interrupt when a query begins, so one that came a moment too early has to be repeated. */
const INTERRUPT_AGAIN_MS = 5;

export class ReadConnection {
  readonly #connection: DuckDBConnection;
  #result: DuckDBResult | undefined;
  #reader: BlockReader | undefined;
  /** Chunks of the next block. The first has one, so that rows come as soon as there are any. */
  #chunks = 1;
  /** A statement was begun, and may not have ended. */
  #isReading = false;
  /** The connection is set up for statements of clients. */
  #isFenced = false;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(database: Database): Promise<ReadConnection> {
    return new ReadConnection(await database.connect());
  }

  /** Begins a query. Resolves when DuckDB has begun to find rows. */
  async start(sql: string, parameters: readonly StatementParameter[]): Promise<void> {
    this.#isReading = true;
    const prepared = await this.#connection.prepare(sql);
    try {
      parameters.forEach((value, i) => {
        if (value === null) prepared.bindNull(i + 1);
        else if (typeof value === 'string') prepared.bindVarchar(i + 1, value);
        else if (typeof value === 'number') prepared.bindDouble(i + 1, value);
        else if (typeof value === 'bigint') prepared.bindBigInt(i + 1, value);
        else prepared.bindBoolean(i + 1, value);
      });
      this.#result = await prepared.stream();
      this.#reader = new BlockReader(this.#result);
      this.#chunks = 1;
    } finally {
      prepared.destroySync();
    }
  }

  /**
   * Begins a query that somebody else has written: in a transaction that may only read, and with functions of DuckDB itself alone to
   * be found without a catalog. Macros of the database might have their names.
   */
  async startFenced(sql: string): Promise<void> {
    await this.#leaveFence();
    this.#isFenced = true;
    await this.#connection.run("SET search_path = 'system.main'");
    await this.#connection.run('BEGIN TRANSACTION READ ONLY');
    await this.start(sql, []);
  }

  /** The next rows of the query; undefined at its end. */
  async next(): Promise<ColumnBlock | undefined> {
    const chunks: duckdb.DataChunk[] = [];
    while (this.#isReading && chunks.length < this.#chunks) {
      const chunk = await this.#result!.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) this.#isReading = false;
      else chunks.push(chunk.chunk);
    }
    if (chunks.length === 0) return undefined;
    const block = this.#reader!.read(chunks);
    // This also keeps the chunks from being collected while they are read.
    const chunksThatFit = Math.floor((MAX_BLOCK_BYTES / bytesOf(block)) * chunks.length);
    this.#chunks = Math.max(1, Math.min(MAX_CHUNKS, 2 * chunks.length, chunksThatFit));
    return block;
  }

  /** Runs a call of this connection, and interrupts it when the signal is aborted. Rejects with the signal's reason then. */
  async interruptible<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const settled = new AbortController();
    const interrupt = async () => {
      while (!settled.signal.aborted) {
        this.#connection.interrupt();
        await elapsed(INTERRUPT_AGAIN_MS);
      }
    };
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      settled.abort();
      signal.removeEventListener('abort', interrupt);
    }
  }

  /** Ends the query, if it has not come to its end: until then it keeps its snapshot of the database. */
  async end(): Promise<void> {
    this.#result = undefined;
    this.#reader = undefined;
    if (this.#isFenced) {
      await this.#leaveFence();
      return;
    }
    if (!this.#isReading) return;
    // DuckDB drops what it has of a query when the connection begins the next one, not when the result is collected.
    await this.#connection.run('SELECT 1');
    this.#isReading = false;
  }

  close(): void {
    this.#connection.closeSync();
  }

  async #leaveFence(): Promise<void> {
    if (!this.#isFenced) return;
    // It has not begun where it could not be planned.
    await this.#connection.run('ROLLBACK').catch(() => undefined);
    await this.#connection.run('RESET search_path');
    this.#isReading = false;
    this.#isFenced = false;
  }
}

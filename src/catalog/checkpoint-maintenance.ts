// Upkeep by `CHECKPOINT <catalog>`: a DuckLake merges small files, and removes old snapshots and files.

import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database } from '../duckdb/database.js';
import { isCheckpointUnsupported } from '../duckdb/errors.js';
import { quotedIdentifier } from '../duckdb/sql-text.js';
import { type Maintenance, MaintenanceUnsupported } from './seal-target.js';

export class CheckpointMaintenance implements Maintenance {
  readonly #database: Database;
  readonly #catalog: string;
  #running: DuckDBConnection | undefined;

  constructor(database: Database, catalog: string) {
    this.#database = database;
    this.#catalog = catalog;
  }

  async run(): Promise<void> {
    // A connection of its own: the writer goes on sealing meanwhile.
    const connection = await this.#database.connect();
    this.#running = connection;
    try {
      await connection.run(`CHECKPOINT ${quotedIdentifier(this.#catalog)}`);
    } catch (error) {
      if (error instanceof Error && isCheckpointUnsupported(error)) throw new MaintenanceUnsupported(error);
      throw error;
    } finally {
      this.#running = undefined;
      connection.closeSync();
    }
  }

  interrupt(): void {
    this.#running?.interrupt();
  }
}

/** The upkeep of a catalog that has none. Says so the first time it is asked. */
export class NoMaintenance implements Maintenance {
  run(): Promise<void> {
    return Promise.reject(new MaintenanceUnsupported(new Error('CHECKPOINT does nothing on a catalog of this kind')));
  }

  interrupt(): void {}
}

// Paths as users give them → files, and where the content of each begins.

import type { Database } from '../duckdb/database.js';
import type { PieceStart } from './read-task.js';

export interface FileSource {
  /** The files that a path or pattern names, as DuckDB finds them. Rejects when there is none. */
  files(pattern: string): Promise<readonly string[]>;
  /** What is to be read of a file, in order, each when it is asked for. A plain file is read on from where it begins. */
  starts(path: string): AsyncIterator<PieceStart>;
}

export class DuckDBFiles implements FileSource {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async files(pattern: string): Promise<readonly string[]> {
    const files = await this.#database.texts('SELECT file FROM glob($1)', [pattern]);
    if (files.length === 0) throw new Error(`No files found that match the pattern "${pattern}"`);
    return files;
  }

  async *starts(path: string): AsyncIterator<PieceStart> {
    yield { kind: 'file', path };
  }
}

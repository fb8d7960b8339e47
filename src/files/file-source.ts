// Paths as users give them → files, and where the content of each begins.

import { Failure, messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import type { Database } from '../duckdb/database.js';
import { withoutStatement } from '../duckdb/errors.js';
import { RemoteFiles } from '../duckdb/remote-files.js';
import { MAX_UNIT_BYTES } from './piece-splitter.js';
import type { FileFormat, PieceStart } from './read-task.js';

export interface FileSource {
  /** The files that a path or pattern names, as DuckDB finds them. Rejects when there is none. */
  files(pattern: string): Promise<readonly string[]>;
  /** Whether starts() finds what there is to read without queries of DuckDB. */
  isLocal(path: string): boolean;
  /**
   * What is to be read of a file, in order, each when it is asked for. A plain file is read on from where it begins.
   * `format` is what the user says that files hold, undefined to find out.
   */
  starts(path: string, format: FileFormat | undefined): AsyncIterator<PieceStart>;
}

/** Remote JSON Lines larger than this are read in parts. Smaller files are fetched with one request, and seen whole. */
const LARGEST_SINGLE_FETCH_BYTES = 16 << 20;
/** Remote files of other formats are held in memory as they are. A document or message may be as large. */
const MAX_REMOTE_BYTES = MAX_UNIT_BYTES;

const REMOTE = /^[a-z][a-z0-9+.-]*:\/\//i;
const LINES_SUFFIX = /\.(jsonl|ndjson)(\.gz|\.zst)?(\?.*)?$/i;

export class DuckDBFiles implements FileSource {
  readonly #database: Database;
  readonly #remote: RemoteFiles;

  constructor(database: Database) {
    this.#database = database;
    this.#remote = new RemoteFiles(database);
  }

  async files(pattern: string): Promise<readonly string[]> {
    const files = await this.#database.texts('SELECT file FROM glob($1)', [pattern]).catch((error: unknown) => {
      throw new SqlError('OTLP_FILE_UNREADABLE', withoutStatement(messageOf(error)), { cause: error });
    });
    if (files.length === 0)
      throw new SqlError('OTLP_FILE_NOT_FOUND', `No files found that match the pattern "${pattern}"`);
    return files;
  }

  isLocal(path: string): boolean {
    return !REMOTE.test(path);
  }

  async *starts(path: string, format: FileFormat | undefined): AsyncGenerator<PieceStart, void> {
    if (this.isLocal(path)) {
      yield { kind: 'file', path };
      return;
    }
    const size = await this.#remote.size(path);
    const isLines = format === 'jsonl' || (format === undefined && LINES_SUFFIX.test(path));
    if (isLines && size > LARGEST_SINGLE_FETCH_BYTES) {
      for await (const bytes of this.#remote.lines(path)) yield { kind: 'lines', path, bytes };
      return;
    }
    if (size > MAX_REMOTE_BYTES) {
      throw new Failure(
        'tooLarge',
        `a file that is not local must have no more than ${MAX_REMOTE_BYTES} bytes, or be JSON Lines by its name or by format := 'jsonl', got ${size} bytes`,
      );
    }
    yield { kind: 'bytes', path, bytes: await this.#remote.content(path) };
  }
}

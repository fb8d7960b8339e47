// Files that only DuckDB can reach, with its file systems and secrets. It gives a file's content as a whole, or a text
// file's lines. It offers no way to read a part of another file.

import type { DuckDBDataChunk } from '@duckdb/node-api';
import { Failure } from '../base/failure.js';
import type { Database } from './database.js';
import { type LineError, lineError } from './errors.js';
import { DuckDBBlobVector } from './node-api.js';
import { pathPattern } from './path-pattern.js';

/** As large as DuckDB's own reader of JSON allows an object to be. A buffer of twice the size is taken per thread. */
export const MAX_REMOTE_LINE_BYTES = 16 << 20;
/** Lines are handed on in parts of at least this size, so that each is worth a thread's task. */
const PART_BYTES = 4 << 20;
/** Splits nothing: bytes that no JSON text contains. */
const NO_DELIMITER = '\x01\x02\x03\x04';

const linesSql = `SELECT encode(coalesce(line, '')) FROM read_csv($1, auto_detect = false, header = false,
  columns = {line: 'VARCHAR'}, delim = '${NO_DELIMITER}', quote = '', escape = '', new_line = '\\n', strict_mode = false,
  max_line_size = ${MAX_REMOTE_LINE_BYTES}, buffer_size = ${2 * MAX_REMOTE_LINE_BYTES})`;

export class RemoteFiles {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async size(path: string): Promise<number> {
    const [size] = await this.#database.texts('SELECT size FROM read_blob($1)', [pathPattern(path)]);
    if (size === undefined) throw new Error('there is no such file any more');
    return Number(size);
  }

  /** The content of a file, in memory of its own. */
  async content(path: string): Promise<Uint8Array> {
    const connection = await this.#database.connect();
    try {
      const result = await connection.stream('SELECT content FROM read_blob($1)', [pathPattern(path)]);
      return ownBytes(blobs((await result.fetchChunk())!), 0);
    } finally {
      connection.closeSync();
    }
  }

  /** The lines of a text file in parts, each read when it is asked for; decompressed where the path says so. */
  async *lines(path: string): AsyncGenerator<Uint8Array, void> {
    // Of its own, as another query would end this one. It is collected with a generator that is asked no more.
    const connection = await this.#database.connect();
    try {
      await connection.run('SET SESSION preserve_insertion_order = true');
      const result = await connection.stream(linesSql, [pathPattern(path)]);
      let part = new LinePart();
      for (
        let chunk = await result.fetchChunk();
        chunk !== null && chunk.rowCount > 0;
        chunk = await result.fetchChunk()
      ) {
        const lines = blobs(chunk);
        for (let i = 0; i < chunk.rowCount; i++) {
          part.add(ownBytes(lines, i));
          if (part.bytes < PART_BYTES) continue;
          yield part.joined();
          part = new LinePart();
        }
      }
      if (part.bytes > 0) yield part.joined();
    } catch (error) {
      throw lineFailure(error);
    } finally {
      connection.closeSync();
    }
  }
}

/** Lines that are to be read together. */
class LinePart {
  readonly #lines: Uint8Array[] = [];
  bytes = 0;

  add(line: Uint8Array): void {
    this.#lines.push(line);
    this.bytes += line.length + 1;
  }

  /** The lines, each with its line feed. */
  joined(): Uint8Array {
    const joined = new Uint8Array(this.bytes).fill(0x0a);
    let at = 0;
    for (const line of this.#lines) {
      joined.set(line, at);
      at += line.length + 1;
    }
    return joined;
  }
}

function blobs(chunk: DuckDBDataChunk): DuckDBBlobVector {
  const vector = chunk.getColumnVector(0);
  if (!(vector instanceof DuckDBBlobVector)) throw new Error(`BUG: ${vector.type} is no BLOB`);
  return vector;
}

/** The bytes of a BLOB, in memory that holds nothing else. */
function ownBytes(vector: DuckDBBlobVector, row: number): Uint8Array {
  const bytes = vector.getItemBytes(row)!;
  // Those of a short one are DuckDB's memory, which goes with its chunk.
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

const lineRules: Readonly<Record<LineError['rule'], string>> = {
  'not UTF-8': 'must be UTF-8',
  'too long': `must have no more than ${MAX_REMOTE_LINE_BYTES} bytes, as the file is not a local one`,
  unreadable: 'cannot be read',
};

/** DuckDB speaks of CSV, which users have not asked for. */
function lineFailure(error: unknown): unknown {
  const found = lineError(error);
  return found === undefined
    ? error
    : new Failure('malformed', `line ${found.line}: ${lineRules[found.rule]}`, { cause: error });
}

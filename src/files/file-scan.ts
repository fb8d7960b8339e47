// Paths → the rows of their files, in the files' order, while threads read ahead. DuckDB asks for rows on the JavaScript
// thread and does not say when it stops. So only a few pieces are read ahead, and files that threads keep open for a scan are
// closed when the scan is garbage-collected.

import { Failure, messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import { VECTOR_ROWS, type VectorRows } from '../buffer/vector-rows.js';
import type { CountedWork } from '../duckdb/pending-calls.js';
import type { FileSource } from './file-source.js';
import type { ReadErrorLog, SkippedInFile } from './read-error-log.js';
import type { OpenPlace, ReadPool } from './read-pool.js';
import type { PieceStart, ReadAnswer, ReadError, ReadPlan, Skipped } from './read-task.js';

export interface ScannedRows {
  readonly path: string;
  readonly rows: VectorRows;
  readonly firstRow: number;
  readonly count: number;
}

export interface FileScanOptions {
  readonly functionName: string;
  readonly patterns: readonly string[];
  readonly plan: ReadPlan;
  /** How an error of a file begins. */
  readonly errorPrefix: (path: string) => string;
}

export interface FileScanParts {
  readonly source: FileSource;
  readonly pool: ReadPool;
  readonly errors: ReadErrorLog;
}

/** A part of a file that one task reads. */
interface ReadPiece {
  readonly rows: VectorRows[];
  firstRow: number;
  isDone: boolean;
  /** Lines or messages in it, once it is done. */
  units: number;
  skipped: Skipped | undefined;
  error: ReadError | undefined;
}

interface FileRead {
  readonly path: string;
  readonly starts: AsyncIterator<PieceStart>;
  readonly pieces: ReadPiece[];
  /** Where the next piece begins; `unknown` until somebody has said so, undefined when there is none. */
  next: PieceStart | 'unknown' | undefined;
  /** Lines or messages before the first of `pieces`. */
  unitsBefore: number;
  skipped: SkippedInFile | undefined;
  /** Why its next piece could not be found. */
  error: Error | undefined;
}

export class FileScan {
  readonly #options: FileScanOptions;
  readonly #parts: FileScanParts;
  /** Paths that have not been opened. */
  #paths: string[] = [];
  /** Undefined until they are known. */
  #counted: CountedWork | undefined;
  readonly #files: FileRead[] = [];
  readonly #open = new Set<OpenPlace>();

  constructor(options: FileScanOptions, parts: FileScanParts) {
    this.#options = options;
    this.#parts = parts;
    parts.pool.closeWhenForgotten(this, this.#open);
  }

  /** Finds the files. Rejects when there is none. What is to be read of them is asked for within `counted`. */
  async start(counted: CountedWork): Promise<void> {
    for (const pattern of this.#options.patterns) {
      this.#paths = this.#paths.concat(await this.#parts.source.files(pattern));
    }
    this.#counted = counted;
    this.#readAhead();
  }

  /** The next rows, up to 2,048. Throws what ends the scan. */
  next(): ScannedRows | 'pending' | 'end' {
    if (this.#counted === undefined) return 'pending';
    for (;;) {
      this.#readAhead();
      const [file] = this.#files;
      if (file === undefined) return 'end';
      const [piece] = file.pieces;
      if (piece === undefined) {
        if (file.error !== undefined) throw file.error;
        if (file.next !== undefined) return 'pending';
        this.#files.shift();
        continue;
      }
      const [rows] = piece.rows;
      if (rows !== undefined) return this.#take(file, piece, rows);
      if (piece.error !== undefined) throw this.#errorOf(file, piece.error);
      if (!piece.isDone) return 'pending';
      this.#endPiece(file, piece);
    }
  }

  #take(file: FileRead, piece: ReadPiece, rows: VectorRows): ScannedRows {
    const { firstRow } = piece;
    const count = Math.min(VECTOR_ROWS, rows.rows - firstRow);
    piece.firstRow += count;
    if (piece.firstRow === rows.rows) {
      piece.rows.shift();
      piece.firstRow = 0;
    }
    return { path: file.path, rows, firstRow, count };
  }

  /** Lets threads read pieces until enough of them are there. The first file is always read on. */
  #readAhead(): void {
    let room = this.#parts.pool.maxThreads + 1;
    for (const { pieces, next } of this.#files) room -= Math.max(pieces.length, next === 'unknown' ? 1 : 0);
    for (let i = 0; ; i++) {
      if (i === this.#files.length) {
        if (this.#paths.length === 0 || (room <= 0 && i > 0)) return;
        this.#openFile(this.#paths.shift()!);
        room--;
      }
      const file = this.#files[i]!;
      if (file.next === undefined || file.next === 'unknown') continue;
      if (room <= 0 && (i > 0 || file.pieces.length > 0)) return;
      this.#readPiece(file, file.next);
      room--;
    }
  }

  #openFile(path: string): void {
    const file: FileRead = {
      path,
      starts: this.#parts.source.starts(path, this.#options.plan.format),
      pieces: [],
      next: 'unknown',
      unitsBefore: 0,
      skipped: undefined,
      error: undefined,
    };
    this.#files.push(file);
    this.#askNext(file);
  }

  #askNext(file: FileRead): void {
    const { path } = file;
    file.next = 'unknown';
    const next = () => file.starts.next();
    const found = this.#parts.source.isLocal(path) ? next() : this.#counted!(next);
    found.then(
      ({ done, value }) => {
        file.next = done === true ? undefined : value;
        this.#readAhead();
      },
      (error: unknown) => {
        const what = error instanceof Failure ? this.#options.errorPrefix(path) : `cannot read ${path}`;
        file.error = new SqlError('OTLP_FILE_UNREADABLE', `${what}: ${messageOf(error)}`, { cause: error });
        file.next = undefined;
      },
    );
  }

  #readPiece(file: FileRead, start: PieceStart): void {
    const piece: ReadPiece = { rows: [], firstRow: 0, isDone: false, units: 0, skipped: undefined, error: undefined };
    file.pieces.push(piece);
    file.next = 'unknown';
    for (const place of this.#open) {
      if (start.kind === 'open' && place.thread === start.thread && place.id === start.id) this.#open.delete(place);
    }
    this.#parts.pool.read({ plan: this.#options.plan, start }, (answer) => this.#takeAnswer(file, piece, answer));
  }

  #takeAnswer(file: FileRead, piece: ReadPiece, answer: ReadAnswer): void {
    switch (answer.kind) {
      case 'next':
        if (answer.start === undefined) {
          this.#askNext(file);
          return;
        }
        if (answer.start.kind === 'open') this.#open.add(answer.start);
        file.next = answer.start;
        this.#readAhead();
        return;
      case 'rows':
        piece.rows.push(...answer.rows);
        return;
      case 'failed':
        piece.error = answer.error;
        if (file.next === 'unknown') file.next = undefined;
        return;
      case 'done':
        piece.isDone = true;
        piece.units = answer.units;
        piece.skipped = answer.skipped;
    }
  }

  #endPiece(file: FileRead, { units, skipped }: ReadPiece): void {
    if (skipped !== undefined) {
      const first = this.#placed(file, skipped.first);
      if (file.skipped !== undefined) file.skipped.skipped += skipped.count;
      else
        file.skipped = this.#parts.errors.add(this.#options.functionName, file.path, { ...skipped, first }, Date.now());
    }
    file.unitsBefore += units;
    file.pieces.shift();
  }

  /** An error with its place in the file instead of the piece. */
  #placed({ unitsBefore }: FileRead, error: ReadError): ReadError {
    return error.unit === undefined ? error : { ...error, unit: unitsBefore + error.unit };
  }

  #errorOf(file: FileRead, error: ReadError): Error {
    const { unit, unitName, reason, kind } = this.#placed(file, error);
    if (kind === 'internal') return new SqlError('OTLP_FILE_UNREADABLE', `cannot read ${file.path}: ${reason}`);
    const place = unit === undefined ? '' : `${unitName} ${unit}: `;
    return new SqlError('OTLP_FILE_UNREADABLE', `${this.#options.errorPrefix(file.path)}: ${place}${reason}`);
  }
}

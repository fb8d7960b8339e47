// What a scan asks of a read thread, and what that answers. All of it is plain data, so that it can go from thread to
// thread.

import type { FailureKind } from '../base/failure.js';
import type { WantedColumns } from '../buffer/signal-rows.js';
import type { VectorRows } from '../buffer/vector-rows.js';
import type { Signal } from '../schema/column-declaration.js';

/** The form of a file's content. `otap` is one BatchArrowRecords, `delimited` protobuf requests after their lengths. */
export type FileFormat = 'json' | 'jsonl' | 'protobuf' | 'delimited' | 'otap';

/** What is wanted of the files of a scan. */
export interface ReadPlan {
  readonly signal: Signal;
  /** What the user says that files hold; undefined to find out. */
  readonly format: FileFormat | undefined;
  readonly columns: WantedColumns;
  readonly ignoreErrors: boolean;
}

/** Where a piece of a file begins. */
export type PieceStart =
  | { readonly kind: 'file'; readonly path: string }
  /** Content that was read elsewhere. `path` names it in errors and decides about its compression. */
  | { readonly kind: 'bytes'; readonly path: string; readonly bytes: Uint8Array }
  /** Whole lines of a file of them, as they are without compression. */
  | { readonly kind: 'lines'; readonly path: string; readonly bytes: Uint8Array }
  /** In the middle of a plain file, whose format is known by now. */
  | { readonly kind: 'offset'; readonly path: string; readonly format: FileFormat; readonly at: number }
  /** Where the thread that has read the file so far stopped. */
  | { readonly kind: 'open'; readonly thread: number; readonly id: number };

export interface ReadTask {
  readonly plan: ReadPlan;
  readonly start: PieceStart;
}

/** What was skipped because it cannot be read. */
export interface Skipped {
  readonly count: number;
  readonly first: ReadError;
}

export interface ReadError {
  readonly kind: FailureKind;
  readonly reason: string;
  /** Line in the piece, from 1, or number of the message; undefined where the file is one document. */
  readonly unit: number | undefined;
  readonly unitName: 'line' | 'message';
}

/** The answers to a task: `next` as soon as it is known, then rows, then `done` or `failed`. */
export type ReadAnswer =
  /** Where the next piece begins; undefined when the file has no other. */
  | { readonly kind: 'next'; readonly start: PieceStart | undefined }
  | { readonly kind: 'rows'; readonly rows: readonly VectorRows[] }
  /** `units`: lines or messages of the piece. */
  | { readonly kind: 'done'; readonly units: number; readonly skipped: Skipped | undefined }
  | { readonly kind: 'failed'; readonly error: ReadError };

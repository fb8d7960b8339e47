// What scans skipped because it could not be read, for otlp_read_error_list().

import { redacted } from '../base/redaction.js';
import type { Skipped } from './read-task.js';

/** Files that are remembered, the latest. */
const MOST_FILES = 256;

export interface SkippedInFile {
  readonly functionName: string;
  /** Without the credentials that URLs may hold: all connections see the list. */
  readonly path: string;
  readonly firstSkippedUnixMs: number;
  skipped: number;
  /** Line or message, from 1; undefined where the file is one document. */
  readonly firstUnit: number | undefined;
  readonly firstReason: string;
}

export class ReadErrorLog {
  readonly #files: SkippedInFile[] = [];

  get files(): readonly SkippedInFile[] {
    return this.#files;
  }

  /** Remembers a file. More of it may be skipped later. */
  add(functionName: string, path: string, { count, first }: Skipped, nowMs: number): SkippedInFile {
    const entry: SkippedInFile = {
      functionName,
      path: redacted(path),
      firstSkippedUnixMs: nowMs,
      skipped: count,
      firstUnit: first.unit,
      firstReason: first.reason,
    };
    this.#files.push(entry);
    if (this.#files.length > MOST_FILES) this.#files.shift();
    return entry;
  }
}

// What one seal commits: the rows that were accepted between two detachments, of all signals.

import type { Signal } from '../schema/column-declaration.js';
import { SignalRows } from './signal-rows.js';

/**
 * Texts of one SignalRows of a generation. Growing by doubling copies; beyond this a new one is begun, which also
 * keeps offsets far below 32 bits.
 */
const MAX_SEGMENT_HEAP_BYTES = 16 << 20;
/** DuckDB compresses row groups of 122,880 rows; a scan in pieces of about that size loses nothing. */
const MAX_SEGMENT_ROWS = 1 << 16;

export class Generation {
  /** Time of the first append. */
  readonly openedAtMs: number;
  readonly #segments = new Map<Signal, SignalRows[]>();
  #rows = 0;
  #admittedBytes = 0;
  #decodedBytes = 0;

  constructor(openedAtMs: number) {
    this.openedAtMs = openedAtMs;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Encoded bytes of the requests whose rows these are. */
  get admittedBytes(): number {
    return this.#admittedBytes;
  }

  /** Memory behind the rows. */
  get decodedBytes(): number {
    return this.#decodedBytes;
  }

  /** Rows by signal, each in batches in order of arrival. */
  get segments(): ReadonlyMap<Signal, readonly SignalRows[]> {
    return this.#segments;
  }

  /** Copies the rows of one request. */
  append(rows: SignalRows, admittedBytes: number): void {
    const segment = this.#segmentFor(rows);
    const before = segment.byteLength;
    segment.append(rows);
    this.#decodedBytes += segment.byteLength - before;
    this.#rows += rows.rows;
    this.#admittedBytes += admittedBytes;
  }

  #segmentFor(rows: SignalRows): SignalRows {
    let segments = this.#segments.get(rows.signal);
    if (segments === undefined) {
      segments = [];
      this.#segments.set(rows.signal, segments);
    }
    const last = segments.at(-1);
    if (
      last !== undefined &&
      last.heap.end + rows.heap.end <= MAX_SEGMENT_HEAP_BYTES &&
      last.rows + rows.rows <= MAX_SEGMENT_ROWS
    ) {
      return last;
    }
    const segment = new SignalRows(rows.signal);
    segments.push(segment);
    this.#decodedBytes += segment.byteLength;
    return segment;
  }
}

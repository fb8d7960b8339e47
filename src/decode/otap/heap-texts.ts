// Texts of Arrow columns → texts in the heap. Rows that name the same entry of a dictionary share one text.

import type { TextColumn as TargetColumn } from '../../buffer/column.js';
import { type BytesColumn, type Columns, NONE, type Utf8Column } from '../arrow/columns.js';
import type { JsonText } from '../text/json-text.js';
import { isContinuationByte } from '../text/text-check.js';

export class HeapTexts {
  /** Offset and length of the text last written. */
  offset = 0;
  length = 0;
  readonly #json: JsonText;
  readonly #column: Utf8Column;
  readonly #fail: (problem: string) => never;
  /** Per entry of a dictionary one more than the offset of its text; 0 where there is none yet. */
  readonly #written: Uint32Array | undefined;

  constructor(json: JsonText, column: Utf8Column, fail: (problem: string) => never) {
    this.#json = json;
    this.#column = column;
    this.#fail = fail;
    this.#written = column.dictionary === undefined ? undefined : column.scratch.zeros(column.entryCount);
  }

  /** Writes the text of a row, unless it is there already. Returns its length; 0 for null. */
  write(row: number): number {
    return this.writeEntry(this.#column.entries[row]!, row);
  }

  /** Writes the text of an entry, which is that of a row. */
  writeEntry(entry: number, row: number): number {
    this.length = 0;
    if (entry === NONE) return 0;
    const { offsets, bytes } = this.#column.values;
    const start = offsets[entry]!;
    const length = offsets[entry + 1]! - start;
    if (length === 0) return 0;
    const written = this.#written;
    if (written !== undefined && written[entry] !== 0) {
      this.offset = written[entry]! - 1;
    } else {
      // The check of the whole heap cannot see a text that begins inside a character.
      if (isContinuationByte(bytes[start]!)) this.#fail(`has invalid UTF-8 in row ${row}`);
      this.offset = this.#json.heap.append(bytes, start, length);
      if (written !== undefined) written[entry] = this.offset + 1;
    }
    this.length = length;
    return length;
  }
}

/** The texts of a column; undefined when it is absent. */
export function heapTexts(json: JsonText, columns: Columns | undefined, name: string): HeapTexts | undefined {
  const column = columns?.texts(name);
  return column === undefined ? undefined : new HeapTexts(json, column, (problem) => columns!.fail(name, problem));
}

/**
 * Gives rows of a table from `firstRow` on the texts that a column has in the rows of `order`. Null and empty ones are
 * none.
 */
export function setTexts(
  json: JsonText,
  columns: Columns | undefined,
  name: string,
  target: TargetColumn,
  firstRow: number,
  order: Uint32Array,
): void {
  const texts = target.isKept ? heapTexts(json, columns, name) : undefined;
  if (texts === undefined) return;
  for (let i = 0; i < order.length; i++) {
    // The points of a metric follow each other, and share what it says.
    if (i === 0 || order[i] !== order[i - 1]) texts.write(order[i]!);
    if (texts.length > 0) target.set(firstRow + i, texts.offset, texts.length);
  }
}

/** Whether two entries have the same bytes; null is the same as none. */
export function areEqualEntries({ offsets, bytes }: BytesColumn['values'], a: number, b: number): boolean {
  if (a === b) return true;
  const lengthA = a === NONE ? 0 : offsets[a + 1]! - offsets[a]!;
  const lengthB = b === NONE ? 0 : offsets[b + 1]! - offsets[b]!;
  if (lengthA !== lengthB) return false;
  if (lengthA === 0) return true;
  const startA = offsets[a]!;
  const startB = offsets[b]!;
  for (let i = 0; i < lengthA; i++) if (bytes[startA + i] !== bytes[startB + i]) return false;
  return true;
}

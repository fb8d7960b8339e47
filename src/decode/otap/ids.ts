// Ids as they were before their sender made them small for the wire: delta-encoded, each id is what is to be added to
// the one before; quasi-delta-encoded, it is so only while the rows are equal in certain columns, and the id itself
// where they change. Which of the two a column has, the protocol fixes; its metadata may only say that the ids are plain.
// (The reference exporter calls both kinds "delta" there, which is why its word is not taken.) Sums wrap around at the
// width of the column, as they do in the reference.

import { type Columns, NONE } from '../arrow/columns.js';

export const ID = 'id';
export const PARENT_ID = 'parent_id';

const PLAIN = 'plain';
const ID_ENCODINGS: ReadonlySet<string> = new Set([PLAIN, 'delta', 'quasidelta']);

/**
 * Whether a row has what makes its quasi-delta-encoded id relative: the same as the row before. Asked for all rows, in
 * their order; of the first one it does not matter.
 */
export type EqualsBefore = (row: number) => boolean;

/** The ids of the rows' own, NONE where there is none: nothing refers to such a row. */
export function readIds(columns: Columns | undefined, rows: number): Uint32Array {
  const ids = columns === undefined ? undefined : restored(columns, ID, undefined);
  return ids ?? new Uint32Array(rows).fill(NONE);
}

/** The ids of the rows that these belong to, where they lie in the order of those. */
export function readSortedParentIds(columns: Columns): Uint32Array {
  return required(columns, restored(columns, PARENT_ID, undefined));
}

/** The ids of the rows that these belong to, where they lie in the order of what they say. */
export function readGroupedParentIds(columns: Columns, equalsBefore: EqualsBefore): Uint32Array {
  return required(columns, restored(columns, PARENT_ID, equalsBefore));
}

function required(columns: Columns, ids: Uint32Array | undefined): Uint32Array {
  if (ids === undefined) return columns.fail(PARENT_ID, 'is required');
  const row = ids.indexOf(NONE);
  if (row >= 0) columns.fail(PARENT_ID, `must not be null, as in row ${row}`);
  return ids;
}

/** Ids in quasi-delta encoding where `equalsBefore` is given, else in delta encoding; undefined when they are absent. */
function restored(columns: Columns, name: string, equalsBefore: EqualsBefore | undefined): Uint32Array | undefined {
  const column = columns.ints(name);
  if (column === undefined) return undefined;
  const encoding = columns.encodingOf(name);
  if (encoding !== undefined && !ID_ENCODINGS.has(encoding)) {
    columns.fail(name, `must have ids in plain, delta or quasi-delta encoding, got "${encoding}"`);
  }
  const isPlain = encoding === PLAIN;
  const { array } = column.values;
  const mask = 2 ** (8 * array.BYTES_PER_ELEMENT) - 1;
  const { entries } = column;
  const ids = columns.scratch.words(entries.length);
  let last = 0;
  for (let row = 0; row < ids.length; row++) {
    const entry = entries[row]!;
    if (entry === NONE) {
      ids[row] = NONE;
      continue;
    }
    const given = array[entry]!;
    const isRelative = !isPlain && (equalsBefore === undefined || equalsBefore(row));
    last = (isRelative ? last + given : given) & mask;
    ids[row] = last;
  }
  return ids;
}

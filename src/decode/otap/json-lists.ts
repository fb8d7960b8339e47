// Rows of a table that belong to the rows of another, such as the events of spans → a JSON array for each owner.

import type { TextColumn } from '../../buffer/column.js';
import { type Columns, NONE } from '../arrow/columns.js';
import type { AttributeWriters } from './attributes.js';
import { Groups } from './groups.js';

const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Gives rows of a table from `firstRow` on the items that belong to the owners in the rows of `order`. */
export function setJsonLists(
  { json, room }: AttributeWriters,
  items: Columns,
  parentIds: Uint32Array,
  writeItem: (row: number) => void,
  ids: Uint32Array,
  target: TextColumn,
  firstRow: number,
  order: Uint32Array,
): void {
  const { heap } = json;
  const { scratch } = items;
  const groups = new Groups(parentIds, undefined, scratch);
  // Owners of one id, which no sender should give to two, share its text. Per group offset plus one, and length.
  const offsets = scratch.zeros(groups.count);
  const lengths = scratch.zeros(groups.count);
  for (let i = 0; i < order.length; i++) {
    const group = groups.groupOf(ids[order[i]!]!);
    if (group === NONE) continue;
    if (offsets[group] === 0) {
      const start = heap.end;
      for (let at = groups.starts[group]!; at < groups.starts[group + 1]!; at++) {
        json.byte(at === groups.starts[group] ? OPEN_BRACKET : COMMA);
        writeItem(groups.rows[at]!);
        room.check(heap.end);
      }
      json.byte(CLOSE_BRACKET);
      offsets[group] = start + 1;
      lengths[group] = heap.end - start;
    }
    target.set(firstRow + i, offsets[group]! - 1, lengths[group]!);
  }
}

import type { TextColumn } from '../../buffer/column.js';
import { type DoubleColumn, type Int64Column, NONE } from '../arrow/columns.js';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../protobuf/fields.js';
import { type EqualsBefore, readGroupedParentIds, readIds } from './ids.js';
import { jsonTimes } from './item-fields.js';
import { setJsonLists } from './json-lists.js';
import type { Payloads } from './message-payloads.js';
import { writeJsonId } from './numbers.js';
import type { PayloadName } from './payload-types.js';

/** Gives rows of a table from `firstRow` on the exemplars of the points in the rows of `order`. */
export function setExemplars(
  payloads: Payloads,
  name: PayloadName,
  attributesName: PayloadName,
  pointIds: Uint32Array,
  target: TextColumn,
  firstRow: number,
  order: Uint32Array,
): void {
  const exemplars = payloads.get(name);
  if (exemplars === undefined) return;
  const { json } = payloads.writers;
  const ints = exemplars.int64s('int_value');
  const doubles = exemplars.doubles('double_value');
  const parentIds = readGroupedParentIds(exemplars, equalValues(ints, doubles));
  const ids = readIds(exemplars, exemplars.length);
  const attributes = payloads.attributes(attributesName);
  const spanIds = exemplars.fixed('span_id', SPAN_ID_BYTES);
  const traceIds = exemplars.fixed('trace_id', TRACE_ID_BYTES);
  const writeTime = jsonTimes(json, exemplars, 'time_unix_nano');
  const writeExemplar = (row: number) => {
    json.ascii('{"filtered_attributes":');
    if (attributes === undefined) json.ascii('{}');
    else attributes.writeInside(ids[row]!);
    json.ascii(',"span_id":');
    writeJsonId(json, spanIds, row);
    json.ascii(',"time_unix_nano":');
    writeTime(row);
    json.ascii(',"trace_id":');
    writeJsonId(json, traceIds, row);
    json.ascii(',"value":');
    writeValue(row);
    json.ascii('}');
  };
  setJsonLists(payloads.writers, exemplars, parentIds, writeExemplar, pointIds, target, firstRow, order);

  function writeValue(row: number): void {
    const double = entryOf(doubles, row);
    const int = entryOf(ints, row);
    if (double !== NONE) {
      const value = doubles!.values.array[double]!;
      if (Number.isFinite(value)) json.double(value);
      else json.ascii('null');
    } else if (int !== NONE) {
      json.int64(ints!.values.words[2 * int]!, ints!.values.words[2 * int + 1]!);
    } else {
      json.ascii('null');
    }
  }
}

/**
 * Whether an exemplar has the value of the last one before it that has any. One without a value counts as equal, and
 * the next one is compared past it.
 */
function equalValues(ints: Int64Column | undefined, doubles: DoubleColumn | undefined): EqualsBefore {
  let lastInt = NONE;
  let lastDouble = NONE;
  return (row) => {
    const int = entryOf(ints, row);
    const double = entryOf(doubles, row);
    if (int === NONE && double === NONE) return true;
    let isEqual = false;
    if (int !== NONE) {
      const { words } = ints!.values;
      isEqual =
        lastInt !== NONE && words[2 * lastInt] === words[2 * int] && words[2 * lastInt + 1] === words[2 * int + 1];
    } else {
      const { array } = doubles!.values;
      isEqual = lastDouble !== NONE && array[lastDouble] === array[double];
    }
    lastInt = int;
    lastDouble = int === NONE ? double : NONE;
    return isEqual;
  };
}

function entryOf(column: Int64Column | DoubleColumn | undefined, row: number): number {
  return column === undefined ? NONE : column.entries[row]!;
}

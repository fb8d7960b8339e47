import { isUtf8 } from 'node:buffer';
import { type Columns, NONE } from '../arrow/columns.js';
import type { PayloadName } from './payload-types.js';

/** Says where the first text of a message is that is not UTF-8. CBOR is checked where it is read. */
export function invalidTextIn(payloads: ReadonlyMap<PayloadName, Columns>): string {
  for (const [name, columns] of payloads) {
    for (const { path, column } of columns.allTexts()) {
      const { entries, values } = column;
      const { offsets, bytes } = values;
      const row = entries.findIndex(
        (entry) => entry !== NONE && !isUtf8(bytes.subarray(offsets[entry], offsets[entry + 1])),
      );
      if (row >= 0) return `${name}: column "${path}" has invalid UTF-8 in row ${row}`;
    }
  }
  throw new Error('BUG: a heap of valid texts is not UTF-8');
}

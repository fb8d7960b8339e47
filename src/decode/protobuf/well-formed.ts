import { MAX_VALUE_DEPTH } from '../rows/limits.js';
import { fieldsByNumber, type MessageName } from './messages.js';
import type { WireReader } from './reader.js';

/** Two messages for each value in a value, and some around the outermost. */
const MAX_MESSAGE_DEPTH = 2 * MAX_VALUE_DEPTH + 10;

/**
 * Skips a message field whose last occurrence counts, and returns its place. The message that it replaces, if any, is at
 * place `replaced`: it is discarded, but must be well-formed.
 */
export function placeOfLast(reader: WireReader, replaced: number, message: MessageName, outerEnd: number): number {
  if (replaced !== 0) checkReplaced(reader, replaced, message);
  return reader.place(outerEnd);
}

/** Checks a message that nothing is kept of. Leaves reader.pos alone. */
export function checkReplaced(reader: WireReader, place: number, message: MessageName): void {
  const { pos } = reader;
  checkWellFormed(reader, message, reader.enter(place), 1);
  reader.pos = pos;
}

function checkWellFormed(reader: WireReader, message: MessageName, end: number, depth: number): void {
  if (depth > MAX_MESSAGE_DEPTH) reader.fail(reader.pos, `messages nested deeper than ${MAX_MESSAGE_DEPTH}`);
  while (reader.pos < end) {
    const tag = reader.tag();
    const field = fieldsByNumber[message].get(tag >>> 3);
    if (field === undefined || tag !== field.tag || (field.message === undefined && tag === field.itemTag)) {
      reader.skipOther(tag, message, end);
      continue;
    }
    const fieldEnd = reader.lengthEnd(end);
    if (field.message !== undefined) {
      checkWellFormed(reader, field.message, fieldEnd, depth + 1);
    } else {
      while (reader.pos < fieldEnd) reader.skip(field.itemTag, fieldEnd);
      reader.leave(fieldEnd);
    }
  }
  reader.leave(end);
}

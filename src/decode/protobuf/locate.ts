// Where in a request a byte lies. The decoders keep no track of it while they read, which would cost every body for
// the sake of the few that fail; this reads such a body again, from its start, and takes broken bytes as they come.

import { isUtf8 } from 'node:buffer';
import { type Field, fieldsByNumber, type MessageName } from './messages.js';

export interface Location {
  /** The innermost message that the byte belongs to. */
  readonly message: MessageName;
  /** The field that it belongs to, such as `LogRecord.body`; parts of attributes and values go by the field around. */
  readonly field: string;
}

/** Messages that occur in many fields, so that only the field around them says where. */
const ubiquitous: ReadonlySet<MessageName> = new Set(['KeyValue', 'AnyValue', 'ArrayValue', 'KeyValueList']);

export function locate(body: Uint8Array, root: MessageName, at: number): Location {
  let message = root;
  let location: Location = { message, field: root };
  let cursor = new LooseCursor(body, 0, body.length);
  while (cursor.next()) {
    if (at >= cursor.end) continue;
    const field = fieldsByNumber[message].get(cursor.tag >>> 3);
    if (field === undefined) return location;
    location = { message, field: ubiquitous.has(message) ? location.field : `${message}.${field.name}` };
    if (field.message === undefined || cursor.start > at) return location;
    message = field.message;
    location = { message, field: location.field };
    cursor = new LooseCursor(body, cursor.start, cursor.end);
  }
  return location;
}

/** Where the first text of a request begins that is not UTF-8; undefined when there is none. */
export function findInvalidText(body: Uint8Array, root: MessageName): number | undefined {
  const levels = [{ message: root, cursor: new LooseCursor(body, 0, body.length) }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    if (!level.cursor.next()) {
      levels.pop();
      continue;
    }
    const { tag, start, end } = level.cursor;
    const field: Field | undefined = fieldsByNumber[level.message].get(tag >>> 3);
    if (field?.message !== undefined)
      levels.push({ message: field.message, cursor: new LooseCursor(body, start, end) });
    else if (field?.isText && !isUtf8(body.subarray(start, end))) return start;
  }
  return undefined;
}

/** Steps from field to field, until one cannot be read. */
class LooseCursor {
  tag = 0;
  /** Where the field's content lies. */
  start = 0;
  end: number;
  readonly #bytes: Uint8Array;
  readonly #limit: number;

  constructor(bytes: Uint8Array, start: number, limit: number) {
    this.#bytes = bytes;
    this.#limit = Math.min(limit, bytes.length);
    this.end = start;
  }

  next(): boolean {
    let openGroups = 0;
    do {
      if (this.end >= this.#limit) return false;
      this.tag = this.#varint();
      this.start = this.end;
      switch (this.tag & 7) {
        case 0:
          this.#varint();
          break;
        case 1:
          this.end += 8;
          break;
        case 2: {
          const length = this.#varint();
          this.start = this.end;
          this.end += length;
          break;
        }
        case 3:
          openGroups++;
          break;
        case 4:
          openGroups--;
          break;
        case 5:
          this.end += 4;
          break;
        default:
          return false;
      }
      // A group passes for one unknown field: the tag that is left is the one of its end.
    } while (openGroups > 0);
    return true;
  }

  /** Reads a varint at `end`. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; this.end < this.#limit; scale *= 128) {
      const byte = this.#bytes[this.end++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  }
}

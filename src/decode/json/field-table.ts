// Finds out which field of a message comes next, comparing bytes in place. Senders write the same fields in the same
// order again and again, without white space, so that is tried first. See bench/decode.ts.

import { isAt, type Pattern, patternOf } from './words.js';

/** No field, or no further one. */
export const NO_FIELD = -1;

/** Ids, from 0, of the fields of a message by their names in lowerCamelCase. */
export type FieldIds = Readonly<Record<string, number>>;

interface Name {
  readonly id: number;
  readonly firstByte: number;
  /** The name and its closing quote. */
  readonly quoted: Pattern;
  /** What usually stands before its value where it is the first member of an object. */
  readonly first: Pattern;
  /** What usually stands before its value where it is another member. */
  readonly next: Pattern;
}

export class FieldTable {
  /** Length of what was found last: of a name and its closing quote, or of all that is before the value. */
  length = 0;
  /** By a hash of the first byte, so that few have to be compared. */
  readonly #buckets: readonly (readonly Name[])[];
  /** At id + 1, the name that is expected to follow the field; at 0, the one that is expected to come first. */
  readonly #followers: Name[];
  /** Per follower, 1 if another name came instead last time. */
  readonly #misses: Uint8Array;

  constructor(fields: FieldIds) {
    const names = Object.entries(fields).flatMap(([name, id]) =>
      [...new Set([name, snakeCase(name)])].map((spelling) => nameOf(id, spelling)),
    );
    this.#buckets = Array.from({ length: 32 }, (_, hash) => names.filter(({ firstByte }) => (firstByte & 31) === hash));
    this.#followers = new Array<Name>(Math.max(...Object.values(fields)) + 2).fill(names[0]!);
    this.#misses = new Uint8Array(this.#followers.length);
  }

  /** If an object starts here with the field that is expected, returns that field, else NO_FIELD. */
  findFirst(view: DataView, start: number): number {
    const expected = this.#followers[0]!;
    if (!isAt(expected.first, view, start)) return NO_FIELD;
    this.length = expected.first.length;
    return expected.id;
  }

  /** If the member that is expected after the field `previous` follows here, returns its field, else NO_FIELD. */
  findNext(view: DataView, start: number, previous: number): number {
    const expected = this.#followers[previous + 1]!;
    if (!isAt(expected.next, view, start)) return NO_FIELD;
    this.length = expected.next.length;
    return expected.id;
  }

  /** The field whose name, ended by a quote, starts here; NO_FIELD for other names. `previous` is what it follows. */
  find(view: DataView, start: number, previous: number): number {
    for (const name of this.#buckets[view.getUint8(start) & 31]!) {
      if (!isAt(name.quoted, view, start)) continue;
      // A field that is there now and then does not spoil what is expected otherwise.
      const isUsual = this.#misses[previous + 1] === 1;
      if (isUsual) this.#followers[previous + 1] = name;
      this.#misses[previous + 1] = isUsual ? 0 : 1;
      this.length = name.quoted.length;
      return name.id;
    }
    return NO_FIELD;
  }
}

function nameOf(id: number, spelling: string): Name {
  return {
    id,
    firstByte: spelling.charCodeAt(0),
    quoted: patternOf(`${spelling}"`),
    first: patternOf(`{"${spelling}":`),
    next: patternOf(`,"${spelling}":`),
  };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

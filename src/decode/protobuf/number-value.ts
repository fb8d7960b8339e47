import type { WireReader } from './reader.js';

interface NumberTags {
  readonly as_int: number;
  readonly as_double: number;
}

/** The number of a point or an exemplar: an int64 or a double, whichever came last. */
export class NumberValue {
  kind: 'none' | 'int' | 'double' = 'none';
  low = 0;
  high = 0;
  double = 0;
  readonly #reader: WireReader;
  readonly #intTag: number;
  readonly #doubleTag: number;

  constructor(reader: WireReader, tags: NumberTags) {
    this.#reader = reader;
    this.#intTag = tags.as_int;
    this.#doubleTag = tags.as_double;
  }

  clear(): void {
    this.kind = 'none';
  }

  /** Reads the field that `tag` begins. Returns false where it is none of these. */
  read(tag: number): boolean {
    if (tag === this.#doubleTag) {
      this.double = this.#reader.double();
      this.kind = 'double';
      return true;
    }
    if (tag === this.#intTag) {
      this.low = this.#reader.fixed64();
      this.high = this.#reader.high;
      this.kind = 'int';
      return true;
    }
    return false;
  }
}

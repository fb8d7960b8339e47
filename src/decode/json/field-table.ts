// Finds out which field of a message a name in the text stands for, comparing bytes in place. Senders write fields in
// the same order again and again, so the name that followed last time is tried first. See bench/decode.ts.

/** No field, or no further one. */
export const NO_FIELD = -1;

/** Ids, from 0, of the fields of a message by their names in lowerCamelCase. */
export type FieldIds = Readonly<Record<string, number>>;

interface Name {
  readonly id: number;
  /** Ends with the closing quote. */
  readonly bytes: Uint8Array;
}

export class FieldTable {
  /** Length of the name last found, its closing quote included. */
  nameLength = 0;
  /** By a hash of the first byte, so that few have to be compared. */
  readonly #buckets: readonly (readonly Name[])[];
  /** At id + 1, the name that followed the field last time; at 0, the one that came first. */
  readonly #followers: Name[];

  constructor(fields: FieldIds) {
    const names = Object.entries(fields).flatMap(([name, id]) =>
      [...new Set([name, snakeCase(name)])].map((spelling): Name => ({ id, bytes: Buffer.from(`${spelling}"`) })),
    );
    this.#buckets = Array.from({ length: 32 }, (_, hash) => names.filter(({ bytes }) => (bytes[0]! & 31) === hash));
    this.#followers = new Array<Name>(Math.max(...Object.values(fields)) + 2).fill(names[0]!);
  }

  /** The field whose name, ended by a quote, starts here; NO_FIELD for other names. `previous` is what it follows. */
  find(bytes: Uint8Array, start: number, previous: number): number {
    const expected = this.#followers[previous + 1]!;
    if (!isAt(expected, bytes, start)) return this.#findUnexpected(bytes, start, previous);
    this.nameLength = expected.bytes.length;
    return expected.id;
  }

  #findUnexpected(bytes: Uint8Array, start: number, previous: number): number {
    for (const name of this.#buckets[bytes[start]! & 31]!) {
      if (isAt(name, bytes, start)) {
        this.#followers[previous + 1] = name;
        this.nameLength = name.bytes.length;
        return name.id;
      }
    }
    return NO_FIELD;
  }
}

function isAt(name: Name, bytes: Uint8Array, start: number): boolean {
  const expected = name.bytes;
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

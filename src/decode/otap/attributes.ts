// A table of attributes → the JSON object of each row that they belong to. The rows of such a table are of all owners
// mixed; here they are sorted twice, first by key and then by owner, so that each owner's lie together in the order of
// their keys. Both sorts count, which takes time in proportion to the rows. See bench/otap.ts.

import { ByteHeap } from '../../buffer/byte-heap.js';
import type { TextColumn as TargetColumn } from '../../buffer/column.js';
import { type Columns, NONE, type Utf8Column } from '../arrow/columns.js';
import type { Dictionary } from '../arrow/dictionary.js';
import type { DecodedRoom } from '../arrow/record-batch.js';
import type { Scratch } from '../arrow/scratch.js';
import { JsonText } from '../text/json-text.js';
import { AnyValues, type ValueWriters } from './any-values.js';
import { counted, Groups } from './groups.js';
import { areEqualEntries } from './heap-texts.js';
import { readGroupedParentIds } from './ids.js';

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

export interface AttributeWriters extends ValueWriters {
  readonly room: DecodedRoom;
}

export class AttributeObjects {
  /** Offset and length of the text last written by write(). */
  offset = 0;
  length = 0;
  readonly values: AnyValues;
  readonly #writers: AttributeWriters;
  readonly #keys: Keys;
  readonly #groups: Groups;
  /** Per group: offset of its text plus 2; 1 when the object would be empty; 0 before it is written. */
  readonly #offsets: Uint32Array;
  readonly #lengths: Uint32Array;
  /** Of each row the first one before it from which on all have the same key and value. */
  readonly #firstOf: Uint32Array;
  /** Of those first rows where key and value are written, offset plus 1 and end; 0 before they are. */
  readonly #memberStarts: Uint32Array;
  readonly #memberEnds: Uint32Array;

  constructor(writers: AttributeWriters, columns: Columns, memory: KeyMemory) {
    const rows = columns.length;
    this.#writers = writers;
    this.#keys = memory.keysOf(columns.texts('key') ?? columns.fail('key', 'is required'));
    this.values = new AnyValues(writers, columns);
    const { scratch } = columns;
    this.#firstOf = scratch.zeros(rows);
    this.#memberStarts = scratch.zeros(rows);
    this.#memberEnds = scratch.words(rows);
    const isRepeated = this.#findRepeated(scratch);
    const parentIds = readGroupedParentIds(columns, (row) => isRepeated[row] === 1);
    const { ranks, count } = this.#keys;
    const byKey = counted(ranks, undefined, scratch.zeros(count + 1), scratch);
    this.#groups = new Groups(parentIds, byKey, scratch);
    this.#offsets = scratch.zeros(this.#groups.count);
    this.#lengths = scratch.zeros(this.#groups.count);
  }

  /** The group of an owner's attributes; NONE when it has none. */
  groupOf(id: number): number {
    return this.#groups.groupOf(id);
  }

  /** Writes the object of a group, unless it is there already. Returns its length; 0 when it would be empty. */
  write(group: number): number {
    this.length = 0;
    if (group === NONE) return 0;
    const { heap } = this.#writers.json;
    if (this.#offsets[group] === 0) {
      const start = heap.end;
      if (this.#writeMembers(group) > 0) {
        this.#offsets[group] = start + 2;
        this.#lengths[group] = heap.end - start;
      } else {
        this.#offsets[group] = 1;
        heap.end = start;
      }
    }
    this.offset = this.#offsets[group]! - 2;
    this.length = this.#lengths[group]!;
    return this.length;
  }

  /** Writes the object of an owner inside of another text, `{}` when it has none. */
  writeInside(id: number): void {
    const group = this.groupOf(id);
    if (group === NONE) this.#writers.json.ascii('{}');
    else this.#writeMembers(group);
  }

  /** The row of a group's last attribute with a key; undefined without one. */
  lastOf(group: number, key: string): number | undefined {
    const rank = group === NONE ? undefined : this.#keys.rankOf(key);
    if (rank === undefined) return undefined;
    const { rows, starts } = this.#groups;
    for (let i = starts[group + 1]! - 1; i >= starts[group]!; i--) {
      if (this.#keys.ranks[rows[i]!] === rank) return rows[i];
    }
    return undefined;
  }

  /** Finds the rows that have the key and the value of the row before. */
  #findRepeated(scratch: Scratch): Uint8Array {
    const { ranks } = this.#keys;
    const { values } = this;
    const isRepeated = scratch.bytes(ranks.length).fill(0);
    for (let row = 1; row < ranks.length; row++) {
      const isEqual = ranks[row] === ranks[row - 1] && values.areEqual(row - 1, row);
      if (isEqual) isRepeated[row] = 1;
      this.#firstOf[row] = isEqual && !values.isZeroDouble(row) ? this.#firstOf[row - 1]! : row;
    }
    return isRepeated;
  }

  #writeMembers(group: number): number {
    const { json, room } = this.#writers;
    const { heap } = json;
    const { rows, starts } = this.#groups;
    const { ranks, json: keys, jsonStarts } = this.#keys;
    const objectStart = heap.end;
    const end = starts[group + 1]!;
    let members = 0;
    let nextRank = ranks[rows[starts[group]!]!]!;
    for (let i = starts[group]!; i < end; i++) {
      const row = rows[i]!;
      const rank = nextRank;
      nextRank = i + 1 < end ? ranks[rows[i + 1]!]! : NONE;
      if (nextRank === rank) continue; // the last of equal keys stands
      const first = this.#firstOf[row]!;
      const written = this.#memberStarts[first]!;
      if (written !== 0) {
        const start = heap.end;
        heap.repeat(written - 1, this.#memberEnds[first]! - written + 1);
        heap.bytes[start] = COMMA; // where it was an object's first member, its comma has become the brace
        members++;
      } else if (this.#writeMember(row, keys, jsonStarts[rank]!, jsonStarts[rank + 1]!)) {
        members++;
      }
      room.check(heap.end);
    }
    // Each member begins with a comma, so that it can be copied wherever it comes to stand; the first one's is none.
    if (members === 0) json.byte(OPEN_BRACE);
    else heap.bytes[objectStart] = OPEN_BRACE;
    json.byte(CLOSE_BRACE);
    return members;
  }

  /** Writes a comma, a key and a value. Returns false, having written nothing, when JSON cannot say the value. */
  #writeMember(row: number, keys: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const { json } = this.#writers;
    const { heap } = json;
    const start = heap.end;
    json.byte(COMMA);
    heap.append(keys, keyStart, keyEnd - keyStart);
    if (!this.values.writeJson(row)) {
      heap.end = start;
      return false;
    }
    const first = this.#firstOf[row]!;
    this.#memberStarts[first] = start + 1;
    this.#memberEnds[first] = heap.end;
    return true;
  }
}

/** The keys of a table of attributes. */
interface Keys {
  /** Of each row the place of its key in the order of all keys. */
  readonly ranks: Uint32Array;
  /** How many different keys there are. */
  readonly count: number;
  /** JSON text and colon of each key, in their order. */
  readonly json: Uint8Array;
  readonly jsonStarts: Uint32Array;
  readonly rankOf: (key: string) => number | undefined;
}

type SortedKeys = Omit<Keys, 'ranks'> & {
  /** Rank of each entry among the values. */
  readonly rankByEntry: Uint32Array;
  /** Rank of what is no key, which is the empty one. */
  readonly noneRank: number;
};

/** Longer ones are sorted anew for each message rather than kept with the stream. */
const MAX_KEPT_KEY_BYTES = 64 << 10;

/** Keeps the keys of a payload type sorted for as long as its dictionary of keys stays as it is. */
export class KeyMemory {
  #dictionary: Dictionary | undefined;
  #version = 0;
  #sorted: SortedKeys | undefined;

  keysOf(column: Utf8Column): Keys {
    const { dictionary, entries } = column;
    const isKept =
      this.#sorted !== undefined && dictionary === this.#dictionary && dictionary?.version === this.#version;
    const sorted = isKept ? this.#sorted! : sortKeys(column);
    if (!isKept && dictionary !== undefined) {
      this.#dictionary = dictionary;
      this.#version = dictionary.version;
      this.#sorted = sorted.json.length + sorted.rankByEntry.byteLength <= MAX_KEPT_KEY_BYTES ? sorted : undefined;
    }
    const { rankByEntry, noneRank } = sorted;
    const ranks = column.scratch.words(entries.length);
    for (let row = 0; row < ranks.length; row++) {
      const entry = entries[row]!;
      ranks[row] = entry === NONE ? noneRank : rankByEntry[entry]!;
    }
    return { ...sorted, ranks };
  }
}

function sortKeys({ values, entryCount, dictionary, scratch }: Utf8Column): SortedKeys {
  const { offsets, bytes } = values;
  // One character per byte, so that texts compare as their bytes do. The empty key is what null stands for.
  const numbers = new Map([['', 0]]);
  // Those of a dictionary may be kept.
  const numberByEntry = dictionary === undefined ? scratch.words(entryCount) : new Uint32Array(entryCount);
  for (let entry = 0; entry < entryCount; entry++) {
    // In a plain column each row has an entry of its own, and equal keys mostly follow each other.
    if (entry > 0 && areEqualEntries(values, entry - 1, entry)) {
      numberByEntry[entry] = numberByEntry[entry - 1]!;
      continue;
    }
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + offsets[entry]!, offsets[entry + 1]! - offsets[entry]!);
    const text = key.toString('latin1');
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    numberByEntry[entry] = number;
  }
  const json = new JsonText(new ByteHeap());
  const jsonStarts = new Uint32Array(numbers.size + 1);
  const ranks = new Map<string, number>();
  const rankByNumber = new Uint32Array(numbers.size);
  for (const [rank, text] of [...numbers.keys()].sort().entries()) {
    const key = Buffer.from(text, 'latin1');
    json.key(key, 0, key.length);
    jsonStarts[rank + 1] = json.heap.end;
    ranks.set(text, rank);
    rankByNumber[numbers.get(text)!] = rank;
  }
  const rankByEntry = numberByEntry;
  for (let entry = 0; entry < entryCount; entry++) rankByEntry[entry] = rankByNumber[numberByEntry[entry]!]!;
  return {
    rankByEntry,
    noneRank: rankByNumber[0]!,
    count: numbers.size,
    json: json.heap.bytes,
    jsonStarts,
    rankOf: (key) => ranks.get(Buffer.from(key).toString('latin1')),
  };
}

/** Gives rows of a table from `firstRow` on the attributes of the owners in the rows of `order`. */
export function setAttributes(
  objects: AttributeObjects | undefined,
  ids: Uint32Array,
  target: TargetColumn,
  firstRow: number,
  order: Uint32Array,
): void {
  if (objects === undefined) return;
  for (let i = 0; i < order.length; i++) {
    const group = objects.groupOf(ids[order[i]!]!);
    if (group !== NONE && objects.write(group) > 0) target.set(firstRow + i, objects.offset, objects.length);
  }
}

// A table of attributes → the JSON object of each row that they belong to. The rows of such a table are of all owners
// mixed; here they are sorted twice, first by key and then by owner, so that each owner's lie together in the order of
// their keys. Both sorts count, which takes time in proportion to the rows. See bench/otap.ts.

import { ByteHeap } from '../../buffer/byte-heap.js';
import type { TextColumn as TargetColumn } from '../../buffer/column.js';
import { JsonText } from '../json-text.js';
import { AnyValues, type ValueWriters } from './any-values.js';
import { type Columns, NONE, type TextColumn } from './columns.js';
import type { Dictionary } from './dictionary.js';
import { ascending, counted, Groups } from './groups.js';
import { readGroupedParentIds } from './ids.js';
import type { DecodedRoom } from './record-batch.js';

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
  readonly #writers: AttributeWriters;
  readonly #keys: Keys;
  readonly #values: AnyValues;
  readonly #groups: Groups;
  /** Per group: offset of its text plus 2; 1 when the object would be empty; 0 before it is written. */
  readonly #offsets: Uint32Array;
  readonly #lengths: Uint32Array;

  constructor(writers: AttributeWriters, columns: Columns, memory: KeyMemory) {
    this.#writers = writers;
    const keys = columns.texts('key') ?? columns.fail('key', 'is required');
    this.#keys = memory.keysOf(keys);
    const values = new AnyValues(writers, columns);
    this.#values = values;
    const { ranks } = this.#keys;
    const parentIds = readGroupedParentIds(
      columns,
      (row) => row > 0 && ranks[row] === ranks[row - 1] && values.areEqual(row - 1, row),
    );
    const byKey = counted(ranks, ascending(ranks.length), new Uint32Array(this.#keys.count + 1));
    this.#groups = new Groups(parentIds, byKey);
    this.#offsets = new Uint32Array(this.#groups.count);
    this.#lengths = new Uint32Array(this.#groups.count);
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

  get values(): AnyValues {
    return this.#values;
  }

  #writeMembers(group: number): number {
    const { json, room } = this.#writers;
    const { heap } = json;
    const { rows, starts } = this.#groups;
    const { ranks, json: keys, jsonStarts } = this.#keys;
    const end = starts[group + 1]!;
    let members = 0;
    json.byte(OPEN_BRACE);
    for (let i = starts[group]!; i < end; i++) {
      const row = rows[i]!;
      const rank = ranks[row]!;
      if (i + 1 < end && ranks[rows[i + 1]!] === rank) continue; // the last of equal keys stands
      const memberStart = heap.end;
      if (members > 0) json.byte(COMMA);
      const keyStart = jsonStarts[rank]!;
      heap.append(keys, keyStart, jsonStarts[rank + 1]! - keyStart);
      if (this.#values.writeJson(row)) members++;
      else heap.end = memberStart;
      room.check(heap.end);
    }
    json.byte(CLOSE_BRACE);
    return members;
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

/** Keeps the keys of a payload type sorted for as long as its dictionary of keys stays as it is. */
export class KeyMemory {
  #dictionary: Dictionary | undefined;
  #version = 0;
  #sorted: SortedKeys | undefined;

  keysOf(column: TextColumn): Keys {
    const { dictionary, entries } = column;
    const isKept = dictionary !== undefined && dictionary === this.#dictionary && dictionary.version === this.#version;
    const sorted = isKept ? this.#sorted! : sortKeys(column);
    this.#dictionary = dictionary;
    this.#version = dictionary?.version ?? 0;
    this.#sorted = dictionary === undefined ? undefined : sorted;
    const ranks = new Uint32Array(entries.length);
    for (let row = 0; row < ranks.length; row++) {
      const entry = entries[row]!;
      ranks[row] = entry === NONE ? sorted.noneRank : sorted.rankByEntry[entry]!;
    }
    return { ...sorted, ranks };
  }
}

function sortKeys({ values, entryCount }: TextColumn): SortedKeys {
  const { offsets, bytes } = values;
  const keyOf = (entry: number) => Buffer.from(bytes.subarray(offsets[entry]!, offsets[entry + 1]!)).toString('latin1');
  // One character per byte, so that texts compare as their bytes do, and equal ones of a plain column become one.
  const entriesByKey = new Map<string, number[]>([['', []]]);
  for (let entry = 0; entry < entryCount; entry++) {
    const key = keyOf(entry);
    const entries = entriesByKey.get(key);
    if (entries === undefined) entriesByKey.set(key, [entry]);
    else entries.push(entry);
  }
  const keys = [...entriesByKey.keys()].sort();
  const rankByEntry = new Uint32Array(entryCount);
  const jsonStarts = new Uint32Array(keys.length + 1);
  const json = new JsonText(new ByteHeap());
  const ranks = new Map<string, number>();
  for (const [rank, key] of keys.entries()) {
    const source = Buffer.from(key, 'latin1');
    json.key(source, 0, source.length);
    jsonStarts[rank + 1] = json.heap.end;
    ranks.set(key, rank);
    for (const entry of entriesByKey.get(key)!) rankByEntry[entry] = rank;
  }
  return {
    rankByEntry,
    noneRank: 0,
    count: keys.length,
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

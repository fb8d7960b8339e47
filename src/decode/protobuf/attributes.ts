// KeyValue and AnyValue → canonical JSON, and texts of columns. The attributes of a message may come scattered among
// its other fields, so they are indexed as they come and written in one go, in the order of their keys: sorting what
// has been written would copy it twice. See bench/decode.ts.

import { isUtf8 } from 'node:buffer';
import type { TextColumn } from '../../buffer/column.js';
import { KEPT_PLACES, MAX_VALUE_DEPTH } from '../rows/limits.js';
import { FALSE, NULL, TRUE } from '../text/json-literals.js';
import type { JsonText } from '../text/json-text.js';
import { tagsOf } from './messages.js';
import { resizedWords } from './places.js';
import type { WireReader } from './reader.js';
import { checkReplaced, placeOfLast } from './well-formed.js';

const keyValueTags = tagsOf('KeyValue');
const valueTags = tagsOf('AnyValue');
const ITEM = tagsOf('ArrayValue').values;
const PAIR = tagsOf('KeyValueList').values;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** In place of the tag of an AnyValue's field: none is set. */
const UNSET = 0;
/** Usual records have some ten attributes, for which insertion is quickest; its cost is the square of the count. */
const LONGEST_INSERTION_SORT = 32;
const SMALLEST_COUNT = 64;

export class Attributes {
  /** How many attributes are indexed and not yet written. Lists nest, so this is a stack. */
  count = 0;
  readonly #reader: WireReader;
  readonly #json: JsonText;
  /** Per attribute: where its key starts and ends, and the place of its value. */
  #index = new Uint32Array(3 * SMALLEST_COUNT);
  /** The attributes being written, in order of their keys: where each is in #index. */
  #order = new Uint32Array(SMALLEST_COUNT);
  /** For each count of attributes, the order that was right for the last list as long. */
  readonly #lastOrders = Array.from({ length: LONGEST_INSERTION_SORT + 1 }, (_, count) =>
    Uint8Array.from({ length: count }, (_, i) => i),
  );
  // What #scan() found in an AnyValue: a field with a length, or a 64-bit number, or a double.
  #place = 0;
  #start = 0;
  #end = 0;
  #low = 0;
  #high = 0;
  #double = 0;

  constructor(reader: WireReader, json: JsonText) {
    this.#reader = reader;
    this.#json = json;
  }

  /** Forgets what a refused body left behind, and the memory of bodies with unusually many attributes. */
  reset(): void {
    this.count = 0;
    if (this.#index.length > KEPT_PLACES) this.#index = new Uint32Array(3 * SMALLEST_COUNT);
    if (this.#order.length > KEPT_PLACES) this.#order = new Uint32Array(SMALLEST_COUNT);
  }

  /** Indexes the KeyValue field whose length is next, in a message that ends at `outerEnd`. */
  index(outerEnd: number): void {
    const reader = this.#reader;
    const { bytes, pos } = reader;
    // Most are a key and a value of less than 128 bytes, in this order, and nothing else.
    const length = bytes[pos]!;
    const keyLength = bytes[pos + 2]!;
    const afterKey = pos + 3 + keyLength;
    if (
      length < 0x80 &&
      pos + 1 + length <= outerEnd &&
      bytes[pos + 1] === keyValueTags.key &&
      bytes[afterKey] === keyValueTags.value &&
      bytes[afterKey + 1]! === length - keyLength - 4
    ) {
      this.#add(pos + 3, afterKey, afterKey + 1);
      reader.pos = pos + 1 + length;
      return;
    }
    const end = reader.lengthEnd(outerEnd);
    let keyStart = reader.pos;
    let keyEnd = keyStart;
    let value = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case keyValueTags.key:
          keyEnd = reader.lengthEnd(end);
          keyStart = reader.pos;
          reader.pos = keyEnd;
          break;
        case keyValueTags.value:
          value = placeOfLast(reader, value, 'AnyValue', end);
          break;
        default:
          reader.skipOther(tag, 'KeyValue', end);
      }
    }
    reader.leave(end);
    this.#add(keyStart, keyEnd, value);
  }

  #add(keyStart: number, keyEnd: number, value: number): void {
    const at = 3 * this.count++;
    if (at === this.#index.length) this.#index = resizedWords(this.#index, 2 * at);
    this.#index[at] = keyStart;
    this.#index[at + 1] = keyEnd;
    this.#index[at + 2] = value;
  }

  /** The place of the value of the last attribute indexed that has this key; 0 without one. */
  valueOf(key: Uint8Array): number {
    const { bytes } = this.#reader;
    for (let at = 3 * (this.count - 1); at >= 0; at -= 3) {
      const start = this.#index[at]!;
      if (this.#index[at + 1]! - start !== key.length) continue;
      let i = 0;
      while (i < key.length && key[i] === bytes[start + i]) i++;
      if (i === key.length) return this.#index[at + 2]!;
    }
    return 0;
  }

  /** Makes an object of all attributes indexed the row's text. An empty one is none. */
  writeColumn(column: TextColumn, row: number): void {
    const offset = this.#json.heap.end;
    const length = this.writeObjectOrNothing();
    if (length > 0) column.set(row, offset, length);
  }

  /** Writes all attributes indexed as an object, unless it would be empty. Returns its length. */
  writeObjectOrNothing(): number {
    if (this.count === 0) return 0;
    const { heap } = this.#json;
    const offset = heap.end;
    if (this.writeObject(0, 1) === 0) heap.end = offset;
    return heap.end - offset;
  }

  /**
   * Writes the attributes indexed from `first` on as an object, whose values have depth `depth`, and forgets them.
   * Returns how many members it has.
   */
  writeObject(first: number, depth: number): number {
    const json = this.#json;
    const { bytes } = this.#reader;
    const count = this.count - first;
    this.#sort(first, count);
    let members = 0;
    json.byte(OPEN_BRACE);
    for (let i = 0; i < count; i++) {
      const at = this.#order[first + i]!;
      const keyStart = this.#index[at]!;
      const value = this.#index[at + 2]!;
      const memberStart = json.heap.end;
      if (members > 0) json.byte(COMMA);
      json.key(bytes, keyStart, this.#index[at + 1]! - keyStart);
      const hasValue = value !== 0 && this.#writeJson(value, depth);
      if (hasValue && (i + 1 === count || this.#compareKeys(at, this.#order[first + i + 1]!) !== 0)) members++;
      else this.#dropFrom(memberStart, keyStart);
    }
    json.byte(CLOSE_BRACE);
    this.count = first;
    return members;
  }

  /** Makes an AnyValue the row's text. One that is empty or not set is none. */
  writeValue(column: TextColumn, row: number, place: number): void {
    if (!column.isKept) return;
    const offset = this.#json.heap.end;
    const length = this.writeText(place);
    if (length > 0) column.set(row, offset, length);
  }

  /** Writes an AnyValue as text: scalars as they are, arrays and lists as JSON. Returns the text's length. */
  writeText(place: number): number {
    if (place === 0) return 0;
    const reader = this.#reader;
    const json = this.#json;
    const { heap } = json;
    const offset = heap.end;
    switch (this.#scan(place)) {
      case valueTags.string_value:
        if (this.#start < this.#end) reader.checkTextStart(this.#start);
        heap.append(reader.bytes, this.#start, this.#end - this.#start);
        break;
      case valueTags.bytes_value:
        json.base64(reader.bytes, this.#start, this.#end - this.#start);
        break;
      case valueTags.double_value:
        json.double(this.#double);
        break;
      case UNSET:
        break;
      default:
        this.#writeJson(place, 1);
    }
    return heap.end - offset;
  }

  /** Writes an AnyValue as JSON. Returns false, having written nothing, for a double that JSON has no number for. */
  #writeJson(place: number, depth: number): boolean {
    const reader = this.#reader;
    const json = this.#json;
    if (depth > MAX_VALUE_DEPTH) reader.fail(place, `values nested deeper than ${MAX_VALUE_DEPTH}`);
    // Most values are short texts and nothing else, which the first bytes tell: length, tag, length.
    const { bytes } = reader;
    const valueLength = bytes[place]!;
    const textLength = bytes[place + 2]!;
    if (bytes[place + 1] === valueTags.string_value && valueLength < 0x80 && textLength === valueLength - 2) {
      json.string(bytes, place + 3, textLength);
      return true;
    }
    switch (this.#scan(place)) {
      case valueTags.string_value:
        json.string(reader.bytes, this.#start, this.#end - this.#start);
        return true;
      case valueTags.int_value:
        json.int64(this.#low, this.#high);
        return true;
      case valueTags.bool_value:
        json.literal((this.#low | this.#high) === 0 ? FALSE : TRUE);
        return true;
      case valueTags.double_value:
        if (!Number.isFinite(this.#double)) return false;
        json.double(this.#double);
        return true;
      case valueTags.array_value:
        this.#writeArray(this.#place, depth + 1);
        return true;
      case valueTags.kvlist_value:
        this.#writeList(this.#place, depth + 1);
        return true;
      case valueTags.bytes_value:
        json.byte(QUOTE);
        json.base64(reader.bytes, this.#start, this.#end - this.#start);
        json.byte(QUOTE);
        return true;
      default:
        json.literal(NULL);
        return true;
    }
  }

  #writeArray(place: number, depth: number): void {
    const reader = this.#reader;
    const json = this.#json;
    const end = reader.enter(place);
    let items = 0;
    json.byte(OPEN_BRACKET);
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag !== ITEM) {
        reader.skipOther(tag, 'ArrayValue', end);
        continue;
      }
      const item = reader.place(end);
      const next = reader.pos;
      if (items++ > 0) json.byte(COMMA);
      if (!this.#writeJson(item, depth)) json.literal(NULL);
      reader.pos = next;
    }
    reader.leave(end);
    json.byte(CLOSE_BRACKET);
  }

  #writeList(place: number, depth: number): void {
    const reader = this.#reader;
    const first = this.count;
    const end = reader.enter(place);
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === PAIR) this.index(end);
      else reader.skipOther(tag, 'KeyValueList', end);
    }
    reader.leave(end);
    this.writeObject(first, depth);
  }

  /** Finds what is set in an AnyValue, the last if several are. Returns its tag, and leaves its content in fields. */
  #scan(place: number): number {
    const reader = this.#reader;
    const end = reader.enter(place);
    let set = UNSET;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case valueTags.string_value:
        case valueTags.bytes_value:
        case valueTags.array_value:
        case valueTags.kvlist_value:
          if (set !== UNSET) this.#checkReplaced(set);
          this.#place = reader.pos;
          this.#end = reader.lengthEnd(end);
          this.#start = reader.pos;
          reader.pos = this.#end;
          break;
        case valueTags.bool_value:
        case valueTags.int_value:
          if (set !== UNSET) this.#checkReplaced(set);
          this.#low = reader.varint();
          this.#high = reader.high;
          break;
        case valueTags.double_value:
          if (set !== UNSET) this.#checkReplaced(set);
          this.#double = reader.double();
          break;
        default:
          reader.skipOther(tag, 'AnyValue', end);
          continue;
      }
      set = tag;
    }
    reader.leave(end);
    return set;
  }

  #checkReplaced(tag: number): void {
    if (tag === valueTags.array_value) checkReplaced(this.#reader, this.#place, 'ArrayValue');
    if (tag === valueTags.kvlist_value) checkReplaced(this.#reader, this.#place, 'KeyValueList');
  }

  /** Takes back what has been written from `offset` on: a member for the key at `keyStart`, which must be text too. */
  #dropFrom(offset: number, keyStart: number): void {
    const { heap } = this.#json;
    if (!isUtf8(heap.bytes.subarray(offset, heap.end))) this.#reader.failField(keyStart, 'invalid UTF-8');
    heap.end = offset;
  }

  /** Puts into #order, from `first` on, the order in which attributes are to be written: by key, then arrival. */
  #sort(first: number, count: number): void {
    if (this.#order.length < first + count) this.#order = resizedWords(this.#order, 2 * (first + count));
    const order = this.#order;
    if (count > LONGEST_INSERTION_SORT) {
      for (let i = first; i < first + count; i++) order[i] = 3 * i;
      order.subarray(first, first + count).sort((a, b) => this.#compareKeys(a, b) || a - b);
      return;
    }
    // Records of one source have the same keys in the same order, so the last order is mostly right: then this
    // compares each key with its neighbour and moves none.
    const lastOrder = this.#lastOrders[count]!;
    let hasMoved = false;
    for (let i = 0; i < count; i++) {
      const attribute = 3 * (first + lastOrder[i]!);
      let to = first + i;
      for (; to > first; to--) {
        const before = order[to - 1]!;
        if ((this.#compareKeys(before, attribute) || before - attribute) < 0) break;
        order[to] = before;
        hasMoved = true;
      }
      order[to] = attribute;
    }
    if (hasMoved) for (let i = 0; i < count; i++) lastOrder[i] = order[first + i]! / 3 - first;
  }

  /** Below, at or above zero as the key indexed at `a` sorts before, with or after the one at `b`. */
  #compareKeys(a: number, b: number): number {
    const { bytes, view } = this.#reader;
    const aStart = this.#index[a]!;
    const bStart = this.#index[b]!;
    const aLength = this.#index[a + 1]! - aStart;
    const bLength = this.#index[b + 1]! - bStart;
    const common = Math.min(aLength, bLength);
    let i = 0;
    // Four bytes at a time; the first of a word in its highest bits, so that words compare as their bytes do.
    for (; i + 4 <= common; i += 4) {
      const aWord = view.getInt32(aStart + i);
      const bWord = view.getInt32(bStart + i);
      if (aWord !== bWord) return aWord >>> 0 < bWord >>> 0 ? -1 : 1;
    }
    for (; i < common; i++) {
      const difference = bytes[aStart + i]! - bytes[bStart + i]!;
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  }
}

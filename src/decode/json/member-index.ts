// Members of JSON objects that are being read: where their keys and values lie, so that an object is written in one
// go, in the order of its keys. Objects nest, so their members form a stack.

import type { ByteHeap } from '../../buffer/byte-heap.js';
import type { JsonText } from '../text/json-text.js';
import { Char } from './char.js';

/** Where the bytes of a key or value are. */
export const Source = {
  /** In the document. */
  Document: 0,
  /** In the heap for what could not be taken from the document as it is. */
  Scratch: 1,
  /** Nowhere: the member is left out. */
  None: 2,
} as const;
export type Source = (typeof Source)[keyof typeof Source];

/** Numbers per member: start, length and source of key and value, and where the value begins in the document. */
const STRIDE = 7;
const KEY_START = 0;
const KEY_LENGTH = 1;
const KEY_SOURCE = 2;
const VALUE_START = 3;
const VALUE_LENGTH = 4;
const VALUE_SOURCE = 5;
const VALUE_AT = 6;

const WORD_BYTES = 4;
/** Longer runs are copied by one call of set(). */
const LONGEST_WORD_COPY = 256;
/** A control character in a key becomes six bytes: \u001f. */
const LONGEST_ESCAPE = 6;
/** Quotes, colon, comma. */
const MEMBER_PUNCTUATION = 4;

/** Usual records have some ten attributes, for which insertion is quickest; its cost is the square of the count. */
const LONGEST_INSERTION_SORT = 32;

export class MemberIndex {
  count = 0;
  #document: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#document.buffer);
  readonly #scratch: ByteHeap;
  #fields = new Uint32Array(STRIDE * 64);
  /** For each count of members, the order that was right for the last object with as many. */
  readonly #orders = Array.from({ length: LONGEST_INSERTION_SORT + 1 }, (_, count) =>
    Uint32Array.from({ length: count }, (_, i) => i),
  );

  constructor(scratch: ByteHeap) {
    this.#scratch = scratch;
  }

  /** Readies for members that lie in a document, behind which there are three bytes that may be looked at. */
  begin(document: Uint8Array, view: DataView): void {
    this.count = 0;
    this.#document = document;
    this.#view = view;
  }

  /**
   * Adds a member. Its key is UTF-8, in the document only if it needs no escape and lies between quotes. Its value is
   * canonical JSON, for a value that begins at `valueAt` in the document.
   */
  push(
    keyStart: number,
    keyLength: number,
    keySource: Source,
    valueStart: number,
    valueLength: number,
    valueSource: Source,
    valueAt: number,
  ): void {
    const at = STRIDE * this.count++;
    if (at === this.#fields.length) {
      const grown = new Uint32Array(2 * this.#fields.length);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    const fields = this.#fields;
    fields[at + KEY_START] = keyStart;
    fields[at + KEY_LENGTH] = keyLength;
    fields[at + KEY_SOURCE] = keySource;
    fields[at + VALUE_START] = valueStart;
    fields[at + VALUE_LENGTH] = valueLength;
    fields[at + VALUE_SOURCE] = valueSource;
    fields[at + VALUE_AT] = valueAt;
  }

  /** Where the value of the last of the members from `first` on that have this key begins; 0 without one. */
  valueOf(first: number, key: Uint8Array): number {
    for (let at = STRIDE * (this.count - 1); at >= STRIDE * first; at -= STRIDE) {
      if (this.#hasKey(at, key)) return this.#fields[at + VALUE_AT]!;
    }
    return 0;
  }

  #hasKey(at: number, key: Uint8Array): boolean {
    if (this.#fields[at + KEY_LENGTH] !== key.length) return false;
    const bytes = this.#bytesOf(this.#fields[at + KEY_SOURCE]!);
    const start = this.#fields[at + KEY_START]!;
    for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false;
    return true;
  }

  /**
   * Writes an object of the members from `first` on, of equal keys the last one, and forgets them. Returns how many
   * members it has.
   */
  writeObject(first: number, json: JsonText): number {
    const { heap } = json;
    const order = this.#sort(first);
    let members = 0;
    heap.reserve(this.#longestObject(first));
    heap.bytes[heap.end++] = Char.OpenBrace;
    for (let i = 0; i < order.length; i++) {
      const at = STRIDE * (first + order[i]!);
      const source = this.#fields[at + VALUE_SOURCE]!;
      if (source === Source.None) continue;
      if (i + 1 < order.length && this.#compare(at, STRIDE * (first + order[i + 1]!)) === 0) continue;
      if (members++ > 0) heap.bytes[heap.end++] = Char.Comma;
      this.#writeKey(at, json);
      heap.bytes[heap.end++] = Char.Colon;
      this.#write(source, this.#fields[at + VALUE_START]!, this.#fields[at + VALUE_LENGTH]!, heap);
    }
    heap.bytes[heap.end++] = Char.CloseBrace;
    this.count = first;
    return members;
  }

  /** An upper bound of what the members from `first` on take, with room to copy in words. */
  #longestObject(first: number): number {
    let bytes = 2 + WORD_BYTES;
    for (let at = STRIDE * first; at < STRIDE * this.count; at += STRIDE) {
      const keyBytes = this.#fields[at + KEY_LENGTH]!;
      bytes += this.#fields[at + KEY_SOURCE] === Source.Document ? keyBytes : LONGEST_ESCAPE * keyBytes;
      bytes += this.#fields[at + VALUE_LENGTH]! + MEMBER_PUNCTUATION;
    }
    return bytes;
  }

  #writeKey(at: number, json: JsonText): void {
    const start = this.#fields[at + KEY_START]!;
    const length = this.#fields[at + KEY_LENGTH]!;
    if (this.#fields[at + KEY_SOURCE] === Source.Document)
      this.#write(Source.Document, start - 1, length + 2, json.heap);
    else json.string(this.#scratch.bytes, start, length);
  }

  /** Copies bytes to where there is room for them. */
  #write(source: number, start: number, length: number, heap: ByteHeap): void {
    if (source !== Source.Document || length > LONGEST_WORD_COPY) {
      heap.append(this.#bytesOf(source), start, length);
      return;
    }
    // Whole words only: there is room, and the document's padding, for what is copied beyond the end.
    const from = this.#view;
    const to = heap.view;
    const { end } = heap;
    for (let i = 0; i < length; i += WORD_BYTES) to.setInt32(end + i, from.getInt32(start + i, true), true);
    heap.end = end + length;
  }

  #bytesOf(source: number): Uint8Array {
    return source === Source.Document ? this.#document : this.#scratch.bytes;
  }

  /** The order in which the members from `first` on are to be written, equal keys in order of arrival. */
  #sort(first: number): Uint32Array {
    const count = this.count - first;
    if (count > LONGEST_INSERTION_SORT) {
      return Uint32Array.from({ length: count }, (_, i) => i).sort(
        (a, b) => this.#compare(STRIDE * (first + a), STRIDE * (first + b)) || a - b,
      );
    }
    // Records of one source have the same keys in the same order, so the last order is mostly right: then this
    // compares each key with its neighbour and moves none.
    const order = this.#orders[count]!;
    for (let i = 1; i < count; i++) {
      const member = order[i]!;
      let to = i;
      for (; to > 0; to--) {
        const before = order[to - 1]!;
        const difference = this.#compare(STRIDE * (first + before), STRIDE * (first + member)) || before - member;
        if (difference < 0) break;
        order[to] = before;
      }
      order[to] = member;
    }
    return order;
  }

  /** Below, at or above zero as the key of the member at `a` sorts before, with or after the one at `b`. */
  #compare(a: number, b: number): number {
    const fields = this.#fields;
    const aView = this.#viewOf(fields[a + KEY_SOURCE]!);
    const bView = this.#viewOf(fields[b + KEY_SOURCE]!);
    const aStart = fields[a + KEY_START]!;
    const bStart = fields[b + KEY_START]!;
    const aLength = fields[a + KEY_LENGTH]!;
    const bLength = fields[b + KEY_LENGTH]!;
    const common = Math.min(aLength, bLength);
    let i = 0;
    for (; i + WORD_BYTES <= common; i += WORD_BYTES) {
      const difference = aView.getUint32(aStart + i) - bView.getUint32(bStart + i);
      if (difference !== 0) return difference;
    }
    for (; i < common; i++) {
      const difference = aView.getUint8(aStart + i) - bView.getUint8(bStart + i);
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  }

  #viewOf(source: number): DataView {
    return source === Source.Document ? this.#view : this.#scratch.view;
  }
}

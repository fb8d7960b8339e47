// Bytes of JSON → fields and values, each checked where it is read. What nobody asks for is skipped, and must be
// well-formed too. A null is what its field would be if it were absent: an empty string, 0, no elements.

import type { ByteHeap } from '../../buffer/byte-heap.js';
import { Char, ENDS_RUN, isSpace } from './char.js';
import { numberEnd } from './decimal.js';
import { type FieldTable, NO_FIELD } from './field-table.js';
import { JsonBody } from './json-body.js';
import { UnescapedText } from './unescaped-text.js';
import { areHexDigits, endsRun, lowered } from './words.js';

/** Indentation goes by words. */
const FOUR_SPACES = 0x20202020;

export class JsonReader {
  readonly #body = new JsonBody();
  readonly #unescaped = new UnescapedText();
  /** The documents. A zero byte follows each. */
  bytes = this.#body.bytes;
  view = this.#body.view;
  /** Where the next byte is read. What has been read can be read again by going back. */
  at = 0;
  /** The string last read: `textLength` bytes of `text` from `textStart` on. */
  text = this.#unescaped.bytes;
  textStart = 0;
  textLength = 0;
  /** Whether it is in `text` as JSON has it, between quotes and without escapes. */
  isPlain = false;

  /** The value being read, for errors. */
  #valueAt = 0;
  /** Of the containers that are open inside a value being skipped: their closing brackets. */
  #closers = new Uint8Array(64);

  /** Calls `read` for the document that the body is. */
  readDocument(body: Uint8Array, read: () => void): void {
    this.#body.openDocument(body);
    this.#readDocument(read);
  }

  /** Calls `read` for the document in each line that is not blank. */
  readLines(body: Uint8Array, read: () => void): void {
    this.#body.openLines(body);
    while (this.#body.nextLine()) this.#readDocument(read);
  }

  #readDocument(read: () => void): void {
    this.bytes = this.#body.bytes;
    this.view = this.#body.view;
    this.at = this.#body.start;
    this.#refuseNull();
    read();
    this.peek();
    if (this.at !== this.#body.end) this.#expected('the end of the document');
  }

  // Objects and arrays

  /** Begins an object. Returns its first field that the table knows, or NO_FIELD. */
  firstField(fields: FieldTable): number {
    const expected = fields.findFirst(this.view, this.at);
    if (expected === NO_FIELD) return this.#unexpectedFirst(fields);
    this.at += fields.length;
    return expected;
  }

  #unexpectedFirst(fields: FieldTable): number {
    const byte = this.peek();
    if (byte !== Char.OpenBrace) {
      this.takeNullFor('an object');
      return NO_FIELD;
    }
    this.at++;
    if (this.peek() !== Char.CloseBrace) return this.#field(fields, NO_FIELD);
    this.at++;
    return NO_FIELD;
  }

  /** The next field of the object that the table knows, after `previous`, whose value has been read; or NO_FIELD. */
  nextField(fields: FieldTable, previous: number): number {
    if (this.bytes[this.at] === Char.CloseBrace) {
      this.at++;
      return NO_FIELD;
    }
    const expected = fields.findNext(this.view, this.at, previous);
    if (expected === NO_FIELD) return this.#hasNextMember() ? this.#field(fields, previous) : NO_FIELD;
    this.at += fields.length;
    return expected;
  }

  /** Begins an array. Returns whether there is an element, which is then to be read. */
  firstElement(): boolean {
    if (this.peek() !== Char.OpenBracket) {
      this.takeNullFor('an array');
      return false;
    }
    this.at++;
    if (this.peek() === Char.CloseBracket) {
      this.at++;
      return false;
    }
    this.#refuseNull();
    return true;
  }

  /** Whether the array, whose last element has been read, has another. */
  nextElement(): boolean {
    const byte = this.peek();
    if (byte !== Char.Comma && byte !== Char.CloseBracket) this.#expected('"," or "]" after an element');
    this.at++;
    if (byte === Char.CloseBracket) return false;
    this.#refuseNull();
    return true;
  }

  /** Passes a null. Returns whether there was one. */
  takeNull(): boolean {
    if (this.peek() !== Char.LowerN) return false;
    this.#word('null');
    return true;
  }

  // Values

  /** Reads a string. */
  string(): void {
    if (this.peek() !== Char.Quote) {
      this.takeNullFor('a string');
      this.textLength = 0;
      this.isPlain = false;
      return;
    }
    const start = this.at + 1;
    const end = this.#plainEnd(start);
    this.#valueAt = this.at;
    if (this.bytes[end] !== Char.Quote) {
      this.#escapedString(start, end);
      return;
    }
    this.at = end + 1;
    this.text = this.bytes;
    this.textStart = start;
    this.textLength = end - start;
    this.isPlain = true;
  }

  boolean(): boolean {
    const byte = this.peek();
    if (byte === Char.LowerT) this.#word('true');
    else if (byte === Char.LowerF) this.#word('false');
    else this.takeNullFor('true or false');
    return byte === Char.LowerT;
  }

  /** Reads an id of so many hex digits and writes it in lower case. Returns its length: 0 if it is none or all zero. */
  id(digits: number, heap: ByteHeap): number {
    this.string();
    const { text, textStart, textLength } = this;
    if (textLength === 0) return 0;
    if (textLength !== digits) this.refuse(`${digits} hex digits`, String(textLength));
    heap.reserve(digits);
    const from = this.isPlain ? this.view : viewOf(text);
    const to = heap.view;
    const { end } = heap;
    let bits = 0;
    for (let i = 0; i < digits; i += 4) {
      const word = from.getInt32(textStart + i, true);
      if (!areHexDigits(word)) this.refuse(`${digits} hex digits`);
      bits |= word ^ 0x30303030;
      to.setInt32(end + i, lowered(word), true);
    }
    if (bits === 0) return 0;
    heap.end = end + digits;
    return digits;
  }

  /** Throws that the value last read is not what the rule says. */
  refuse(rule: string, got?: string): never {
    throw this.#body.valueFailure(this.#valueAt, rule, got);
  }

  /** Throws that the value to be read next is not what the rule says. */
  refuseNext(rule: string, got?: string): never {
    this.peek();
    throw this.#body.valueFailure(this.at, rule, got);
  }

  /** The last string read, for callers that expect ASCII. */
  latin1(): string {
    return this.text.toString('latin1', this.textStart, this.textStart + this.textLength);
  }

  /** Reads up to `end`, which the caller knows to end a value. */
  take(end: number): string {
    this.#valueAt = this.at;
    this.at = end;
    return this.bytes.toString('latin1', this.#valueAt, end);
  }

  #escapedString(start: number, firstEscape: number): void {
    const end = this.#stringEnd(firstEscape);
    this.#unescape(start, end);
    if (!this.#unescaped.isWellFormed) this.refuse('text without halves of surrogate pairs');
    this.at = end + 1;
    this.text = this.#unescaped.bytes;
    this.textStart = 0;
    this.textLength = this.#unescaped.length;
    this.isPlain = false;
  }

  // Members

  #field(fields: FieldTable, previous: number): number {
    do {
      if (this.peek() !== Char.Quote) this.#expected('a field name');
      const start = this.at + 1;
      let field = fields.find(this.view, start, previous);
      if (field === NO_FIELD) field = this.#unusualName(fields, start, previous);
      else this.at = start + fields.length;
      this.#colon();
      if (field !== NO_FIELD) return field;
      this.skipValue();
    } while (this.#hasNextMember());
    return NO_FIELD;
  }

  /** Passes a name that is unknown, or known but escaped. */
  #unusualName(fields: FieldTable, start: number, previous: number): number {
    const plainEnd = this.#plainEnd(start);
    const end = this.#stringEnd(plainEnd);
    this.at = end + 1;
    if (end === plainEnd) return NO_FIELD;
    this.#unescape(start, end);
    return fields.find(viewOf(this.#unescaped.bytes), 0, previous);
  }

  #colon(): void {
    if (this.peek() !== Char.Colon) this.#expected('":" after a field name');
    this.at++;
  }

  #hasNextMember(): boolean {
    const byte = this.peek();
    if (byte !== Char.Comma && byte !== Char.CloseBrace) this.#expected('"," or "}" after a member');
    this.at++;
    return byte === Char.Comma;
  }

  // Values that nobody asked for

  /** Passes a value of any kind. Values inside values take no stack, so that their depth needs no limit. */
  skipValue(): void {
    let depth = 0;
    for (;;) {
      const byte = this.peek();
      if (byte === Char.OpenBrace || byte === Char.OpenBracket) {
        const closer = byte === Char.OpenBrace ? Char.CloseBrace : Char.CloseBracket;
        this.at++;
        if (this.peek() !== closer) {
          this.#pushCloser(depth++, closer);
          if (closer === Char.CloseBrace) this.#skipName();
          continue;
        }
        this.at++;
      } else {
        this.#skipScalar(byte);
      }
      while (depth > 0 && !this.#skipComma(this.#closers[depth - 1]!)) depth--;
      if (depth === 0) return;
    }
  }

  /** Passes a value that is not wanted, looking for its end only: nothing inside it is checked. */
  passValue(): void {
    const first = this.peek();
    if (first !== Char.OpenBrace && first !== Char.OpenBracket) {
      this.#skipScalar(first);
      return;
    }
    const { bytes } = this;
    let at = this.at;
    let depth = 0;
    do {
      const byte = bytes[at]!;
      if (byte === Char.Quote) at = this.#stringEnd(this.#plainEnd(at + 1));
      else if (byte === Char.OpenBrace || byte === Char.OpenBracket) depth++;
      else if (byte === Char.CloseBrace || byte === Char.CloseBracket) depth--;
      else if (byte === Char.End) this.#expectedAt(at, 'the end of a value');
      at++;
    } while (depth > 0);
    this.at = at;
  }

  /** Passes what follows a value in a container, up to the next value. Returns whether there is one. */
  #skipComma(closer: number): boolean {
    if (closer === Char.CloseBrace) {
      if (!this.#hasNextMember()) return false;
      this.#skipName();
      return true;
    }
    const byte = this.peek();
    if (byte !== Char.Comma && byte !== Char.CloseBracket) this.#expected('"," or "]" after an element');
    this.at++;
    return byte === Char.Comma;
  }

  #skipName(): void {
    if (this.peek() !== Char.Quote) this.#expected('a field name');
    this.#skipString();
    this.#colon();
  }

  #skipScalar(byte: number): void {
    if (byte === Char.Quote) this.#skipString();
    else if (byte === Char.LowerT) this.#word('true');
    else if (byte === Char.LowerF) this.#word('false');
    else if (byte === Char.LowerN) this.#word('null');
    else this.at = numberEnd(this.bytes, this.at) || this.#expected('a value');
  }

  #skipString(): void {
    const start = this.at + 1;
    const plainEnd = this.#plainEnd(start);
    const end = this.#stringEnd(plainEnd);
    if (end !== plainEnd) this.#unescape(start, end);
    this.at = end + 1;
  }

  #pushCloser(depth: number, closer: number): void {
    if (depth === this.#closers.length) {
      const grown = new Uint8Array(2 * depth);
      grown.set(this.#closers);
      this.#closers = grown;
    }
    this.#closers[depth] = closer;
  }

  // Bytes

  /** Passes white space. Returns the byte after it, which stays to be read. */
  peek(): number {
    const byte = this.bytes[this.at]!;
    return byte <= Char.Space && isSpace(byte) ? this.#skipSpace() : byte;
  }

  #skipSpace(): number {
    const { bytes, view } = this;
    let at = this.at + 1;
    while (isSpace(bytes[at]!)) {
      at++;
      while (view.getInt32(at, true) === FOUR_SPACES) at += 4;
    }
    this.at = at;
    return bytes[at]!;
  }

  /** Where the run of plain characters from `start` on ends. */
  #plainEnd(start: number): number {
    const bytes = this.bytes;
    const view = this.view;
    let at = start;
    while (!endsRun(view.getInt32(at, true))) at += 4;
    while (ENDS_RUN[bytes[at]!] === 0) at++;
    return at;
  }

  /** Where the closing quote of a string is, at or after `start`. */
  #stringEnd(start: number): number {
    const bytes = this.bytes;
    let at = start;
    while (bytes[at] !== Char.Quote) {
      if (bytes[at] === Char.Backslash) at++;
      if (bytes[at]! < Char.Space) throw this.#body.syntaxFailure(at, 'a character of a string');
      at = this.#plainEnd(at + 1);
    }
    return at;
  }

  #unescape(start: number, end: number): void {
    const wrongAt = this.#unescaped.read(this.bytes, start, end);
    if (wrongAt !== undefined) throw this.#body.syntaxFailure(wrongAt, 'an escape');
  }

  #word(word: 'true' | 'false' | 'null'): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.at + i] !== word.charCodeAt(i)) this.#expected('a value');
    }
    this.at += word.length;
  }

  // Errors

  #expected(what: string): never {
    this.#expectedAt(this.at, what);
  }

  #expectedAt(at: number, what: string): never {
    throw this.#body.syntaxFailure(at, what);
  }

  /** Passes a null, or throws that something else is not what the rule says. */
  takeNullFor(rule: string): void {
    if (this.takeNull()) return;
    this.#valueAt = this.at;
    this.skipValue();
    this.refuse(rule);
  }

  #refuseNull(): void {
    if (this.peek() !== Char.LowerN) return;
    this.#valueAt = this.at;
    this.#word('null');
    this.refuse('a value');
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

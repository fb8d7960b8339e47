// A body of JSON: one document, or one in each line that is not blank. Makes the errors that say where in it
// something is wrong.

import { isUtf8 } from 'node:buffer';
import { Failure } from '../../base/failure.js';
import { Char, isSpace } from './char.js';
import { pathAt } from './path-at.js';

/** What is kept of the copy of a body from one request to the next. */
const KEPT_COPY_BYTES = 4 << 20;
/** How much of a value an error quotes. */
const LONGEST_QUOTE = 40;
/** Bytes are read four at a time, so that up to three beyond the last one are looked at. */
const PADDING = 4;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

export class JsonBody {
  /**
   * A copy of the body in which a zero byte, which no JSON text contains, follows each document, so that loops over
   * bytes need no other end.
   */
  bytes = Buffer.alloc(PADDING);
  view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
  /** Where the document being read begins and ends. */
  start = 0;
  end = 0;
  #bodyEnd = 0;
  /** Number of the line being read, 0 where the body is one document. */
  #line = 0;

  /** Begins a body that is one document. */
  openDocument(body: Uint8Array): void {
    this.#open(body);
    this.end = this.#bodyEnd;
    if (this.#isBlank()) throw new Failure('malformed', 'cannot decode JSON: empty document');
    this.#checkUtf8();
  }

  /** Begins a body of lines. nextLine() then begins each document. */
  openLines(body: Uint8Array): void {
    this.#open(body);
    this.end = this.start - 1;
  }

  /** Begins the document in the next line that is not blank. False after the last one. */
  nextLine(): boolean {
    while (this.end < this.#bodyEnd) {
      this.start = this.end + 1;
      const lineFeed = this.bytes.subarray(0, this.#bodyEnd).indexOf(Char.LineFeed, this.start);
      this.end = lineFeed < 0 ? this.#bodyEnd : lineFeed;
      this.bytes[this.end] = Char.End;
      this.#line++;
      if (this.#isBlank()) continue;
      this.#checkUtf8();
      return true;
    }
    return false;
  }

  /** An error where the text is not JSON. */
  syntaxFailure(at: number, expected: string): Failure {
    const where = this.#line === 0 ? `byte ${at}` : `line ${this.#line}, byte ${at - this.start}`;
    const got = at >= this.end ? 'the end' : characterAt(this.bytes, at);
    return new Failure('malformed', `cannot decode JSON at ${where}: expected ${expected}, got ${got}`);
  }

  /** An error where the text is JSON, but its value at `at` breaks a rule. */
  valueFailure(at: number, rule: string, got = this.#quote(at)): Failure {
    return this.#failureAt(at, `must be ${rule}, got ${got}`);
  }

  #failureAt(at: number, problem: string): Failure {
    const line = this.#line === 0 ? '' : `line ${this.#line}: `;
    return new Failure('malformed', `${line}${pathAt(this.bytes, this.start, at)} ${problem}`);
  }

  #open(body: Uint8Array): void {
    const needed = body.length + PADDING;
    if (this.bytes.length < needed || this.bytes.length > KEPT_COPY_BYTES) {
      this.bytes = Buffer.alloc(needed);
      this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
    }
    this.bytes.set(body);
    this.bytes.fill(Char.End, body.length, needed);
    this.#bodyEnd = body.length;
    this.#line = 0;
    this.start = BYTE_ORDER_MARK.compare(body.subarray(0, BYTE_ORDER_MARK.length)) === 0 ? BYTE_ORDER_MARK.length : 0;
  }

  #isBlank(): boolean {
    let at = this.start;
    while (isSpace(this.bytes[at]!)) at++;
    return at === this.end;
  }

  #checkUtf8(): void {
    const document = this.bytes.subarray(this.start, this.end);
    if (isUtf8(document)) return;
    const replaced = Buffer.from(Buffer.from(document).toString());
    const at = this.start + document.findIndex((byte, i) => byte !== replaced[i]);
    throw this.#failureAt(at, `is not UTF-8 at byte ${at - (this.#line === 0 ? 0 : this.start)}`);
  }

  /** The value at `at`, or its kind. */
  #quote(at: number): string {
    const first = this.bytes[at];
    if (first === Char.OpenBrace) return 'an object';
    if (first === Char.OpenBracket) return 'an array';
    let end = at + 1;
    while (end < this.end && !(first === Char.Quote ? isQuote(this.bytes, end) : isEndOfWord(this.bytes[end]!))) end++;
    if (first === Char.Quote) end++;
    const text = Buffer.from(this.bytes.subarray(at, end)).toString();
    return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  }
}

function isQuote(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === Char.Quote && bytes[at - 1] !== Char.Backslash;
}

function isEndOfWord(byte: number): boolean {
  return isSpace(byte) || byte === Char.Comma || byte === Char.CloseBrace || byte === Char.CloseBracket;
}

function characterAt(bytes: Uint8Array, at: number): string {
  const text = Buffer.from(bytes.subarray(at, at + 4)).toString();
  const [first = ''] = text;
  return JSON.stringify(first);
}

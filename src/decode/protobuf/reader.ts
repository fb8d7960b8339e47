// Bytes → fields of the protobuf wire format. The decoders walk a message with
//
//   while (reader.pos < end) switch (reader.tag()) { case …: …; default: reader.skipOther(…) }
//   reader.leave(end);
//
// Varints and numbers are bounded by the body alone, so one may run past the end of its message; leave() sees that.
// Lengths are checked where they are read. Nothing here allocates, unless it fails.

import { isUtf8 } from 'node:buffer';
import { Failure } from '../../base/failure.js';
import { MAX_VALUE_DEPTH } from '../rows/limits.js';
import { isContinuationByte } from '../text/text-check.js';
import { locate } from './locate.js';
import { fieldsByNumber, type MessageName } from './messages.js';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

export class WireReader {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  pos = 0;
  /** High word of the 64-bit number last read, whose low word its reader returned. */
  high = 0;
  readonly #root: MessageName;

  /** `root` is the message that bodies hold. */
  constructor(root: MessageName) {
    this.#root = root;
  }

  begin(body: Uint8Array): void {
    // A Buffer would be a second kind of array to the code that reads, and slower to take a part of.
    this.bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.pos = 0;
  }

  /** Reads a field's number and wire type, as one number. */
  tag(): number {
    const start = this.pos;
    const byte = this.bytes[start]!;
    if (byte < 0x80) {
      this.pos = start + 1;
      return byte;
    }
    // Fields from number 16 on have tags of two bytes.
    const next = this.bytes[start + 1]!;
    if (next < 0x80) {
      this.pos = start + 2;
      return (byte & 0x7f) | (next << 7);
    }
    return this.#shortVarint('tag');
  }

  /**
   * Reads the length of a field in a message that ends at `outerEnd`. Returns where the field ends; it begins at
   * `pos`.
   */
  lengthEnd(outerEnd: number): number {
    const start = this.pos;
    const byte = this.bytes[start]!;
    let length = byte;
    if (byte < 0x80) {
      this.pos = start + 1;
    } else {
      // Records and bodies have lengths of two bytes.
      const next = this.bytes[start + 1]!;
      if (next < 0x80) {
        length = (byte & 0x7f) | (next << 7);
        this.pos = start + 2;
      } else {
        length = this.#shortVarint('length');
      }
    }
    const end = this.pos + length;
    if (end > outerEnd) this.fail(start, `${length} bytes announced, ${Math.max(0, outerEnd - this.pos)} left`);
    return end;
  }

  /**
   * Passes by a field with a length. Returns its place, to enter() it when the message around it has been read; never
   * 0, which stands for a field that is absent.
   */
  place(outerEnd: number): number {
    const place = this.pos;
    this.pos = this.lengthEnd(outerEnd);
    return place;
  }

  /** Goes to the content of a field that was passed by. Returns where it ends. */
  enter(place: number): number {
    this.pos = place;
    return this.lengthEnd(this.bytes.length);
  }

  /** Reads a varint. Returns its low word as a signed integer; `high` has the other. */
  varint(): number {
    const byte = this.bytes[this.pos]!;
    if (byte < 0x80) {
      this.pos++;
      this.high = 0;
      return byte;
    }
    return this.#longVarint();
  }

  /** Like varint(), of an unsigned number that a BIGINT must hold. */
  varintInInt64(): number {
    const start = this.pos;
    const low = this.varint();
    if (this.high < 0) this.failField(start, 'a number above the largest int64');
    return low;
  }

  /** Reads a varint in zigzag form, of 32 bits. */
  sint32(): number {
    const word = this.varint();
    return (word >>> 1) ^ -(word & 1);
  }

  bool(): boolean {
    return (this.varint() | this.high) !== 0;
  }

  fixed32(): number {
    const at = this.#advance(4);
    return this.view.getInt32(at, true);
  }

  /** Reads 8 bytes. Returns the low word as a signed integer; `high` has the other. */
  fixed64(): number {
    const at = this.#advance(8);
    this.high = this.view.getInt32(at + 4, true);
    return this.view.getInt32(at, true);
  }

  /** Like fixed64(), of a number that a BIGINT or a TIMESTAMP must hold. */
  fixed64InInt64(): number {
    const low = this.fixed64();
    if (this.high < 0) this.failField(this.pos - 8, 'a number above the largest int64');
    return low;
  }

  double(): number {
    return this.view.getFloat64(this.#advance(8), true);
  }

  /** Ends a message: nothing in it may reach beyond `end`. */
  leave(end: number): void {
    if (this.pos !== end) this.fail(end, 'a field runs past the end of its message');
  }

  /** Skips a field of `message` that no column is for. Refuses a known one in a wire type that is not its own. */
  skipOther(tag: number, message: MessageName, end: number): void {
    const known = fieldsByNumber[message].get(tag >>> 3);
    if (known !== undefined && tag !== known.itemTag && tag !== known.tag) {
      this.fail(this.pos - 1, `${message}.${known.name} has wire type ${tag & 7}`);
    }
    this.skip(tag, end);
  }

  /** Skips the field that `tag` begins. */
  skip(tag: number, end: number, depth = 1): void {
    if (tag >>> 3 === 0) this.fail(this.pos - 1, 'field number 0');
    switch (tag & 7) {
      case VARINT:
        this.varint();
        break;
      case FIXED64:
        this.#advance(8);
        break;
      case LENGTH_DELIMITED:
        this.pos = this.lengthEnd(end);
        break;
      case START_GROUP:
        this.#skipGroup(tag, end, depth);
        break;
      case FIXED32:
        this.#advance(4);
        break;
      default:
        this.fail(this.pos - 1, (tag & 7) === END_GROUP ? 'end of a group that never began' : `wire type ${tag & 7}`);
    }
  }

  /** Refuses a text that begins inside a character: the check of the whole heap cannot see that. */
  checkTextStart(start: number): void {
    if (isContinuationByte(this.bytes[start]!)) this.failField(start, 'invalid UTF-8');
  }

  /** Passes by a text that no column is for. It must be one all the same. */
  skipText(outerEnd: number): void {
    const end = this.lengthEnd(outerEnd);
    if (!isUtf8(this.bytes.subarray(this.pos, end))) this.failField(this.pos, 'invalid UTF-8');
    this.pos = end;
  }

  /** Refuses the body for what is wrong at byte `at`. */
  fail(at: number, problem: string): never {
    const { message } = locate(this.bytes, this.#root, at);
    throw new Failure('malformed', `cannot decode ${message} at byte ${at}: ${problem}`);
  }

  /** Refuses the body for the content of the field that byte `at` belongs to. */
  failField(at: number, problem: string): never {
    this.fail(at, `${problem} in ${locate(this.bytes, this.#root, at).field}`);
  }

  #skipGroup(startTag: number, end: number, depth: number): void {
    if (depth > MAX_VALUE_DEPTH) this.fail(this.pos, `groups nested deeper than ${MAX_VALUE_DEPTH}`);
    while (this.pos < end) {
      const tag = this.tag();
      if (tag === startTag + 1) return;
      this.skip(tag, end, depth + 1);
    }
    this.fail(end, 'a group without an end');
  }

  #advance(count: number): number {
    const at = this.pos;
    if (at + count > this.bytes.length) this.fail(at, `${count} bytes expected, ${this.bytes.length - at} left`);
    this.pos = at + count;
    return at;
  }

  /** Tags and lengths: of 32 bits, which no more than five bytes are for. */
  #shortVarint(what: string): number {
    const start = this.pos;
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.#varintByte(start + i);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        this.pos = start + i + 1;
        return value;
      }
    }
    this.fail(start, `${what} wider than 32 bits`);
  }

  #longVarint(): number {
    const start = this.pos;
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#varintByte(start + i);
      const bits = byte & 0x7f;
      if (i < 4) {
        low |= bits << (7 * i);
      } else if (i === 4) {
        low |= bits << 28;
        high = bits >> 4;
      } else {
        high |= bits << (7 * i - 32);
      }
      if (byte < 0x80) {
        this.pos = start + i + 1;
        this.high = high;
        return low;
      }
    }
    this.fail(start, 'varint longer than 10 bytes');
  }

  #varintByte(at: number): number {
    return at < this.bytes.length ? this.bytes[at]! : this.fail(at, 'the body ends inside a varint');
  }
}

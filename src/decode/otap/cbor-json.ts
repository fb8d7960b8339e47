// A CBOR value (RFC 8949), in which OTAP puts arrays and key-value lists, → canonical JSON. It is written as it is read:
// no object comes to be, so int64 keeps every digit, and keys their bytes.

import { isUtf8 } from 'node:buffer';
import type { Fail } from '../arrow/fail.js';
import { MAX_VALUE_DEPTH } from '../rows/limits.js';
import type { JsonText } from '../text/json-text.js';

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const SIMPLE = 7;

const INDEFINITE = 31;
const BREAK = 0xff;
const FALSE = 20;
const TRUE = 21;
const NULL = 22;
const UNDEFINED = 23;
const HALF = 25;
const SINGLE = 26;
const DOUBLE = 27;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const nothing = new Uint8Array(0);

export class CborJson {
  readonly #json: JsonText;
  #fail: Fail = (problem) => {
    throw new Error(`BUG: ${problem}`);
  };
  #bytes: Uint8Array = nothing;
  #view: DataView = new DataView(nothing.buffer);
  #pos = 0;
  #end = 0;
  // What #head() read: the argument as a number, and as two words.
  #info = 0;
  #argument = 0;
  #low = 0;
  #high = 0;
  // Where #string() found bytes: usually in the input.
  #source: Uint8Array = nothing;
  #sourceStart = 0;
  #sourceLength = 0;

  constructor(json: JsonText) {
    this.#json = json;
  }

  /** Writes the one value that lies from `start` to `end`. Fails where anything else does. */
  write(bytes: Uint8Array, start: number, end: number, kind: 'array' | 'map', fail: Fail): void {
    if (bytes !== this.#bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = bytes;
    this.#pos = start;
    this.#end = end;
    this.#fail = fail;
    const major = start < end ? bytes[start]! >> 5 : UNSIGNED;
    if (major !== (kind === 'array' ? ARRAY : MAP)) this.#fail(`must be CBOR of kind ${kind}`);
    this.#value(1);
    if (this.#pos !== end) this.#fail(`has ${end - this.#pos} bytes after its CBOR value`);
  }

  /** Writes a value. Returns false, having written nothing, for a double that JSON has no number for. */
  #value(depth: number): boolean {
    if (depth > MAX_VALUE_DEPTH) this.#fail(`has values nested deeper than ${MAX_VALUE_DEPTH}`);
    const json = this.#json;
    const major = this.#head();
    switch (major) {
      case UNSIGNED:
        this.#checkInt64();
        json.int64(this.#low, this.#high);
        return true;
      case NEGATIVE:
        this.#checkInt64();
        json.int64(~this.#low, ~this.#high); // −1 − n is every bit turned
        return true;
      case BYTES:
        this.#string(BYTES);
        json.byte(QUOTE);
        json.base64(this.#source, this.#sourceStart, this.#sourceLength);
        json.byte(QUOTE);
        return true;
      case TEXT:
        this.#string(TEXT);
        json.string(this.#source, this.#sourceStart, this.#sourceLength);
        return true;
      case ARRAY:
        this.#array(depth + 1);
        return true;
      case MAP:
        this.#map(depth + 1);
        return true;
      case SIMPLE:
        return this.#simple();
      default:
        return this.#fail('has a CBOR tag, for which there is no value');
    }
  }

  #array(depth: number): void {
    const json = this.#json;
    const isIndefinite = this.#info === INDEFINITE;
    const items = this.#argument;
    json.byte(OPEN_BRACKET);
    for (let i = 0; isIndefinite ? !this.#isBreak() : i < items; i++) {
      if (i > 0) json.byte(COMMA);
      if (!this.#value(depth)) json.ascii('null');
    }
    json.byte(CLOSE_BRACKET);
  }

  #map(depth: number): void {
    const json = this.#json;
    const isIndefinite = this.#info === INDEFINITE;
    const pairs = this.#argument;
    const object = json.openObject();
    for (let i = 0; isIndefinite ? !this.#isBreak() : i < pairs; i++) {
      if (this.#head() !== TEXT) this.#fail('has a CBOR map with a key that is no text');
      this.#string(TEXT);
      json.openMember(object, this.#source, this.#sourceStart, this.#sourceLength);
      json.closeMember(this.#value(depth) ? 'value' : 'nothing');
    }
    json.closeObject(object);
  }

  #simple(): boolean {
    switch (this.#info) {
      case FALSE:
        this.#json.ascii('false');
        return true;
      case TRUE:
        this.#json.ascii('true');
        return true;
      case NULL:
      case UNDEFINED:
        this.#json.ascii('null');
        return true;
      case HALF:
        return this.#double(fromHalf(this.#argument));
      case SINGLE:
        return this.#double(this.#view.getFloat32(this.#pos - 4));
      case DOUBLE:
        return this.#double(this.#view.getFloat64(this.#pos - 8));
      default:
        return this.#fail(`has CBOR's simple value ${this.#argument}, which is none of OpenTelemetry`);
    }
  }

  #double(value: number): boolean {
    if (!Number.isFinite(value)) return false;
    this.#json.double(value);
    return true;
  }

  /** Takes a string whose head has been read: one run of bytes, or the joined pieces of one of indefinite length. */
  #string(major: number): void {
    if (this.#info !== INDEFINITE) {
      this.#sourceStart = this.#take(this.#argument);
      this.#sourceLength = this.#argument;
      this.#source = this.#bytes;
    } else {
      const pieces: Uint8Array[] = [];
      while (!this.#isBreak()) {
        if (this.#head() !== major || this.#info === INDEFINITE) this.#fail('has a CBOR string of other pieces');
        const start = this.#take(this.#argument);
        pieces.push(this.#bytes.subarray(start, this.#pos));
      }
      this.#source = Buffer.concat(pieces);
      this.#sourceStart = 0;
      this.#sourceLength = this.#source.length;
    }
    if (major === TEXT && !isUtf8(this.#source.subarray(this.#sourceStart, this.#sourceStart + this.#sourceLength))) {
      this.#fail('has invalid UTF-8 in a CBOR text');
    }
  }

  /** Reads the head of an item: its kind, which is returned, and the number that goes with it. */
  #head(): number {
    const byte = this.#bytes[this.#take(1)]!;
    const info = byte & 31;
    this.#info = info;
    this.#high = 0;
    this.#argument = info;
    if (info >= 24 && info <= 27) {
      const at = this.#take(1 << (info - 24));
      if (info === 24) this.#argument = this.#view.getUint8(at);
      else if (info === 25) this.#argument = this.#view.getUint16(at);
      else if (info === 26) this.#argument = this.#view.getUint32(at);
      else {
        this.#high = this.#view.getUint32(at);
        this.#low = this.#view.getUint32(at + 4);
        this.#argument = this.#high * 0x1_0000_0000 + this.#low;
      }
    } else if (info >= 28 && (info !== INDEFINITE || !mayBeIndefinite(byte >> 5))) {
      this.#fail(`has a CBOR item that begins with ${byte}`);
    }
    if (info !== 27) this.#low = this.#argument;
    return byte >> 5;
  }

  #checkInt64(): void {
    if (this.#high >= 0x8000_0000) this.#fail('has a CBOR integer that is not an int64');
  }

  /** Whether the break that ends an item of indefinite length is next; if so, passes by it. */
  #isBreak(): boolean {
    if (this.#pos >= this.#end) this.#fail('has CBOR that is cut off');
    if (this.#bytes[this.#pos] !== BREAK) return false;
    this.#pos++;
    return true;
  }

  #take(length: number): number {
    const at = this.#pos;
    if (at + length > this.#end) this.#fail('has CBOR that is cut off');
    this.#pos = at + length;
    return at;
  }
}

function mayBeIndefinite(major: number): boolean {
  return major === BYTES || major === TEXT || major === ARRAY || major === MAP;
}

function fromHalf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

// JSON written straight into bytes: an answer of a million samples is never a text or a tree of JavaScript.

/** Room for any number that is written as a whole. */
const MAX_NUMBER_BYTES = 32;
const FIRST_BYTES = 4096;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Decimals with up to so many digits behind the point are written digit by digit, as most measurements have few. */
const SCALE = 1000;
/** Below this, a number times SCALE has at most 15 digits, which tell every double apart. */
const MAX_SCALED = 1e15;

export class JsonWriter {
  // No part of Node's pool: the bytes may be handed to another thread.
  #bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #end = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#end;
  }

  /** What was written. The writer must not be used afterwards. */
  finish(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#end);
  }

  /** Text of ASCII characters, as it is. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.#end += this.#bytes.write(text, this.#end, 'latin1');
  }

  /** Bytes, as they are. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Any value that is small. */
  value(value: unknown): void {
    const text = JSON.stringify(value);
    this.#reserve(3 * text.length);
    this.#end += this.#bytes.write(text, this.#end, 'utf8');
  }

  /** `"1.5"`: shortest decimal that reads back as the number, in the form that Prometheus's API has. */
  quotedNumber(value: number): void {
    this.#reserve(MAX_NUMBER_BYTES);
    const bytes = this.#bytes;
    bytes[this.#end++] = 0x22;
    const scaled = value * SCALE;
    if (scaled < MAX_SCALED && scaled > -MAX_SCALED && Math.round(scaled) / SCALE === value && !isNegativeZero(value)) {
      this.#thousandths(Math.round(scaled));
    } else {
      this.#end += bytes.write(numberText(value), this.#end, 'latin1');
    }
    bytes[this.#end++] = 0x22;
  }

  /** A time as seconds with up to three decimals: `1.5` is `1.500`. */
  seconds(timeMs: number): void {
    this.#reserve(MAX_NUMBER_BYTES);
    const whole = Math.trunc(Math.abs(timeMs) / 1000);
    const rest = Math.abs(timeMs) % 1000;
    if (timeMs < 0) this.#bytes[this.#end++] = MINUS;
    this.#integer(whole);
    if (rest === 0) return;
    this.#bytes[this.#end++] = POINT;
    this.#decimals(rest);
  }

  #thousandths(scaled: number): void {
    let rest = scaled;
    if (rest < 0) {
      this.#bytes[this.#end++] = MINUS;
      rest = -rest;
    }
    const whole = Math.floor(rest / SCALE);
    const decimals = rest - whole * SCALE;
    this.#integer(whole);
    if (decimals === 0) return;
    this.#bytes[this.#end++] = POINT;
    this.#decimals(decimals);
    while (this.#bytes[this.#end - 1] === ZERO) this.#end--;
  }

  #integer(value: number): void {
    const bytes = this.#bytes;
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    let rest = value;
    for (let at = this.#end + digits - 1; at >= this.#end; at--) {
      // Numbers of 32 bits divide several times faster.
      const next = rest < 0x7fff_ffff ? ((rest | 0) / 10) | 0 : Math.floor(rest / 10);
      bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.#end += digits;
  }

  /** Three digits. */
  #decimals(thousandths: number): void {
    const bytes = this.#bytes;
    bytes[this.#end++] = ZERO + Math.floor(thousandths / 100);
    bytes[this.#end++] = ZERO + (Math.floor(thousandths / 10) % 10);
    bytes[this.#end++] = ZERO + (thousandths % 10);
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function isNegativeZero(value: number): boolean {
  return value === 0 && 1 / value < 0;
}

/** Go's form: two digits at least in an exponent, and signs of infinities. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (isNegativeZero(value)) return '-0';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

// JSON written straight into bytes: an answer of a million samples is never a text or a tree of JavaScript.

/** Room for any number that is written as a whole. */
const MAX_NUMBER_BYTES = 32;
const FIRST_BYTES = 4096;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const CLOSING_BRACKET = 0x5d;

const SPACE = 0x20;
const BACKSLASH = 0x5c;
const TILDE = 0x7e;

/** Names and values of labels are most often short and plain. They are written without asking JSON.stringify(). */
const PLAIN_TEXT = 64;

/** A longer text is written faster by Node. */
const SHORT_TEXT = 32;

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

  /** What was written, until something else is: the writer goes on from there. */
  take(): Buffer<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#end);
    this.#end = 0;
    return taken;
  }

  /** Text of ASCII characters, as it is. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.#ascii(text);
  }

  /** JSON that is a text already. */
  text(text: string): void {
    this.#reserve(3 * text.length);
    this.#end += this.#bytes.write(text, this.#end, 'utf8');
  }

  /** Bytes, as they are. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Any value that is small. */
  value(value: unknown): void {
    if (typeof value === 'string' && value.length <= PLAIN_TEXT && this.#quotedPlain(value)) return;
    this.text(JSON.stringify(value));
  }

  /** `"1.5"`: shortest decimal that reads back as the number, in the form that Prometheus's API has. */
  quotedNumber(value: number): void {
    this.#reserve(MAX_NUMBER_BYTES);
    const bytes = this.#bytes;
    bytes[this.#end++] = QUOTE;
    const scaled = value * SCALE;
    if (scaled < MAX_SCALED && scaled > -MAX_SCALED && Math.round(scaled) / SCALE === value && !isNegativeZero(value)) {
      this.#thousandths(Math.round(scaled));
    } else {
      this.#ascii(numberText(value));
    }
    bytes[this.#end++] = QUOTE;
  }

  /**
   * `[time,"value"],…`: the values of a kind, each behind the text of its step. This is the loop over an answer's samples.
   */
  samples(steps: readonly Uint8Array[], kinds: Uint8Array, kind: number, values: Float64Array): void {
    let isFirst = true;
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== kind) continue;
      const head = steps[step]!;
      this.#reserve(head.length + MAX_NUMBER_BYTES + 4);
      if (!isFirst) this.#bytes[this.#end++] = COMMA;
      isFirst = false;
      // Texts this short are copied faster than by a call.
      for (let i = 0; i < head.length; i++) this.#bytes[this.#end++] = head[i]!;
      this.quotedNumber(values[step]!);
      this.#bytes[this.#end++] = CLOSING_BRACKET;
    }
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

  /** Writes a text that JSON has as it is. False, and nothing is written, if it has other characters. */
  #quotedPlain(text: string): boolean {
    this.#reserve(text.length + 2);
    let end = this.#end;
    this.#bytes[end++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return false;
      this.#bytes[end++] = code;
    }
    this.#bytes[end++] = QUOTE;
    this.#end = end;
    return true;
  }

  #ascii(text: string): void {
    if (text.length > SHORT_TEXT) {
      this.#end += this.#bytes.write(text, this.#end, 'latin1');
      return;
    }
    for (let i = 0; i < text.length; i++) this.#bytes[this.#end++] = text.charCodeAt(i);
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

/** An array of what `write` writes for each item. */
export function writeList<Item>(json: JsonWriter, items: readonly Item[], write: (item: Item) => void): void {
  json.ascii('[');
  items.forEach((item, i) => {
    if (i > 0) json.ascii(',');
    write(item);
  });
  json.ascii(']');
}

function isNegativeZero(value: number): boolean {
  return value === 0 && 1 / value < 0;
}

/** Go's form: two digits at least in an exponent, and signs of infinities. */
export function numberText(value: number): string {
  const magnitude = Math.abs(value);
  // JavaScript has exponents outside of this too.
  if (magnitude >= 1e-6 && magnitude < 1e21) return String(value);
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (isNegativeZero(value)) return '-0';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

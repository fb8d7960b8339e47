import { SEQUENCE_DIGITS, SEQUENCE_MARK, SERVICE_DIGITS, SERVICE_MARK } from './request-number.js';

const ZERO = 0x30;

/**
 * An encoded request and the places in it where records say which they are. Encoding once and overwriting digits costs
 * a hundredth of encoding each request, so that the sender of a load is not what limits it. See bench/load.ts.
 */
export class RequestTemplate {
  readonly records: number;
  readonly #bytes: Uint8Array;
  readonly #services: readonly number[];
  readonly #sequences: Uint32Array;
  /** Of each place in `#sequences`, the number of its record in the request. */
  readonly #recordNumbers: Uint32Array;

  constructor(bytes: Uint8Array, records: number) {
    this.#bytes = bytes;
    this.records = records;
    this.#services = placesOf(bytes, SERVICE_MARK, SERVICE_DIGITS);
    this.#sequences = Uint32Array.from(placesOf(bytes, SEQUENCE_MARK, SEQUENCE_DIGITS));
    this.#recordNumbers = this.#sequences.map((place) => Number(textAt(bytes, place, SEQUENCE_DIGITS)));
  }

  /** Bytes to hand to write(). */
  copy(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** Makes the bytes of a copy those of a service's records from `firstSequence` on. */
  write(copy: Uint8Array, service: number, firstSequence: number): void {
    for (const place of this.#services) writeDigits(copy, place, SERVICE_DIGITS, service);
    for (let i = 0; i < this.#sequences.length; i++) {
      writeDigits(copy, this.#sequences[i]!, SEQUENCE_DIGITS, firstSequence + this.#recordNumbers[i]!);
    }
  }
}

/** Where digits follow a mark. */
function placesOf(bytes: Uint8Array, mark: string, digits: number): number[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places: number[] = [];
  for (let at = buffer.indexOf(mark); at !== -1; at = buffer.indexOf(mark, at + 1)) {
    const place = at + mark.length;
    if (/^\d+$/.test(textAt(bytes, place, digits))) places.push(place);
  }
  return places;
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

function writeDigits(bytes: Uint8Array, start: number, digits: number, value: number): void {
  let rest = value;
  for (let i = start + digits - 1; i >= start; i--) {
    const next = Math.floor(rest / 10);
    bytes[i] = ZERO + (rest - 10 * next);
    rest = next;
  }
}

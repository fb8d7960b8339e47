// Export requests of logs, of which a few hundred are encoded and then sent as often as it takes, each time with other times and ids:
// making them costs next to nothing beside who receives them, and no row is like another.

import { encodeRequest } from '../../src/load/protobuf-requests.js';
import type { OtlpObject } from '../../src/load/records.js';
import { type Random, randomNumbers } from '../../test/manual/prometheus/random-numbers.js';
import { logLine, severities } from './log-lines.js';
import { makeShop, otlpAttributes, type Pod, type Shop, userOf } from './shop.js';

export const RECORDS_PER_REQUEST = 1000;
const SEED = 20_261_121;
const DISTINCT_REQUESTS = 300;
/** Pods of one request: what the collector of a node sends together. */
const PODS_PER_REQUEST = 5;
/** Lines with one trace id and one request id. */
const LINES_PER_TRACE = 4;
const TRACES_PER_REQUEST = RECORDS_PER_REQUEST / LINES_PER_TRACE;

/** What stands where times and ids are written later, with the number of the record or trace behind it. */
const TIME_MARK = 0x7e57_71aen;
const OBSERVED_MARK = 0x0b5e_7ed0n;
const TRACE_MARK = '7a1ce1d57a1ce1d57a1ce1d5';
const SPAN_MARK = '5ba41d75';
const REQUEST_MARK = 'RQIDRQID';

export interface LogSpan {
  /** Rounded down to whole requests. */
  readonly records: number;
  readonly startUs: number;
  readonly endUs: number;
}

export class LogRequests {
  readonly count: number;
  readonly shop: Shop = makeShop(SEED);
  readonly #startUs: number;
  /** Each record has a time of its own, in whole microseconds. */
  readonly #spacingUs: number;
  readonly #templates: readonly Template[];

  constructor({ records, startUs, endUs }: LogSpan) {
    this.count = Math.floor(records / RECORDS_PER_REQUEST);
    this.#startUs = startUs;
    this.#spacingUs = Math.floor((endUs - startUs) / (this.count * RECORDS_PER_REQUEST));
    const random = randomNumbers(SEED + 1);
    this.#templates = random.list(Math.min(DISTINCT_REQUESTS, this.count), () => makeTemplate(this.shop, random));
  }

  get records(): number {
    return this.count * RECORDS_PER_REQUEST;
  }

  /** Bytes of the request of this number, valid until that of another one 300 numbers on is asked for. */
  bytes(request: number): Uint8Array<ArrayBuffer> {
    const template = this.#templates[request % this.#templates.length]!;
    const { bytes, view } = template;
    const firstUs = this.#startUs + request * RECORDS_PER_REQUEST * this.#spacingUs;
    for (const [place, record] of template.times) writeTime(view, place, firstUs + record * this.#spacingUs);
    for (const [place, record] of template.observed) writeTime(view, place, firstUs + record * this.#spacingUs + 7);
    for (const [place, trace] of template.traces) {
      const number = request * TRACES_PER_REQUEST + trace;
      for (let word = 0; word < 4; word++) view.setUint32(place + 4 * word, mixed(number, word));
    }
    for (const [place, record] of template.spans) {
      const number = request * RECORDS_PER_REQUEST + record;
      for (let word = 0; word < 2; word++) view.setUint32(place + 4 * word, mixed(number, 4 + word));
    }
    for (const [place, trace] of template.requestIds) {
      bytes.write(requestIdOf(request * TRACES_PER_REQUEST + trace), place, 'latin1');
    }
    return bytes;
  }

  /** The number of the request whose records have this time. */
  requestAt(timeUs: number): number {
    return Math.floor((timeUs - this.#startUs) / this.#spacingUs / RECORDS_PER_REQUEST);
  }

  /** The id of the trace of the first lines of a request. */
  traceId(request: number): string {
    return [0, 1, 2, 3].map((word) => hex(mixed(request * TRACES_PER_REQUEST, word))).join('');
  }

  /** What those lines name their request by. */
  requestId(request: number): string {
    return requestIdOf(request * TRACES_PER_REQUEST);
  }
}

function requestIdOf(trace: number): string {
  return hex(mixed(trace, 6)) + hex(mixed(trace, 7));
}

/** Where something is to be written, and the number of its record or trace in the request. */
type Place = readonly [place: number, number: number];

interface Template {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly view: DataView;
  readonly times: readonly Place[];
  readonly observed: readonly Place[];
  readonly traces: readonly Place[];
  readonly spans: readonly Place[];
  readonly requestIds: readonly Place[];
}

function makeTemplate(shop: Shop, random: Random): Template {
  const pods = random.list(PODS_PER_REQUEST, () => random.pick(shop.pods));
  const records = pods.map((): OtlpObject[] => []);
  let user = '';
  for (let record = 0; record < RECORDS_PER_REQUEST; record++) {
    if (record % LINES_PER_TRACE === 0) user = userOf(shop, random);
    const pod = random.below(pods.length);
    records[pod]!.push(logRecord(pods[pod]!, record, user, random));
  }
  const resourceLogs = pods.map(({ attributes }, i) => ({
    resource: { attributes },
    scopeLogs: [{ scope: { name: 'shop.logging', version: '1.4.2' }, logRecords: records[i]! }],
  }));
  const encoded = Buffer.from(encodeRequest('logs', { resourceLogs }));
  const bytes = Buffer.from(encoded.buffer.slice(encoded.byteOffset, encoded.byteOffset + encoded.length));
  return {
    bytes,
    view: new DataView(bytes.buffer),
    times: timePlaces(bytes, TIME_MARK),
    observed: timePlaces(bytes, OBSERVED_MARK),
    traces: placesOf(bytes, Buffer.from(TRACE_MARK, 'hex'), 4, (at) => bytes.readUInt32BE(at)),
    spans: placesOf(bytes, Buffer.from(SPAN_MARK, 'hex'), 4, (at) => bytes.readUInt32BE(at)),
    requestIds: placesOf(bytes, Buffer.from(REQUEST_MARK), 8, (at) => Number(bytes.toString('latin1', at, at + 8))),
  };
}

function logRecord({ service }: Pod, record: number, user: string, random: Random): OtlpObject {
  const trace = Math.floor(record / LINES_PER_TRACE);
  const { level, line, attributes } = logLine(service, REQUEST_MARK + String(trace).padStart(8, '0'), user, random);
  return {
    timeUnixNano: String((TIME_MARK << 32n) + BigInt(record)),
    observedTimeUnixNano: String((OBSERVED_MARK << 32n) + BigInt(record)),
    severityNumber: severities[level],
    severityText: level.toUpperCase(),
    body: { stringValue: line },
    attributes: otlpAttributes(attributes),
    traceId: TRACE_MARK + hex(trace),
    spanId: SPAN_MARK + hex(record),
    flags: 1,
  };
}

/** Times are fixed64: the mark is what comes last. */
function timePlaces(bytes: Buffer, mark: bigint): readonly Place[] {
  const bytesOfMark = Buffer.alloc(4);
  bytesOfMark.writeUInt32LE(Number(mark));
  return placesOf(bytes, bytesOfMark, 0, (at) => bytes.readUInt32LE(at - 8)).map(([place, number]) => [
    place - 4,
    number,
  ]);
}

/** Where marks stand, with what is read behind them. */
function placesOf(bytes: Buffer, mark: Buffer, follows: number, read: (at: number) => number): readonly Place[] {
  const places: Place[] = [];
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + mark.length + follows)) {
    places.push([at, read(at + mark.length)]);
  }
  return places;
}

const NS_PER_US = 1000n;

function writeTime(view: DataView, place: number, timeUs: number): void {
  view.setBigUint64(place, BigInt(timeUs) * NS_PER_US, true);
}

/** A number of 32 bits that looks random; no two numbers share one. */
function mixed(number: number, salt: number): number {
  let hash = Math.imul(number ^ Math.imul(salt + 1, 0x9e3779b9), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}

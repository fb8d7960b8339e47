// Requests of spans as a Collector sends them: batches of about a thousand, by the time at which spans ended, of all instances of a
// shop's services. A trace is a tree of calls. Most end within seconds; some go on from a queue minutes later, a few up to an hour
// later, so that the spans of a trace are in requests far apart. Everything is random, and the same in each run but for the time.

import { messageType } from '../../src/load/protobuf-requests.js';
import { type Random, randomNumbers } from '../../test/manual/prometheus/random-numbers.js';
import { operations, services } from './shop-operations.js';

const SEED = 16_112_026;
const SPANS_PER_REQUEST = 1000;
/** Spans of one operation differ in what follows their times in this many ways. */
const BODIES_PER_OPERATION = 8192;
const ERROR_BODIES_PER_OPERATION = 64;
const INSTANCES_PER_SERVICE = 3;
const NS_PER_MS = 1e6;
/** How much later a call out of a queue begins. */
const delaysMs = { minutes: [60_000, 600_000], 'up to an hour': [600_000, 3_500_000] } as const;
/** About how many traces are told of. */
const SAMPLES = 300;

/** Messages of OTLP by name. */
const types = new Map<string, ReturnType<typeof messageType>>();

export interface SampledTrace {
  readonly traceId: string;
  readonly spans: number;
  /** From the first start to the last end. */
  readonly lengthMs: number;
}

export interface SpanPlan {
  /** About how many; the last trace is whole. */
  readonly spans: number;
  readonly startUnixMs: number;
  /** When traces begin, from the first to the last. */
  readonly lengthMs: number;
}

interface Span {
  readonly instance: number;
  readonly traceId: Uint8Array;
  readonly number: number;
  /** Of the parent; 0 for none. */
  readonly parent: number;
  /** From the beginning of the plan. */
  readonly startNs: number;
  readonly durationNs: number;
  readonly body: Uint8Array;
}

/** Mean of what traces have, measured on many. */
const SPANS_PER_TRACE = 9.5;

export class SpanRequests {
  readonly samples: SampledTrace[] = [];
  readonly #plan: SpanPlan;
  readonly #random = randomNumbers(SEED);
  readonly #bodies: ReadonlyMap<string, Bodies>;
  readonly #resources: readonly Uint8Array[];
  readonly #requestNs: number;
  /** Spans that wait, by the number of the request that they are sent in. */
  readonly #waiting = new Map<number, Span[]>();
  #spans = 0;
  #traces = 0;

  constructor(plan: SpanPlan) {
    this.#plan = plan;
    this.#bodies = new Map(Object.keys(operations).map((name) => [name, new Bodies(name, this.#random)]));
    this.#resources = services.flatMap((service) =>
      this.#random.list(INSTANCES_PER_SERVICE, (number) => resourceOf(service, number, this.#random)),
    );
    this.#requestNs = (SPANS_PER_REQUEST / plan.spans) * plan.lengthMs * NS_PER_MS;
  }

  /** How many spans there are in the requests so far, and those that wait. */
  get spans(): number {
    return this.#spans;
  }

  get traces(): number {
    return this.#traces;
  }

  *[Symbol.iterator](): Generator<{ readonly body: Uint8Array<ArrayBuffer>; readonly spans: number }> {
    const { spans, lengthMs, startUnixMs } = this.#plan;
    const traceNs = ((SPANS_PER_TRACE * lengthMs) / spans) * NS_PER_MS;
    let request = 0;
    while (this.#spans < spans || this.#waiting.size > 0) {
      const endNs = (request + 1) * this.#requestNs;
      while (this.#spans < spans && this.#traces * traceNs < endNs) this.#addTrace(this.#traces * traceNs);
      const batch = this.#waiting.get(request);
      this.#waiting.delete(request);
      request++;
      if (batch !== undefined) yield { body: this.#encode(batch, startUnixMs), spans: batch.length };
    }
  }

  #addTrace(startNs: number): void {
    const number = ++this.#traces;
    const traceId = idBytes(number, 16);
    const instance = this.#random.below(INSTANCES_PER_SERVICE);
    const entries = [
      'gateway GET /',
      'gateway GET /product',
      'gateway GET /search',
      'gateway POST /cart',
      'gateway POST /order',
    ];
    const spans: Span[] = [];
    let lastNs = startNs;
    const add = (operation: string, parent: number, atNs: number): number => {
      const { service, calls, ownMs, errors } = operations[operation]!;
      const place = spans.length;
      const spanNumber = place + 1;
      spans.push(undefined as never);
      let endNs = atNs + Math.round(this.#random.next() * ownMs * 0.3 * NS_PER_MS);
      for (const { to, likely, later } of calls) {
        if (!this.#random.isLikely(likely)) continue;
        if (later === undefined) {
          endNs = add(to, spanNumber, endNs + 1 + this.#random.below(300_000));
        } else {
          const [least, most] = delaysMs[later];
          add(to, spanNumber, endNs + (least + this.#random.below(most - least)) * NS_PER_MS);
        }
      }
      // A long tail: one in a thousand takes eighteen times as long.
      endNs += 1 + Math.round(ownMs * NS_PER_MS * (-Math.log(1 - this.#random.next())) ** 1.5);
      lastNs = Math.max(lastNs, endNs);
      const isError = this.#random.isLikely(errors);
      spans[place] = {
        instance: services.indexOf(service) * INSTANCES_PER_SERVICE + instance,
        traceId,
        number: spanNumber,
        parent,
        startNs: atNs,
        durationNs: endNs - atNs,
        body: this.#bodies.get(operation)!.pick(this.#random, isError),
      };
      return endNs;
    };
    add(this.#random.pick(entries), 0, Math.round(startNs));
    for (const span of spans) {
      const request = Math.floor((span.startNs + span.durationNs) / this.#requestNs);
      const batch = this.#waiting.get(request);
      if (batch === undefined) this.#waiting.set(request, [span]);
      else batch.push(span);
    }
    this.#spans += spans.length;
    if (number % Math.ceil(this.#plan.spans / SPANS_PER_TRACE / SAMPLES) === 0) {
      const lengthMs = (lastNs - startNs) / NS_PER_MS;
      this.samples.push({ traceId: Buffer.from(traceId).toString('hex'), spans: spans.length, lengthMs });
    }
  }

  /** The spans by instance, in the order of their ends. */
  #encode(batch: readonly Span[], startUnixMs: number): Uint8Array<ArrayBuffer> {
    const byInstance = new Map<number, Span[]>();
    for (const span of batch) {
      const spans = byInstance.get(span.instance);
      if (spans === undefined) byInstance.set(span.instance, [span]);
      else spans.push(span);
    }
    const sizes = [...byInstance].map(([instance, spans]) => {
      const scope = spans.reduce((sum, span) => sum + fieldBytes(spanBytes(span)), SCOPE.length);
      return { instance, spans, scope, resource: this.#resources[instance]!.length + fieldBytes(scope) };
    });
    const total = sizes.reduce((sum, { resource }) => sum + fieldBytes(resource), 0);
    const writer = new Writer(new Uint8Array(total), BigInt(startUnixMs) * 1_000_000n);
    for (const { instance, spans, scope, resource } of sizes) {
      writer.field(1, resource);
      writer.bytes(this.#resources[instance]!);
      writer.field(2, scope);
      writer.bytes(SCOPE);
      for (const span of spans) {
        writer.field(2, spanBytes(span));
        writer.span(span);
      }
    }
    return writer.written;
  }
}

/** What spans of an operation have besides ids and times, encoded. */
class Bodies {
  readonly #usual: readonly Uint8Array[];
  readonly #failed: readonly Uint8Array[];

  constructor(name: string, random: Random) {
    const operation = operations[name]!;
    const make = (isError: boolean) =>
      encoded('trace/v1/trace.proto', 'trace.v1.Span', {
        name: operation.name,
        kind: operation.kind,
        attributes: attributeList(operation.attributes(random, isError)),
        ...(isError && {
          status: { code: 2, message: random.pick(['deadline exceeded', 'connection reset', 'declined']) },
        }),
      });
    this.#usual = random.list(BODIES_PER_OPERATION, () => make(false));
    this.#failed = random.list(ERROR_BODIES_PER_OPERATION, () => make(true));
  }

  pick(random: Random, isError: boolean): Uint8Array {
    return random.pick(isError ? this.#failed : this.#usual);
  }
}

function resourceOf(service: string, number: number, random: Random): Uint8Array {
  const pod = `${service}-${random.below(2 ** 31).toString(36)}-${number}`;
  const attributes = attributeList({
    'service.name': service,
    'service.namespace': 'shop',
    'service.version': `1.${random.below(20)}.${random.below(9)}`,
    'service.instance.id': pod,
    'deployment.environment.name': 'production',
    'host.name': `node-${random.below(12)}.eu-west-1.compute.internal`,
    'k8s.namespace.name': 'shop',
    'k8s.pod.name': pod,
    'cloud.region': 'eu-west-1',
    'telemetry.sdk.language': random.pick(['go', 'java', 'nodejs']),
  });
  return field(1, encoded('resource/v1/resource.proto', 'resource.v1.Resource', { attributes }));
}

function attributeList(values: Readonly<Record<string, string | number | boolean>>): object[] {
  return Object.entries(values).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: value } : { doubleValue: value } };
  });
}

function encoded(file: string, name: string, message: object): Uint8Array {
  let type = types.get(name);
  if (type === undefined) {
    type = messageType(file, name);
    types.set(name, type);
  }
  // A copy, because the encoder's buffer holds many.
  return Uint8Array.from(type.encode(type.fromObject(message)).finish());
}

/** Random bytes that the numbers always give. */
function idBytes(number: number, length: number, second = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  const random = randomNumbers(Math.imul(number, 0x9e37_79b1) ^ Math.imul(second, 0x85eb_ca6b) ^ SEED);
  for (let i = 0; i < length; i++) bytes[i] = random.below(256);
  return bytes;
}

const ID_AND_TIME_BYTES = 18 + 10 + 9 + 9;
const PARENT_BYTES = 10;

function spanBytes({ parent, body }: Span): number {
  return ID_AND_TIME_BYTES + (parent === 0 ? 0 : PARENT_BYTES) + body.length;
}

/** What a field with a length takes. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}

function varintBytes(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5;
}

function field(number: number, message: Uint8Array): Uint8Array {
  const writer = new Writer(new Uint8Array(fieldBytes(message.length)), 0n);
  writer.field(number, message.length);
  writer.bytes(message);
  return writer.written;
}

/** Protobuf into a buffer of just the right size. */
class Writer {
  readonly written: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #zeroNs: bigint;
  #place = 0;

  constructor(buffer: Uint8Array<ArrayBuffer>, zeroNs: bigint) {
    this.written = buffer;
    this.#view = new DataView(buffer.buffer);
    this.#zeroNs = zeroNs;
  }

  /** Begins a field with a length. */
  field(number: number, length: number): void {
    this.written[this.#place++] = (number << 3) | 2;
    let rest = length;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.written[this.#place++] = (rest & 127) | 128;
    this.written[this.#place++] = rest;
  }

  bytes(bytes: Uint8Array): void {
    this.written.set(bytes, this.#place);
    this.#place += bytes.length;
  }

  span({ traceId, number, parent, startNs, durationNs, body }: Span): void {
    const traceNumber = new DataView(traceId.buffer, traceId.byteOffset).getUint32(0);
    this.#id(1, traceId);
    this.#id(2, idBytes(traceNumber, 8, number));
    if (parent !== 0) this.#id(4, idBytes(traceNumber, 8, parent));
    this.#time(7, startNs);
    this.#time(8, startNs + durationNs);
    this.bytes(body);
  }

  #id(number: number, id: Uint8Array): void {
    this.field(number, id.length);
    this.bytes(id);
  }

  #time(number: number, ns: number): void {
    this.written[this.#place++] = (number << 3) | 1;
    this.#view.setBigUint64(this.#place, this.#zeroNs + BigInt(ns), true);
    this.#place += 8;
  }
}

const SCOPE = field(
  1,
  encoded('common/v1/common.proto', 'common.v1.InstrumentationScope', { name: 'shop', version: '2.4.1' }),
);

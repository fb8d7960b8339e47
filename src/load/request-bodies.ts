// What connections send: requests of one signal, encoded at the start, numbered or taken from a pool as they leave.

import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import zlib from 'node:zlib';
import type { Signal } from '../schema/column-declaration.js';
import type { Encoding, LoadPlan, Protocol, SentCompression } from './load-plan.js';
import { encodeOtap } from './otap-requests.js';
import { countRecords, encodeRequest, recordsIn } from './protobuf-requests.js';
import { exportRequest, type OtlpObject } from './records.js';
import { RequestTemplate } from './request-template.js';

/** Bodies that are compressed at the start: so many that no server has seen the last one lately. */
const POOL_BODIES = 32;
const GZIP_LEVEL = 6;
/** Where each body is compressed as it leaves. */
const FAST_GZIP_LEVEL = 1;

/** Whether a message is the first of its stream, which matters to OTAP only. */
export type StreamPart = 'first' | 'next';

/** Encoded bytes of the requests that a connection sends, valid until it asks for the next. */
export interface RequestBodies {
  readonly signal: Signal;
  /** Records that the n-th request has. */
  recordsOf(request: number): number;
  bytes(request: number, service: number, firstSequence: number, part: StreamPart): Uint8Array;
}

/** Each connection takes bodies of its own, because what it sends is overwritten for its next request. */
export type TakeBodies = () => ReadonlyMap<Signal, RequestBodies>;

export function prepareBodies(plan: LoadPlan): TakeBodies {
  checkCompression(plan.compression);
  if (plan.payloads.length > 0) {
    const bodies = new Map([[plan.signals[0]!, payloadBodies(plan)]]);
    return () => bodies;
  }
  const makers = plan.signals.map((signal) => [signal, bodiesMaker(signal, plan)] as const);
  return () => new Map(makers.map(([signal, make]) => [signal, make()]));
}

type Shape = Pick<LoadPlan, 'protocol' | 'encoding' | 'compression' | 'recordsPerRequest' | 'isNumbered' | 'services'>;

function bodiesMaker(signal: Signal, plan: Shape): () => RequestBodies {
  const { recordsPerRequest: records, compression } = plan;
  const encoded = encode(signal, exportRequest(signal, 0, records), plan.protocol, plan.encoding);
  const templates = {
    first: new RequestTemplate(encoded.first, records),
    next: new RequestTemplate(encoded.next, records),
  };
  if (compression === 'none') return () => new NumberedBodies(signal, records, templates, (bytes) => bytes);
  if (plan.isNumbered) {
    const compressor = compressors[compression];
    return () => new NumberedBodies(signal, records, templates, (bytes) => compressor(bytes, FAST_GZIP_LEVEL));
  }
  const pool = compressedPool(templates, compression, plan);
  return () => pool(signal);
}

interface EncodedParts {
  readonly first: Uint8Array;
  readonly next: Uint8Array;
}

function encode(signal: Signal, request: OtlpObject, protocol: Protocol, encoding: Encoding): EncodedParts {
  if (protocol === 'otap') return encodeOtap(signal, request);
  const isJson = protocol === 'http' && encoding === 'json';
  const bytes = isJson ? Buffer.from(JSON.stringify(request)) : encodeRequest(signal, request);
  return { first: bytes, next: bytes };
}

class NumberedBodies implements RequestBodies {
  readonly signal: Signal;
  readonly #records: number;
  readonly #templates: Readonly<Record<StreamPart, RequestTemplate>>;
  readonly #compress: (bytes: Uint8Array) => Uint8Array;
  readonly #copies = new Map<StreamPart, Uint8Array>();

  constructor(
    signal: Signal,
    records: number,
    templates: Readonly<Record<StreamPart, RequestTemplate>>,
    compress: (bytes: Uint8Array) => Uint8Array,
  ) {
    this.signal = signal;
    this.#records = records;
    this.#templates = templates;
    this.#compress = compress;
  }

  recordsOf(): number {
    return this.#records;
  }

  bytes(_request: number, service: number, firstSequence: number, part: StreamPart): Uint8Array {
    const template = this.#templates[part];
    const copy = this.#copies.get(part) ?? template.copy();
    this.#copies.set(part, copy);
    template.write(copy, service, firstSequence);
    return this.#compress(copy);
  }
}

function compressedPool(
  templates: Readonly<Record<StreamPart, RequestTemplate>>,
  compression: Exclude<SentCompression, 'none'>,
  { services }: Shape,
): (signal: Signal) => RequestBodies {
  const { records } = templates.next;
  const pool = Array.from({ length: POOL_BODIES }, (_, index) => {
    const compressed = (part: StreamPart) => {
      const copy = templates[part].copy();
      templates[part].write(copy, index % services, index * records);
      return compressors[compression](copy, GZIP_LEVEL);
    };
    return { first: compressed('first'), next: compressed('next') };
  });
  return (signal) => ({
    signal,
    recordsOf: () => records,
    bytes: (request, _service, _firstSequence, part) => pool[request % pool.length]![part],
  });
}

/** Files as they are, in turn. */
function payloadBodies({ signals, payloads, compression, encoding }: LoadPlan): RequestBodies {
  const signal = signals[0]!;
  const bodies = payloads.map((path) => {
    const file = readFileSync(path);
    const records = encoding === 'json' ? recordsInJson(signal, path, file) : countRecords(signal, file);
    return { records, bytes: compression === 'none' ? file : compressors[compression](file, GZIP_LEVEL) };
  });
  return {
    signal,
    recordsOf: (request) => bodies[request % bodies.length]!.records,
    bytes: (request) => bodies[request % bodies.length]!.bytes,
  };
}

export function isLines(path: string): boolean {
  return ['.jsonl', '.ndjson'].includes(extname(path));
}

function recordsInJson(signal: Signal, path: string, file: Buffer): number {
  const documents = isLines(path)
    ? file
        .toString()
        .split('\n')
        .filter((line) => line.trim() !== '')
    : [file.toString()];
  return documents.reduce((sum, text) => sum + recordsIn(signal, JSON.parse(text) as OtlpObject), 0);
}

const compressors: Readonly<
  Record<Exclude<SentCompression, 'none'>, (bytes: Uint8Array, gzipLevel: number) => Uint8Array>
> = {
  gzip: (bytes, level) => zlib.gzipSync(bytes, { level }),
  zstd: (bytes) => zstdCompress!(bytes),
};

/** Node has it from 22.15 on. */
const zstdCompress = (zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdCompressSync;

function checkCompression(compression: SentCompression): void {
  if (compression === 'zstd' && zstdCompress === undefined) {
    throw new Error(`compression zstd needs Node 22.15 or newer, this is ${process.versions.node}`);
  }
}

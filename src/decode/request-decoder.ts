// Bytes of one request → its rows. The only place that knows which decoder reads which format.

import { type RowLimit, SignalRows } from '../buffer/signal-rows.js';
import type { Signal } from '../schema/column-declaration.js';
import { type ContentEncoding, inflate } from './compression/inflate.js';
import { JsonDecoder } from './json/decode-json.js';
import { ProtobufDecoder } from './protobuf/decode-protobuf.js';
import { KEPT_SCRATCH, rowLimit } from './rows/limits.js';

export const wireFormats = ['protobuf', 'json', 'ndjson'] as const;
export type WireFormat = (typeof wireFormats)[number];

export interface EncodedRequest {
  readonly signal: Signal;
  readonly format: WireFormat;
  readonly encoding: ContentEncoding;
  readonly body: Uint8Array;
}

/** Decodes one request at a time into memory that it reuses. */
export class RequestDecoder {
  readonly #maxBodyBytes: number;
  readonly #bySignal: Readonly<Record<Signal, SignalDecoder>>;

  constructor({ maxBodyBytes }: { maxBodyBytes: number }) {
    const limit = rowLimit(maxBodyBytes);
    this.#maxBodyBytes = maxBodyBytes;
    this.#bySignal = {
      logs: new SignalDecoder('logs', limit),
      traces: new SignalDecoder('traces', limit),
      metrics: new SignalDecoder('metrics', limit),
    };
  }

  /**
   * Inflates and decodes a request. The rows are valid until the next call; whoever keeps them copies them. Throws
   * a Failure that says what is wrong with the request, and then nothing of it counts.
   */
  decode(request: EncodedRequest): SignalRows {
    const body = inflate(request.body, request.encoding, this.#maxBodyBytes);
    return this.#bySignal[request.signal].decode(request.format, body);
  }
}

class SignalDecoder {
  readonly #rows: SignalRows;
  readonly #decoders: Readonly<Record<WireFormat, (body: Uint8Array) => void>>;

  constructor(signal: Signal, limit: RowLimit) {
    this.#rows = new SignalRows(signal, limit);
    const protobuf = new ProtobufDecoder(this.#rows);
    const json = new JsonDecoder(this.#rows);
    this.#decoders = {
      protobuf: (body) => protobuf.decode(body),
      json: (body) => json.decode(body),
      ndjson: (body) => json.decodeLines(body),
    };
  }

  decode(format: WireFormat, body: Uint8Array): SignalRows {
    this.#rows.reset(KEPT_SCRATCH);
    this.#decoders[format](body);
    return this.#rows;
  }
}

// Bytes of one request → its rows. The only place that knows which decoder reads which format.

import { type RowLimit, SignalRows } from '../buffer/signal-rows.js';
import type { Fidelity, Signal } from '../schema/column-declaration.js';
import { type ContentEncoding, inflate } from './compression/inflate.js';
import { JsonDecoder } from './json/decode-json.js';
import { ProtobufDecoder } from './protobuf/decode-protobuf.js';
import { KEPT_SCRATCH, rowLimit } from './rows/limits.js';

export const wireFormats = ['protobuf', 'json', 'ndjson'] as const;
export type WireFormat = (typeof wireFormats)[number];

/** What a decoder is made for. */
export interface DecoderOptions {
  readonly maxBodyBytes: number;
  readonly fidelity: Fidelity;
}

export interface EncodedRequest {
  readonly signal: Signal;
  readonly format: WireFormat;
  readonly encoding: ContentEncoding;
  readonly body: Uint8Array;
}

/**
 * Decodes one request at a time into memory that it reuses. A decoder is made for the first request that needs it: to make
 * all of them takes ten milliseconds, and most servers need one.
 */
export class RequestDecoder {
  readonly #maxBodyBytes: number;
  readonly #fidelity: Fidelity;
  readonly #limit: RowLimit;
  readonly #bySignal: Partial<Record<Signal, SignalDecoder>> = {};

  constructor({ maxBodyBytes, fidelity }: DecoderOptions) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#fidelity = fidelity;
    this.#limit = rowLimit(maxBodyBytes);
  }

  /**
   * Inflates and decodes a request. The rows are valid until the next call; whoever keeps them copies them. Throws
   * a Failure that says what is wrong with the request, and then nothing of it counts.
   */
  decode(request: EncodedRequest): SignalRows {
    const body = inflate(request.body, request.encoding, this.#maxBodyBytes);
    const { signal, format } = request;
    this.#bySignal[signal] ??= new SignalDecoder(signal, this.#limit, this.#fidelity);
    return this.#bySignal[signal].decode(format, body);
  }
}

class SignalDecoder {
  readonly #rows: SignalRows;
  #protobuf: ProtobufDecoder | undefined;
  #json: JsonDecoder | undefined;

  constructor(signal: Signal, limit: RowLimit, fidelity: Fidelity) {
    this.#rows = new SignalRows(signal, limit, fidelity);
  }

  decode(format: WireFormat, body: Uint8Array): SignalRows {
    this.#rows.reset(KEPT_SCRATCH);
    this.#decode(format, body);
    return this.#rows;
  }

  #decode(format: WireFormat, body: Uint8Array): void {
    if (format === 'protobuf') {
      this.#protobuf ??= new ProtobufDecoder(this.#rows);
      this.#protobuf.decode(body);
      return;
    }
    this.#json ??= new JsonDecoder(this.#rows);
    if (format === 'json') this.#json.decode(body);
    else this.#json.decodeLines(body);
  }
}

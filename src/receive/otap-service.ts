// OTAP: one bidirectional stream per exporter and signal, BatchArrowRecords in, a BatchStatus for each out, in order.
// https://github.com/open-telemetry/otel-arrow/blob/main/docs/otel-arrow.md
//
// A message builds on the dictionaries and schemas of earlier ones, so every message is decoded, even without room for its
// rows. The `headers` of a batch are ignored. They are compressed with HPACK and share one table per stream, but no other field
// depends on that table, so it need not be kept in step.

import { Failure } from '../base/failure.js';
import { SignalRows } from '../buffer/signal-rows.js';
import { inflate } from '../decode/compression/inflate.js';
import { OtapStreamDecoder } from '../decode/otap/otap-stream-decoder.js';
import { KEPT_SCRATCH, rowLimit } from '../decode/rows/limits.js';
import type { Reservation } from '../ingest/admission.js';
import type { Ingest } from '../ingest/ingest.js';
import type { Signal } from '../schema/column-declaration.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { GrpcCall, GrpcMethod } from '../server/grpc/call.js';
import type { GrpcMessage, MessagePrefix } from '../server/grpc/message.js';
import type { GrpcMessageReader } from '../server/grpc/message-reader.js';
import { principalOf } from '../server/grpc/metadata.js';
import { grpcStatus, OK_STATUS } from '../server/grpc/status.js';
import type { Authorization } from '../server/identity/authorization.js';
import type { Principal } from '../server/identity/principal.js';
import { MessageRoom } from './message-room.js';
import { type BatchId, batchStatus, readBatchId } from './otap-batch-status.js';
import { Turnstile } from './turnstile.js';

/** Streams of one server. An exporter opens one per signal and two cores. */
export const MAX_OTAP_STREAMS = 256;
/** Limit on the dictionaries of all streams of a server. Each stream also has a limit of its own. */
export const MAX_KEPT_BYTES = 256 << 20;

const PACKAGE = 'opentelemetry.proto.experimental.arrow.v1';

const methodBySignal: Readonly<Record<Signal, string>> = {
  logs: 'ArrowLogs',
  traces: 'ArrowTraces',
  metrics: 'ArrowMetrics',
};

export const otapServices: readonly string[] = Object.values(methodBySignal).map((name) => `${PACKAGE}.${name}Service`);

export function otapMethods(
  ingest: Ingest,
  authorization: Authorization,
  options: Pick<ServeOptions, 'request_timeout_ms' | 'max_body_bytes' | 'fidelity'>,
): ReadonlyMap<string, GrpcMethod> {
  const service = new OtapService(ingest, authorization, options);
  return new Map(
    Object.entries(methodBySignal).map(([signal, name]) => [
      `/${PACKAGE}.${name}Service/${name}`,
      (call) => service.receive(signal as Signal, call),
    ]),
  );
}

interface OtapStream {
  readonly call: GrpcCall;
  readonly principal: Principal;
  readonly reader: GrpcMessageReader;
  readonly decoder: OtapStreamDecoder;
  /** Output of the decoder. */
  readonly rows: SignalRows;
  /** Dictionary bytes of the decoder after its last message. */
  keptBytes: number;
}

/** Result of decoding a message; `failure` is what the decoder threw. */
interface Taken {
  readonly batchId: BatchId;
  readonly failure: unknown;
}

class OtapService {
  readonly #ingest: Ingest;
  readonly #authorization: Authorization;
  readonly #options: Pick<ServeOptions, 'request_timeout_ms' | 'max_body_bytes' | 'fidelity'>;
  /** Shared by all streams of a signal. Messages are decoded one at a time, and their rows are copied at once. */
  readonly #rows: Readonly<Record<Signal, SignalRows>>;
  /**
   * Messages without a reservation are still read, but one at a time, so they take the memory of one message. Other streams
   * are not read until their turn.
   */
  readonly #unreserved = new Turnstile();
  #streams = 0;
  #keptBytes = 0;

  constructor(
    ingest: Ingest,
    authorization: Authorization,
    options: Pick<ServeOptions, 'request_timeout_ms' | 'max_body_bytes' | 'fidelity'>,
  ) {
    this.#ingest = ingest;
    this.#authorization = authorization;
    this.#options = options;
    const limit = rowLimit(options.max_body_bytes);
    const { fidelity } = options;
    this.#rows = {
      logs: new SignalRows('logs', limit, fidelity),
      traces: new SignalRows('traces', limit, fidelity),
      metrics: new SignalRows('metrics', limit, fidelity),
    };
  }

  async receive(signal: Signal, call: GrpcCall): Promise<void> {
    let opened: Pick<OtapStream, 'principal' | 'reader'>;
    try {
      opened = this.#open(call);
    } catch (refusal) {
      // Each message counts as a request. A stream rejected before its first message counts as one request.
      return this.#ingest.counted(signal, () => Promise.reject(refusal));
    }
    const rows = this.#rows[signal];
    const decoder = new OtapStreamDecoder(signal, rows);
    const { reader } = opened;
    const stream = { call, ...opened, decoder, rows, keptBytes: 0 };
    call.signal.addEventListener('abort', () => reader.interrupt(new Failure('stopping', 'the server is stopping')), {
      once: true,
    });
    this.#streams++;
    try {
      for (;;) {
        const prefix = await reader.prefix();
        if (prefix === undefined) return;
        await this.#ingest.counted(signal, () => this.#answer(stream, prefix));
      }
    } finally {
      this.#streams--;
      this.#keptBytes -= stream.keptBytes;
    }
  }

  #open(call: GrpcCall): Pick<OtapStream, 'principal' | 'reader'> {
    const principal = principalOf(call, this.#authorization);
    if (this.#streams >= MAX_OTAP_STREAMS) throw new Failure('overloaded', `${MAX_OTAP_STREAMS} streams are open`);
    return { principal, reader: call.messages() };
  }

  /** Reads a message and answers it. Returns why it was refused. Rejects if the stream must end with it. */
  async #answer(stream: OtapStream, prefix: MessagePrefix): Promise<Failure | undefined> {
    const { call, principal, reader, rows } = stream;
    const room = new MessageRoom(this.#ingest, { principal, address: call.address }, this.#unreserved, call.signal);
    let taken: Taken;
    let refusal: Failure | undefined;
    try {
      await room.announced(prefix.bytes);
      const message = await reader.within(this.#options.request_timeout_ms, (countdown) =>
        reader.message(prefix, (bytes) => room.arrived(bytes, countdown)),
      );
      taken = this.#decodeSync(message, stream);
      refusal = room.refusal;
      if (taken.failure === undefined && refusal === undefined) {
        refusal = await this.#accept(rows, room.reservation);
      }
    } finally {
      room.leave();
    }
    const failure = taken.failure ?? refusal;
    await call.send(batchStatus(taken.batchId, failure === undefined ? OK_STATUS : grpcStatus(failure)));
    // Decoder and client are out of step now.
    if (taken.failure !== undefined) throw taken.failure;
    if (this.#keptBytes > MAX_KEPT_BYTES) {
      throw new Failure(
        'overloaded',
        `the dictionaries of all streams take more than ${MAX_KEPT_BYTES} bytes: begin a new stream`,
      );
    }
    return refusal;
  }

  /** Accepts rows. Returns the reason if there is no room or never will be; the stream continues. */
  async #accept(rows: SignalRows, reservation: Reservation): Promise<Failure | undefined> {
    try {
      await this.#ingest.acceptRows(rows, reservation);
      return undefined;
    } catch (error) {
      if (error instanceof Failure && (error.kind === 'overloaded' || error.kind === 'tooLarge')) return error;
      throw error;
    }
  }

  /** Decodes into the shared rows, which stay valid until the caller's next await. */
  #decodeSync({ body, encoding }: GrpcMessage, stream: OtapStream): Taken {
    const message = inflate(body, encoding, this.#options.max_body_bytes);
    const batchId = readBatchId(message);
    stream.rows.reset(KEPT_SCRATCH);
    try {
      stream.decoder.decode(message);
      this.#keptBytes += stream.decoder.dictionaryBytes - stream.keptBytes;
      stream.keptBytes = stream.decoder.dictionaryBytes;
      return { batchId, failure: undefined };
    } catch (error) {
      return { batchId, failure: error };
    }
  }
}

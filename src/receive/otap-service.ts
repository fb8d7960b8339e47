// OTAP: one bidirectional stream per exporter and signal, BatchArrowRecords in, a BatchStatus for each out, in order.
// https://github.com/open-telemetry/otel-arrow/blob/main/docs/otel-arrow.md
//
// A message builds on the dictionaries and schemas of those before it, so that each one is decoded, even when there is
// no room for its rows. The `headers` of a batch are not read. They are compressed with HPACK, with one table per
// stream; but that table concerns no other field and nothing else reads it, so there is nothing to fall out of step with.

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
/** Dictionaries that all streams of a server together may have us keep. One stream has a limit of its own beside this. */
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
  /** What the decoder writes to. */
  readonly rows: SignalRows;
  /** Bytes that the decoder kept after its last message. */
  keptBytes: number;
}

/** What became of a message: `failure` is what its decoder threw. */
interface Taken {
  readonly batchId: BatchId;
  readonly failure: unknown;
}

class OtapService {
  readonly #ingest: Ingest;
  readonly #authorization: Authorization;
  readonly #options: Pick<ServeOptions, 'request_timeout_ms' | 'max_body_bytes' | 'fidelity'>;
  /** What all streams of a signal decode into. Messages are decoded one at a time, and their rows copied at once. */
  readonly #rows: Readonly<Record<Signal, SignalRows>>;
  /**
   * Messages that no room could be reserved for are read all the same, one at a time: it is all the memory that they
   * take. The streams of the others are not read until it is their turn.
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
      // Messages count as requests; a stream that is refused before its first counts as one.
      return this.#ingest.counted(() => Promise.reject(refusal));
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
        await this.#ingest.counted(() => this.#answer(stream, prefix));
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

  /** Takes a message and tells the client what became of it. Rejects when the stream has to end with it. */
  async #answer(stream: OtapStream, prefix: MessagePrefix): Promise<void> {
    const { call, principal, reader, rows } = stream;
    const room = new MessageRoom(this.#ingest, principal, this.#unreserved, call.signal);
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
    // The decoder is out of step with the client now.
    if (taken.failure !== undefined) throw taken.failure;
    if (this.#keptBytes > MAX_KEPT_BYTES) {
      throw new Failure(
        'overloaded',
        `the dictionaries of all streams take more than ${MAX_KEPT_BYTES} bytes: begin a new stream`,
      );
    }
  }

  /** Accepts rows; gives the reason when there is no room for them, or never will be: the stream goes on. */
  async #accept(rows: SignalRows, reservation: Reservation): Promise<Failure | undefined> {
    try {
      await this.#ingest.acceptRows(rows, reservation);
      return undefined;
    } catch (error) {
      if (error instanceof Failure && (error.kind === 'overloaded' || error.kind === 'tooLarge')) return error;
      throw error;
    }
  }

  /** Decodes into the stream's rows, which other streams use as well: they hold until the caller next awaits. */
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

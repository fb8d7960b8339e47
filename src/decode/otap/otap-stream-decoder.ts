// The BatchArrowRecords of one OTAP stream → rows. A message builds on those before it: its payloads continue the Arrow
// streams of their types, whose schemas and dictionaries are kept here. So a stream has a decoder of its own, which ends
// with the first message that it refuses.
//
// Where the protocol leaves a choice, this does as the reference consumer does: rows whose parent id matches nothing
// are ignored; points go to the first metric with their metric's id; a value of a type whose
// column is absent or null is that type's empty one; of an owner's attributes with equal keys the last stands. Unlike
// the reference, a type of value or of metric that the protocol does not define is refused.

import { Failure } from '../../base/failure.js';
import type { SignalRows } from '../../buffer/signal-rows.js';
import type { Signal } from '../../schema/column-declaration.js';
import { payloadFail } from '../arrow/fail.js';
import { defaultOtapLimits, type OtapLimits } from '../arrow/limits.js';
import { DecodedRoom } from '../arrow/record-batch.js';
import { Scratch } from '../arrow/scratch.js';
import { ArrowStream } from '../arrow/stream.js';
import { JsonText } from '../text/json-text.js';
import { isHeapUtf8 } from '../text/text-check.js';
import { readBatchArrowRecords } from './batch-arrow-records.js';
import { CborJson } from './cbor-json.js';
import { invalidTextIn } from './invalid-text.js';
import { logsDecoder } from './logs.js';
import { MessagePayloads, type Payloads } from './message-payloads.js';
import { metricsDecoder } from './metrics.js';
import { type PayloadName, payloadNames } from './payload-types.js';
import { tracesDecoder } from './traces.js';

const decoders = { logs: logsDecoder, traces: tracesDecoder, metrics: metricsDecoder } as const satisfies Record<
  Signal,
  (rows: SignalRows) => (payloads: Payloads) => void
>;

/** The Arrow stream that a payload type is on. */
interface OpenStream {
  readonly schemaId: string;
  readonly stream: ArrowStream;
}

export class OtapStreamDecoder {
  readonly #rows: SignalRows;
  readonly #maxDictionaryBytes: number;
  readonly #room: DecodedRoom;
  readonly #scratch = new Scratch();
  readonly #names: ReadonlyMap<number, PayloadName>;
  readonly #payloads: MessagePayloads;
  readonly #decodePayloads: (payloads: Payloads) => void;
  readonly #streams = new Map<PayloadName, OpenStream>();

  constructor(signal: Signal, rows: SignalRows, limits: Partial<OtapLimits> = {}) {
    if (rows.signal !== signal) throw new Error(`BUG: ${signal} decoded into rows of ${rows.signal}`);
    const { maxDecodedBytes, maxDictionaryBytes } = { ...defaultOtapLimits, ...limits };
    const json = new JsonText(rows.heap);
    this.#rows = rows;
    this.#maxDictionaryBytes = maxDictionaryBytes;
    this.#room = new DecodedRoom(maxDecodedBytes);
    this.#names = payloadNames[signal];
    this.#payloads = new MessagePayloads({ json, cbor: new CborJson(json), room: this.#room });
    this.#decodePayloads = decoders[signal](rows);
  }

  /**
   * Adds the rows of the stream's next message. Throws a Failure when it is malformed or asks for more memory than it
   * may: the rows may then hold a part of it, and the caller resets them and ends the stream.
   */
  decode(message: Uint8Array): { readonly batchId: bigint } {
    const { batchId, payloads } = readBatchArrowRecords(message);
    this.#room.reset();
    this.#scratch.reset();
    this.#payloads.writers.json.reset();
    this.#payloads.clear();
    for (const { schemaId, type, record } of payloads) {
      const name = this.#names.get(type) ?? this.#failType(type);
      const fail = payloadFail(name);
      if (this.#payloads.has(name)) fail('more than one payload of this type');
      this.#payloads.set(name, this.#streamOf(name, schemaId).read(record));
      this.#checkDictionaries();
    }
    if (this.#payloads.has('UNIVARIATE_METRICS') && this.#payloads.has('MULTIVARIATE_METRICS')) {
      payloadFail('MULTIVARIATE_METRICS')('there are UNIVARIATE_METRICS too');
    }
    this.#decodePayloads(this.#payloads);
    if (!isHeapUtf8(this.#rows.heap)) {
      throw new Failure('malformed', `cannot decode ${invalidTextIn(this.#payloads.all)}`);
    }
    this.#payloads.clear();
    return { batchId };
  }

  #streamOf(name: PayloadName, schemaId: string): ArrowStream {
    const open = this.#streams.get(name);
    if (open?.schemaId === schemaId) return open.stream;
    const stream = new ArrowStream(this.#room, this.#scratch, payloadFail(name));
    this.#streams.set(name, { schemaId, stream });
    return stream;
  }

  /** Bytes of dictionaries kept for the messages to come. */
  get dictionaryBytes(): number {
    let bytes = 0;
    for (const { stream } of this.#streams.values()) bytes += stream.dictionaryBytes;
    return bytes;
  }

  #checkDictionaries(): void {
    if (this.dictionaryBytes > this.#maxDictionaryBytes) {
      throw new Failure('tooLarge', `the dictionaries of a stream take more than ${this.#maxDictionaryBytes} bytes`);
    }
  }

  #failType(type: number): never {
    throw new Failure('malformed', `cannot decode payload of type ${type}: ${this.#rows.signal} have no such table`);
  }
}

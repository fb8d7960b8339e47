// One BatchArrowRecords of proto/ → its payloads, as parts of the same bytes.

import { isUtf8 } from 'node:buffer';
import { Failure } from '../../base/failure.js';
import { MAX_PAYLOADS } from '../arrow/limits.js';

export interface ArrowPayload {
  readonly schemaId: string;
  /** A number of ArrowPayloadType. */
  readonly type: number;
  /** Arrow IPC messages. */
  readonly record: Uint8Array;
}

export interface BatchArrowRecords {
  readonly batchId: bigint;
  readonly payloads: readonly ArrowPayload[];
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const BATCH_ID = (1 << 3) | VARINT;
const ARROW_PAYLOAD = (2 << 3) | LENGTH_DELIMITED;
const SCHEMA_ID = (1 << 3) | LENGTH_DELIMITED;
const PAYLOAD_TYPE = (2 << 3) | VARINT;
const RECORD = (3 << 3) | LENGTH_DELIMITED;

/** Names are kept as long as their reader; the reference numbers them, others spell the schema out. */
const MAX_SCHEMA_ID_BYTES = 64 << 10;

/**
 * Reads a message. Headers are left alone: nothing of them reaches a row, and whoever skips them for a whole stream
 * needs no HPACK table. Throws a Failure when the bytes are no such message.
 */
export function readBatchArrowRecords(message: Uint8Array): BatchArrowRecords {
  const fields = new Fields('BatchArrowRecords', message, 0, message.length);
  const payloads: ArrowPayload[] = [];
  let batchId = 0n;
  while (fields.next()) {
    if (fields.tag === BATCH_ID) batchId = BigInt.asIntN(64, fields.number);
    // An OTLP request has a resource there: it would pass for a message with nothing in it.
    else if (fields.tag >> 3 === BATCH_ID >> 3) fields.fail(`batch_id of wire type ${fields.tag & 7}`);
    if (fields.tag !== ARROW_PAYLOAD) continue;
    if (payloads.length === MAX_PAYLOADS) fields.fail(`more than ${MAX_PAYLOADS} payloads`);
    payloads.push(readPayload(message, fields.start, fields.end));
  }
  return { batchId, payloads };
}

function readPayload(message: Uint8Array, start: number, end: number): ArrowPayload {
  const fields = new Fields('ArrowPayload', message, start, end);
  let schemaId = '';
  let type = 0;
  let record = message.subarray(start, start);
  while (fields.next()) {
    if (fields.tag === SCHEMA_ID) schemaId = readSchemaId(fields);
    else if (fields.tag === PAYLOAD_TYPE) type = Number(BigInt.asIntN(32, fields.number));
    else if (fields.tag === RECORD) record = message.subarray(fields.start, fields.end);
  }
  return { schemaId, type, record };
}

function readSchemaId(fields: Fields): string {
  const bytes = fields.bytes.subarray(fields.start, fields.end);
  if (bytes.length > MAX_SCHEMA_ID_BYTES) fields.fail(`schema_id of ${bytes.length} bytes`);
  if (!isUtf8(bytes)) fields.fail('invalid UTF-8 in ArrowPayload.schema_id');
  return Buffer.from(bytes).toString();
}

/** Steps from field to field of a message that has few of them. */
class Fields {
  tag = 0;
  /** Value of a varint. */
  number = 0n;
  /** Where the content of a field with a length lies. */
  start = 0;
  end = 0;
  readonly bytes: Uint8Array;
  readonly #message: string;
  readonly #limit: number;
  #pos: number;

  constructor(message: string, bytes: Uint8Array, start: number, limit: number) {
    this.#message = message;
    this.bytes = bytes;
    this.#pos = start;
    this.#limit = limit;
  }

  next(): boolean {
    if (this.#pos === this.#limit) return false;
    const tag = this.#varint();
    if (tag > 0xffff_ffffn || tag >> 3n === 0n) this.fail(`tag ${tag}`);
    this.tag = Number(tag);
    switch (this.tag & 7) {
      case VARINT:
        this.number = this.#varint();
        break;
      case FIXED64:
        this.#skip(8);
        break;
      case LENGTH_DELIMITED:
        this.#skip(Number(this.#varint()));
        break;
      case FIXED32:
        this.#skip(4);
        break;
      default:
        this.fail(`wire type ${this.tag & 7}`);
    }
    return true;
  }

  fail(problem: string): never {
    throw new Failure('malformed', `cannot decode ${this.#message} at byte ${this.#pos}: ${problem}`);
  }

  #skip(length: number): void {
    const left = this.#limit - this.#pos;
    if (length > left) this.fail(`${length} bytes announced, ${left} left`);
    this.start = this.#pos;
    this.end = this.#pos + length;
    this.#pos = this.end;
  }

  #varint(): bigint {
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      if (this.#pos === this.#limit) this.fail('the message ends inside a varint');
      const byte = this.bytes[this.#pos++]!;
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return value;
    }
    return this.fail('varint longer than 10 bytes');
  }
}

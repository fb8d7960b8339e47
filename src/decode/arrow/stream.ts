// The Arrow IPC stream of one payload type, cut into pieces: a piece → the columns of its record batch. The schema and
// the dictionaries of earlier pieces are kept.
//
// Not the reader of the apache-arrow package, for two reasons. It takes the counts in headers at their word: four bytes
// changed in a message of one log record have it fill the memory until the process dies. And it makes a vector of objects
// per column and batch, where we want the bytes. The tests' encoder is its writer.

import { Columns } from './columns.js';
import { Dictionary } from './dictionary.js';
import type { Fail } from './fail.js';
import { FlatBuffer, type FlatTable } from './flat-buffer.js';
import { MAX_IPC_MESSAGES } from './limits.js';
import { type DecodedRoom, RecordBatch } from './record-batch.js';
import { type ArrowField, readSchema } from './schema.js';
import type { Scratch } from './scratch.js';
import { readValidity, readValues } from './values.js';

/** Slots of the tables in Message.fbs. */
const MESSAGE = { headerKind: 1, header: 2, bodyLength: 3 } as const;
const DICTIONARY_BATCH = { id: 0, data: 1, isDelta: 2 } as const;

const SCHEMA_KIND = 1;
const DICTIONARY_BATCH_KIND = 2;
const RECORD_BATCH_KIND = 3;

/** What a row takes at least while its columns are read: a batch without columns may claim any number of them. */
const LEAST_ROW_BYTES = 128;

/** Precedes the length of a header since Arrow 0.15. */
const CONTINUATION = 0xffff_ffff;

export class ArrowStream {
  readonly #room: DecodedRoom;
  readonly #scratch: Scratch;
  readonly #fail: Fail;
  #fields: readonly ArrowField[] | undefined;
  #fieldsByDictionary: ReadonlyMap<bigint, ArrowField> = new Map();
  readonly #dictionaries = new Map<bigint, Dictionary>();

  constructor(room: DecodedRoom, scratch: Scratch, fail: Fail) {
    this.#room = room;
    this.#scratch = scratch;
    this.#fail = fail;
  }

  /** Bytes kept for the pieces to come. */
  get dictionaryBytes(): number {
    let bytes = 0;
    for (const dictionary of this.#dictionaries.values()) bytes += dictionary.byteLength;
    return bytes;
  }

  /** Reads a piece, which holds one record batch. The columns are valid until the next piece. */
  read(piece: Uint8Array): Columns {
    // A protobuf field begins anywhere, and typed arrays only at multiples of their elements' width.
    const bytes = this.#scratch.bytes(piece.length);
    bytes.set(piece);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let columns: Columns | undefined;
    let messages = 0;
    for (let at = 0; at < bytes.length; ) {
      if (++messages > MAX_IPC_MESSAGES) this.#fail(`more than ${MAX_IPC_MESSAGES} Arrow messages`);
      let lengthAt = at;
      if (bytes.length - at >= 8 && view.getUint32(at, true) === CONTINUATION) lengthAt += 4;
      if (bytes.length - lengthAt < 4) this.#fail('an Arrow message that is cut off');
      const headerStart = lengthAt + 4;
      const bodyStart = headerStart + view.getUint32(lengthAt, true);
      if (bodyStart === headerStart) break; // the end of the stream, which the gRPC stream tells anyway
      if (bodyStart > bytes.length)
        this.#fail(`the header of an Arrow message ends at byte ${bodyStart} of ${bytes.length}`);
      const message = new FlatBuffer(bytes.subarray(headerStart, bodyStart), this.#fail).root();
      at = bodyStart + message.length(MESSAGE.bodyLength);
      if (at > bytes.length) this.#fail(`the body of an Arrow message ends at byte ${at} of ${bytes.length}`);
      const body = bytes.subarray(bodyStart, at);
      const header = message.table(MESSAGE.header) ?? this.#fail('an Arrow message without a header');
      const kind = message.uint8(MESSAGE.headerKind);
      if (kind === SCHEMA_KIND) this.#begin(header);
      else if (kind === DICTIONARY_BATCH_KIND) this.#addDictionary(header, body);
      else if (kind === RECORD_BATCH_KIND && columns === undefined) columns = this.#columns(header, body);
      else this.#fail(kind === RECORD_BATCH_KIND ? 'more than one record batch' : `an Arrow message of kind ${kind}`);
    }
    return columns ?? this.#fail('no record batch');
  }

  #begin(schema: FlatTable): void {
    this.#fields = readSchema(schema);
    this.#dictionaries.clear();
    const fieldsByDictionary = new Map<bigint, ArrowField>();
    for (const field of withChildren(this.#fields)) {
      if (field.dictionary === undefined) continue;
      const { id } = field.dictionary;
      const { storage } = fieldsByDictionary.get(id) ?? field;
      const isSame = JSON.stringify(storage) === JSON.stringify(field.storage);
      if (!isSame) this.#fail(`dictionary ${id} is of kind ${storage.kind} and ${field.storage.kind}`);
      fieldsByDictionary.set(id, field);
      this.#dictionaries.set(id, new Dictionary());
    }
    this.#fieldsByDictionary = fieldsByDictionary;
  }

  #addDictionary(header: FlatTable, body: Uint8Array): void {
    const id = header.int64(DICTIONARY_BATCH.id);
    const field = this.#fieldsByDictionary.get(id) ?? this.#fail(`dictionary ${id}, which no column refers to`);
    const fail: Fail = (problem) => this.#fail(`dictionary ${id} of column "${field.name}": ${problem}`);
    const data = header.table(DICTIONARY_BATCH.data) ?? fail('no values');
    const batch = new RecordBatch(data, body, this.#room);
    // The dictionary's own column stands first in its batch, and is plain.
    const values = { ...field, firstNode: 0, firstBuffer: 0 };
    const { length, validity } = readValidity(batch, values, fail);
    this.#room.check(length * LEAST_ROW_BYTES);
    const dictionary = this.#dictionaries.get(id)!;
    if (!header.boolean(DICTIONARY_BATCH.isDelta)) dictionary.clear();
    dictionary.append(readValues(batch, values, length, fail), length, validity);
  }

  #columns(header: FlatTable, body: Uint8Array): Columns {
    const fields = this.#fields ?? this.#fail('a record batch before its schema');
    const batch = new RecordBatch(header, body, this.#room);
    this.#room.check(batch.length * LEAST_ROW_BYTES);
    const source = { batch, dictionaries: this.#dictionaries, scratch: this.#scratch, fail: this.#fail };
    return new Columns(source, fields, batch.length);
  }
}

function* withChildren(fields: readonly ArrowField[]): Generator<ArrowField> {
  for (const field of fields) {
    yield field;
    yield* withChildren(field.children);
  }
}

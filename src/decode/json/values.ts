// KeyValue and AnyValue → canonical JSON, and texts of columns. A value that the document has in canonical form
// already, as nearly all are, is noted as a piece of it and copied once, to where it belongs; others are written to a
// scratch heap first.

import { ByteHeap } from '../../buffer/byte-heap.js';
import type { TextColumn } from '../../buffer/column.js';
import { KEPT_SCRATCH, MAX_VALUE_DEPTH } from '../rows/limits.js';
import { NULL } from '../text/json-literals.js';
import { JsonText } from '../text/json-text.js';
import { appendBase64 } from './base64.js';
import { Char } from './char.js';
import { FieldTable, NO_FIELD } from './field-table.js';
import { MemberIndex, Source } from './member-index.js';
import type { Numbers } from './numbers.js';
import type { JsonReader } from './reader.js';

const KeyValue = { key: 0, value: 1 } as const;
const AnyValue = {
  stringValue: 0,
  intValue: 1,
  doubleValue: 2,
  boolValue: 3,
  arrayValue: 4,
  kvlistValue: 5,
  bytesValue: 6,
} as const;
const List = { values: 0 } as const;

/** Inside JSON, or as a text of its own: without quotes, and with names for doubles that are no numbers. */
type Form = 'json' | 'text';

export class Values {
  readonly #reader: JsonReader;
  readonly #numbers: Numbers;
  readonly #json: JsonText;
  readonly #scratch = new ByteHeap();
  readonly #scratchJson = new JsonText(this.#scratch);
  readonly #members = new MemberIndex(this.#scratch);
  readonly #keyValueFields = new FieldTable(KeyValue);
  readonly #valueFields = new FieldTable(AnyValue);
  readonly #listFields = new FieldTable(List);
  // Where the value last read lies.
  #start = 0;
  #length = 0;
  #source: Source = Source.None;

  constructor(reader: JsonReader, numbers: Numbers, json: JsonText) {
    this.#reader = reader;
    this.#numbers = numbers;
    this.#json = json;
  }

  /** Readies for a document. */
  begin(): void {
    this.#members.begin(this.#reader.bytes, this.#reader.view);
    this.#scratch.reset(KEPT_SCRATCH.heapBytes);
  }

  /** Reads attributes and makes them the row's text. Without any there is none. */
  attributesColumn(column: TextColumn, row: number): void {
    if (!column.isKept) {
      this.#reader.passValue();
      return;
    }
    const { heap } = this.#json;
    const offset = heap.end;
    column.setUnlessEmpty(row, offset, this.attributesOrNothing());
  }

  /** Reads attributes and writes them as an object, unless it would be empty. Returns its length. */
  attributesOrNothing(): number {
    this.indexAttributes();
    return this.writeIndexed();
  }

  /** Reads attributes and writes them as an object. */
  attributes(): void {
    this.indexAttributes();
    this.#members.writeObject(0, this.#json);
  }

  /** Reads attributes. valueText() then finds one by its key, and writeIndexed() writes them. */
  indexAttributes(): void {
    this.#members.count = 0;
    this.#scratch.end = 0;
    this.#index(1);
  }

  /** Writes the attributes read as an object, unless it would be empty. Returns its length. */
  writeIndexed(): number {
    const { heap } = this.#json;
    const offset = heap.end;
    if (this.#members.writeObject(0, this.#json) === 0) heap.end = offset;
    return heap.end - offset;
  }

  /** Writes the value of the attribute of this key, among those read, as text. Returns its length, 0 without one. */
  textOf(key: Uint8Array): number {
    const valueAt = this.#members.valueOf(0, key);
    if (valueAt === 0) return 0;
    const reader = this.#reader;
    const resumeAt = reader.at;
    reader.at = valueAt;
    const length = this.text();
    reader.at = resumeAt;
    return length;
  }

  /** Reads an AnyValue and makes it the row's text. One that is empty or not set is none. */
  textColumn(column: TextColumn, row: number): void {
    if (!column.isKept) {
      this.#reader.passValue();
      return;
    }
    const offset = this.#json.heap.end;
    column.setUnlessEmpty(row, offset, this.text());
  }

  /** Reads an AnyValue and writes it as text: scalars as they are, arrays and lists as JSON. Returns its length. */
  text(): number {
    if (this.#reader.takeNull()) return 0;
    const { heap } = this.#json;
    const offset = heap.end;
    this.#value(1, 'text');
    this.#copyTo(heap);
    return heap.end - offset;
  }

  /** Reads a list of KeyValues, whose values have depth `depth`, into the index. */
  #index(depth: number): void {
    const reader = this.#reader;
    for (let more = reader.firstElement(); more; more = reader.nextElement()) this.#keyValue(depth);
  }

  #keyValue(depth: number): void {
    const reader = this.#reader;
    const fields = this.#keyValueFields;
    let keyStart = 0;
    let keyLength = 0;
    let keySource: Source = Source.Scratch;
    let valueAt = 0;
    this.#source = Source.None;
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      if (field === KeyValue.key) {
        reader.string();
        keyLength = reader.textLength;
        keySource = reader.isPlain ? Source.Document : Source.Scratch;
        keyStart = reader.isPlain ? reader.textStart : this.#scratch.append(reader.text, reader.textStart, keyLength);
      } else if (reader.takeNull()) {
        this.#source = Source.None;
        valueAt = 0;
      } else {
        valueAt = reader.at;
        this.#value(depth, 'json');
      }
    }
    this.#members.push(keyStart, keyLength, keySource, this.#start, this.#length, this.#source, valueAt);
  }

  /** Reads an AnyValue, which #start, #length and #source then tell the place of. */
  #value(depth: number, form: Form): void {
    const reader = this.#reader;
    const fields = this.#valueFields;
    const scratchStart = this.#scratch.end;
    let set: number = NO_FIELD;
    if (depth > MAX_VALUE_DEPTH) reader.refuseNext(`at most ${MAX_VALUE_DEPTH} values deep`, 'a deeper one');
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      if (reader.takeNull()) {
        if (field === set) set = NO_FIELD;
        continue;
      }
      set = field;
      this.#scratch.end = scratchStart;
      switch (field) {
        case AnyValue.stringValue:
          this.#string(form);
          break;
        case AnyValue.intValue:
          this.#integer();
          break;
        case AnyValue.doubleValue:
          this.#double(form);
          break;
        case AnyValue.boolValue:
          this.#boolean();
          break;
        case AnyValue.arrayValue:
          this.#array(depth + 1);
          break;
        case AnyValue.kvlistValue:
          this.#object(depth + 1);
          break;
        case AnyValue.bytesValue:
          this.#bytes(form);
      }
    }
    if (set === NO_FIELD) this.#nothing(form);
  }

  #string(form: Form): void {
    const reader = this.#reader;
    reader.string();
    const { text, textStart, textLength } = reader;
    if (reader.isPlain) {
      const quotes = form === 'json' ? 1 : 0;
      this.#inDocument(textStart - quotes, textLength + 2 * quotes);
      return;
    }
    const start = this.#scratch.end;
    if (form === 'json') this.#scratchJson.string(text, textStart, textLength);
    else this.#scratch.append(text, textStart, textLength);
    this.#inScratch(start);
  }

  #integer(): void {
    const numbers = this.#numbers;
    const double = numbers.int64OrDouble();
    const start = this.#scratch.end;
    if (double !== undefined) this.#scratchJson.double(double);
    else if (this.#isCanonicalNumber()) return;
    else this.#scratchJson.int64(numbers.low, numbers.high);
    this.#inScratch(start);
  }

  #double(form: Form): void {
    const value = this.#numbers.double();
    if (this.#isCanonicalNumber()) return;
    if (form === 'json' && !Number.isFinite(value)) {
      this.#source = Source.None;
      return;
    }
    const start = this.#scratch.end;
    this.#scratchJson.double(value);
    this.#inScratch(start);
  }

  /** Whether the document has the number last read in canonical form, which is then what was read. */
  #isCanonicalNumber(): boolean {
    const { start, end } = this.#numbers;
    if (end === 0) return false;
    this.#inDocument(start, end - start);
    return true;
  }

  #boolean(): void {
    const start = this.#reader.at;
    const length = this.#reader.boolean() ? 'true'.length : 'false'.length;
    // firstField() and takeNull() have passed the white space before it.
    this.#inDocument(start, length);
  }

  #bytes(form: Form): void {
    const reader = this.#reader;
    const start = this.#scratch.end;
    reader.string();
    if (form === 'json') this.#scratchJson.byte(Char.Quote);
    const isBase64 = appendBase64(this.#scratch, reader.text, reader.textStart, reader.textLength);
    if (!isBase64) reader.refuse('base64');
    if (form === 'json') this.#scratchJson.byte(Char.Quote);
    this.#inScratch(start);
  }

  #array(depth: number): void {
    const reader = this.#reader;
    const fields = this.#listFields;
    const scratch = this.#scratch;
    const start = scratch.end;
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      scratch.end = start;
      this.#scratchJson.byte(Char.OpenBracket);
      for (let more = reader.firstElement(); more; more = reader.nextElement()) {
        if (scratch.end > start + 1) this.#scratchJson.byte(Char.Comma);
        this.#value(depth, 'json');
        if (this.#source === Source.None) this.#scratchJson.literal(NULL);
        else if (this.#source === Source.Document) this.#copyTo(scratch);
      }
    }
    if (scratch.end === start) this.#scratchJson.byte(Char.OpenBracket);
    this.#scratchJson.byte(Char.CloseBracket);
    this.#inScratch(start);
  }

  #object(depth: number): void {
    const reader = this.#reader;
    const fields = this.#listFields;
    const scratch = this.#scratch;
    const first = this.#members.count;
    const start = scratch.end;
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      this.#members.count = first;
      scratch.end = start;
      this.#index(depth);
    }
    const objectStart = scratch.end;
    this.#members.writeObject(first, this.#scratchJson);
    // In place of what it was made from, lest nested lists take their size times their depth.
    scratch.bytes.copyWithin(start, objectStart, scratch.end);
    scratch.end = start + scratch.end - objectStart;
    this.#inScratch(start);
  }

  #nothing(form: Form): void {
    const start = this.#scratch.end;
    if (form === 'json') this.#scratchJson.literal(NULL);
    this.#inScratch(start);
  }

  #inDocument(start: number, length: number): void {
    this.#start = start;
    this.#length = length;
    this.#source = Source.Document;
  }

  #inScratch(start: number): void {
    this.#start = start;
    this.#length = this.#scratch.end - start;
    this.#source = Source.Scratch;
  }

  #copyTo(heap: ByteHeap): void {
    heap.append(this.#source === Source.Document ? this.#reader.bytes : this.#scratch.bytes, this.#start, this.#length);
  }
}

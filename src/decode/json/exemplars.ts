import {
  EMPTY_OBJECT,
  FILTERED_ATTRIBUTES,
  NULL,
  SPAN_ID,
  TIME_UNIX_NANO,
  TRACE_ID,
  VALUE,
} from '../text/json-literals.js';
import { Char } from './char.js';
import { FieldTable, NO_FIELD } from './field-table.js';
import { NOWHERE, SPAN_ID_DIGITS, TRACE_ID_DIGITS, type Wiring, writeJsonId } from './fields.js';

const Exemplar = { timeUnixNano: 0, asDouble: 1, asInt: 2, filteredAttributes: 3, spanId: 4, traceId: 5 } as const;

/** Returns the function that reads an Exemplar and writes it as JSON. */
export function exemplarReader(wiring: Wiring): () => void {
  const { reader, numbers, values, json } = wiring;
  const fields = new FieldTable(Exemplar);

  return () => {
    let timeLow = 0;
    let timeHigh = 0;
    let kind: number = NO_FIELD;
    let valueAt = NOWHERE;
    let spanIdAt = NOWHERE;
    let traceIdAt = NOWHERE;
    json.literal(FILTERED_ATTRIBUTES);
    const attributesStart = json.heap.end;
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case Exemplar.timeUnixNano:
          numbers.uint63();
          timeLow = numbers.low;
          timeHigh = numbers.high;
          break;
        case Exemplar.asDouble:
        case Exemplar.asInt:
          // Fields of a oneof: the last one that is there counts.
          if (reader.takeNull()) {
            if (field === kind) kind = NO_FIELD;
            break;
          }
          kind = field;
          valueAt = reader.at;
          readValue(field);
          break;
        case Exemplar.filteredAttributes:
          json.heap.end = attributesStart;
          values.attributes();
          break;
        case Exemplar.spanId:
          spanIdAt = reader.at;
          reader.string();
          break;
        case Exemplar.traceId:
          traceIdAt = reader.at;
          reader.string();
      }
    }
    if (json.heap.end === attributesStart) json.literal(EMPTY_OBJECT);
    json.literal(SPAN_ID);
    writeJsonId(wiring, spanIdAt, SPAN_ID_DIGITS);
    json.literal(TIME_UNIX_NANO);
    json.uint64(timeLow, timeHigh);
    json.literal(TRACE_ID);
    writeJsonId(wiring, traceIdAt, TRACE_ID_DIGITS);
    json.literal(VALUE);
    writeValue(kind, valueAt);
    json.byte(Char.CloseBrace);
  };

  function readValue(kind: number): number {
    if (kind === Exemplar.asDouble) return numbers.double();
    numbers.int64();
    return 0;
  }

  function writeValue(kind: number, at: number): void {
    const resumeAt = reader.at;
    reader.at = at;
    const double = kind === NO_FIELD ? Number.NaN : readValue(kind);
    reader.at = resumeAt;
    if (kind === Exemplar.asInt) json.int64(numbers.low, numbers.high);
    else if (Number.isFinite(double)) json.double(double);
    else json.literal(NULL);
  }
}

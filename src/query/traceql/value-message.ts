// Values of TraceQL → OTLP's AnyValue, as Tempo's answers hold them: what OTLP has no type for is a text.

import { ArrayValue, type Value, valueText } from '#traceql';
import { Int64, listOf, type Message } from '../traces/otlp-message.js';

export function valueMessage(value: Value): Message {
  if (value instanceof ArrayValue) return { arrayValue: listOf('values', value.values.map(valueMessage)) };
  if (typeof value === 'bigint') return { intValue: new Int64(value) };
  if (typeof value === 'number') return { doubleValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return { stringValue: valueText(value) };
}

/** Key values, in the order given. */
export function valueMessages(values: Iterable<readonly [name: string, value: Value]>): Message[] {
  return Array.from(values, ([key, value]) => ({ key, value: valueMessage(value) }));
}

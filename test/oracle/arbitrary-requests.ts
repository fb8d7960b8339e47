// Random export requests that the rules accept, full of what breaks decoders: quotes, controls, NUL, astral characters,
// empty and repeated keys, the ends of every number range, deep values, nothing at all.

import fc from 'fast-check';
import type { Signal } from '../../src/schema/column-declaration.js';
import type { Message } from './message.js';

const MAX_INT64 = 2n ** 63n - 1n;

const nastyTexts = [
  '',
  'a',
  'service.name',
  '"',
  '\\',
  '\\"',
  '/',
  '\b\f\n\r\t',
  '\0',
  '\u001f\u007f\u0080',
  'é',
  '\u2028\u2029',
  '\ufeff',
  '\uffff',
  '😀',
  '\u{10ffff}',
  '{"a":1}',
  'null',
  'NaN',
  // DuckDB keeps the first of these in a string's slot, and points to the second.
  'twelve bytes',
  'thirteen byte',
  'x'.repeat(300),
  'ü'.repeat(130),
];

const text = fc.oneof(
  fc.constantFrom(...nastyTexts),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
/** Few different keys, so that some repeat, and some that sort differently in UTF-16 than in UTF-8. */
const key = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('', 'a', 'aa', 'b', 'a"', 'a\n', 'a\u0001', 'é', '\uffee', '😀', 'service.name'),
  },
  { weight: 1, arbitrary: text },
);
const resourceKey = fc.oneof(
  fc.constantFrom('service.name', 'service.namespace', 'service.instance.id', 'service.names', 'Service.name'),
  key,
);

const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, MAX_INT64, -MAX_INT64 - 1n, 2n ** 32n),
  fc.bigInt({ min: -MAX_INT64 - 1n, max: MAX_INT64 }),
);
const count = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n + 1n, MAX_INT64),
  fc.bigInt({ min: 0n, max: MAX_INT64 }),
);
const time = fc.oneof(count, fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_800_000_000_000_000_000n }));
const uint32 = fc.oneof(fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat({ max: 1000 }));
const int32 = fc.oneof(fc.constantFrom(0, -1, 0x7fff_ffff, -0x8000_0000), fc.integer({ min: -1000, max: 1000 }));
const double = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.1, 1e21, 1e-7, 123456789012345680000, 5e-324, 1.7976931348623157e308),
  fc.constantFrom(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    2 ** 53,
    2 ** 63,
    1e15,
    999999999999999,
  ),
  fc.double(),
);
const enumNumber = (known: number) => fc.oneof(fc.nat({ max: known }), fc.constantFrom(-1, known + 1, 0x7fff_ffff));
const id = (width: number) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(new Uint8Array(0), new Uint8Array(width)) },
    { weight: 3, arbitrary: fc.uint8Array({ minLength: width, maxLength: width }) },
  );
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 10 }),
  fc.constant(new Uint8Array([0xfb, 0xff, 0xbf])), // "+/" in one base64 alphabet, "-_" in the other
);

/** A message whose fields are each there or not. */
const record = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Message> =>
  fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Message>;

/** A message with one of several members, or with none. */
const oneMember = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Message> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant({}) },
    ...Object.entries(members).map(([name, value]) => ({
      weight: 3,
      arbitrary: value.map((given) => ({ [name]: given }) as Message),
    })),
  );

const { value: anyValue } = fc.letrec<{ value: Message }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    oneMember({
      string_value: text,
      bool_value: fc.boolean(),
      int_value: int64,
      double_value: double,
      bytes_value: bytes,
    }),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => ({ array_value: { values } })),
    fc.array(record({ key, value: tie('value') }), { maxLength: 4 }).map((values) => ({ kvlist_value: { values } })),
    fc.constantFrom<Message>({ array_value: {} }, { kvlist_value: {} }),
  ),
}));

/** A value within so many others. */
function wrapped(levels: number, isList: boolean, innermost: Message): Message {
  let value = innermost;
  for (let level = 0; level < levels; level++) {
    value = isList ? { array_value: { values: [value] } } : { kvlist_value: { values: [{ key: 'k', value }] } };
  }
  return value;
}

const deepValue = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 90 }), fc.boolean(), anyValue).map((of) => wrapped(...of)),
  // As many levels as are allowed: 100.
  fc.boolean().map((isList) => wrapped(99, isList, { string_value: 'deep' })),
);

const value = fc.oneof({ weight: 30, arbitrary: anyValue }, { weight: 1, arbitrary: deepValue });
const attributes = fc.array(record({ key, value }), { maxLength: 6 });
const manyAttributes = fc
  .integer({ min: 33, max: 100 })
  .map((length) => Array.from({ length }, (_, i) => ({ key: `k${(i * 7) % 50}`, value: { int_value: BigInt(i) } })));
const recordAttributes = fc.oneof({ weight: 20, arbitrary: attributes }, { weight: 1, arbitrary: manyAttributes });

const resource = record({
  attributes: fc.array(record({ key: resourceKey, value }), { maxLength: 6 }),
  dropped_attributes_count: uint32,
  entity_refs: fc.array(record({ schema_url: text, type: text, id_keys: fc.array(text, { maxLength: 2 }) }), {
    maxLength: 2,
  }),
});
const scope = record({ name: text, version: text, attributes, dropped_attributes_count: uint32 });

const logRecord = record({
  time_unix_nano: time,
  observed_time_unix_nano: time,
  severity_number: enumNumber(24),
  severity_text: text,
  body: value,
  attributes: recordAttributes,
  dropped_attributes_count: uint32,
  flags: uint32,
  trace_id: id(16),
  span_id: id(8),
  event_name: text,
});

const event = record({ time_unix_nano: time, name: text, attributes, dropped_attributes_count: uint32 });
const link = record({
  trace_id: id(16),
  span_id: id(8),
  trace_state: text,
  attributes,
  dropped_attributes_count: uint32,
  flags: uint32,
});
const span = record({
  trace_id: id(16),
  span_id: id(8),
  trace_state: text,
  parent_span_id: id(8),
  flags: uint32,
  name: text,
  kind: enumNumber(5),
  start_time_unix_nano: time,
  end_time_unix_nano: time,
  attributes: recordAttributes,
  dropped_attributes_count: uint32,
  events: fc.array(event, { maxLength: 3 }),
  dropped_events_count: uint32,
  links: fc.array(link, { maxLength: 3 }),
  dropped_links_count: uint32,
  status: record({ message: text, code: enumNumber(2) }),
});

/** Fields beside a oneof of which one member or none is there. */
const withOneMember = (fields: Record<string, fc.Arbitrary<unknown>>, members: Record<string, fc.Arbitrary<unknown>>) =>
  fc.tuple(record(fields), oneMember(members)).map(([rest, member]): Message => ({ ...rest, ...member }));

const exemplar = withOneMember(
  { filtered_attributes: attributes, time_unix_nano: time, span_id: id(8), trace_id: id(16) },
  { as_double: double, as_int: int64 },
);
const exemplars = fc.array(exemplar, { maxLength: 2 });
const pointFields = { attributes: recordAttributes, start_time_unix_nano: time, time_unix_nano: time, flags: uint32 };
const numberPoint = withOneMember({ ...pointFields, exemplars }, { as_double: double, as_int: int64 });
const distributionFields = { ...pointFields, exemplars, count, sum: double, min: double, max: double };
const histogramPoint = record({
  ...distributionFields,
  bucket_counts: fc.array(count, { maxLength: 12 }),
  explicit_bounds: fc.array(double, { maxLength: 12 }),
});
const buckets = record({ offset: int32, bucket_counts: fc.array(count, { maxLength: 12 }) });
const expHistogramPoint = record({
  ...distributionFields,
  scale: int32,
  zero_count: count,
  positive: buckets,
  negative: buckets,
  zero_threshold: double,
});
const summaryPoint = record({
  ...pointFields,
  count,
  sum: double,
  quantile_values: fc.array(record({ quantile: double, value: double }), { maxLength: 3 }),
});

const points = (point: fc.Arbitrary<Message>) => ({ data_points: fc.array(point, { maxLength: 3 }) });
const temporality = { aggregation_temporality: enumNumber(2) };
const metric = withOneMember(
  { name: text, description: text, unit: text, metadata: attributes },
  {
    gauge: record(points(numberPoint)),
    sum: record({ ...points(numberPoint), ...temporality, is_monotonic: fc.boolean() }),
    histogram: record({ ...points(histogramPoint), ...temporality }),
    exponential_histogram: record({ ...points(expHistogramPoint), ...temporality }),
    summary: record(points(summaryPoint)),
  },
);

const request = (groups: string, scopeGroups: string, records: string, item: fc.Arbitrary<Message>) =>
  record({
    [groups]: fc.array(
      record({
        resource,
        [scopeGroups]: fc.array(record({ scope, [records]: fc.array(item, { maxLength: 3 }), schema_url: text }), {
          maxLength: 2,
        }),
        schema_url: text,
      }),
      { maxLength: 3 },
    ),
  });

export const arbitraryRequests: Record<Signal, fc.Arbitrary<Message>> = {
  logs: request('resource_logs', 'scope_logs', 'log_records', logRecord),
  traces: request('resource_spans', 'scope_spans', 'spans', span),
  metrics: request('resource_metrics', 'scope_metrics', 'metrics', metric),
};

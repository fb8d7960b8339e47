// The mapping rules and the refusals, each in one small request.

import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.js';
import { SignalRows } from '../../../src/buffer/signal-rows.js';
import { decodeProtobuf, ProtobufDecoder } from '../../../src/decode/protobuf/decode-protobuf.js';
import { MAX_VALUE_DEPTH } from '../../../src/decode/rows/limits.js';
import type { Signal } from '../../../src/schema/column-declaration.js';
import { encodeProtobuf } from '../../oracle/encode-protobuf.js';
import type { Message } from '../../oracle/message.js';
import { readRows } from '../../oracle/read-rows.js';
import type { OracleRow, OracleTables } from '../../oracle/rows.js';

function decode(signal: Signal, body: Uint8Array): OracleTables {
  const rows = new SignalRows(signal);
  decodeProtobuf(signal, body, rows);
  return readRows(rows);
}

/** The failure's text, without the part that is the same in all. */
function refusal(signal: Signal, body: Uint8Array): string {
  try {
    decode(signal, body);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).kind).toBe('malformed');
    expect((error as Failure).message).toMatch(/^cannot decode /);
    return (error as Failure).message.slice('cannot decode '.length);
  }
  return 'accepted';
}

// Fields of the wire format by hand.

const concat = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...bytes, Number(rest));
}

const tag = (number: number, wireType: number): Uint8Array => varint((number << 3) | wireType);
const varintField = (number: number, value: number | bigint) => concat([tag(number, 0), varint(value)]);
const fixed32Field = (number: number) => concat([tag(number, 5), new Uint8Array(4)]);
function fixed64Field(number: number, value: bigint): Uint8Array {
  return concat([tag(number, 1), new Uint8Array(BigUint64Array.of(value).buffer)]);
}
function lengthField(number: number, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const content = concat(parts.map((part) => Buffer.from(part as string)));
  return concat([tag(number, 2), varint(content.length), content]);
}

/** A request with one record (log record, span or metric) in one scope of one resource. */
const requestOf = (...record: Uint8Array[]): Uint8Array => lengthField(1, lengthField(2, lengthField(2, ...record)));
const logOf = (...fields: Uint8Array[]): OracleRow => decode('logs', requestOf(...fields))['otlp_logs']![0]!;
const spanOf = (...fields: Uint8Array[]): OracleRow => decode('traces', requestOf(...fields))['otlp_traces']![0]!;

// Requests by field names.

const log = (record: Message, resource: Message = {}, scope: Message = {}): OracleRow =>
  decode(
    'logs',
    encodeProtobuf('logs', { resource_logs: [{ resource, scope_logs: [{ scope, log_records: [record] }] }] }),
  )['otlp_logs']![0]!;
const span = (record: Message): OracleRow =>
  decode('traces', encodeProtobuf('traces', { resource_spans: [{ scope_spans: [{ spans: [record] }] }] }))[
    'otlp_traces'
  ]![0]!;
const points = (metric: Message): OracleTables =>
  decode('metrics', encodeProtobuf('metrics', { resource_metrics: [{ scope_metrics: [{ metrics: [metric] }] }] }));

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const list = (...values: Message[]): Message => ({ kvlist_value: { values } });
const array = (...values: Message[]): Message => ({ array_value: { values } });

describe('attributes', () => {
  test.each<[string, Message[], string | null]>([
    ['none', [], null],
    [
      'keys in byte order',
      ['b', 'a', 'aa', 'é', 'Z'].map((key) => ({ key, value: { bool_value: true } })),
      '{"Z":true,"a":true,"aa":true,"b":true,"é":true}',
    ],
    ['last duplicate', [1n, 2n, 3n].map((int_value) => ({ key: 'k', value: { int_value } })), '{"k":3}'],
    ['last duplicate left out', [{ key: 'k', value: { int_value: 1n } }, { key: 'k' }], null],
    ['no AnyValue', [{ key: 'a' }, { key: 'b', value: {} }], '{"b":null}'],
    ['no key', [{ value: { int_value: 1n } }], '{"":1}'],
    [
      'NaN and infinities',
      [NaN, Infinity, -Infinity].map((double_value, i) => ({ key: `${i}`, value: { double_value } })),
      null,
    ],
    ['NaN in an array', [{ key: 'k', value: array({ double_value: NaN }, {}) }], '{"k":[null,null]}'],
    ['NaN in a list', [{ key: 'k', value: list({ key: 'n', value: { double_value: NaN } }) }], '{"k":{}}'],
    [
      'bytes',
      [
        { key: 'k', value: { bytes_value: bytes(1, 2, 255) } },
        { key: 'z', value: { bytes_value: bytes() } },
      ],
      '{"k":"AQL/","z":""}',
    ],
    [
      'nothing inside',
      [
        { key: 'a', value: array() },
        { key: 'l', value: list() },
        { key: 's', value: { string_value: '' } },
      ],
      '{"a":[],"l":{},"s":""}',
    ],
    [
      'a list as long as the one around it',
      [
        { key: 'b', value: { int_value: 1n } },
        {
          key: 'a',
          value: list({ key: '2' }, { key: '1', value: list({ key: 'y', value: {} }, { key: 'x', value: {} }) }),
        },
      ],
      '{"a":{"1":{"x":null,"y":null}},"b":1}',
    ],
    [
      'escapes',
      [{ key: '"\\', value: { string_value: '\0\b\t\n\f\r\u001f/\u007f\u2028😀' } }],
      `${String.raw`{"\"\\":"\u0000\b\t\n\f\r\u001f/`}\u007f\u2028😀"}`,
    ],
  ])('%s', (_, attributes, expected) => {
    expect(log({ attributes })['log_attributes']).toBe(expected);
    expect(log({}, { attributes })['resource_attributes']).toBe(expected);
    expect(log({}, {}, { attributes })['scope_attributes']).toBe(expected);
    expect(span({ attributes })['span_attributes']).toBe(expected);
    expect(span({ events: [{ attributes }] })['events_json']).toContain(`{"attributes":${expected ?? '{}'},`);
  });

  test.each([
    [0n, '0'],
    [-1n, '-1'],
    [2n ** 31n, '2147483648'],
    [2n ** 53n + 1n, '9007199254740993'],
    [-(2n ** 53n) - 1n, '-9007199254740993'],
    [1_000_000_000_000_000_000n, '1000000000000000000'],
    [2n ** 63n - 1n, '9223372036854775807'],
    [-(2n ** 63n), '-9223372036854775808'],
  ])('int64 %s', (int_value, expected) => {
    expect(log({ attributes: [{ key: 'k', value: { int_value } }] })['log_attributes']).toBe(`{"k":${expected}}`);
  });

  test.each([
    [0, '0'],
    [-0, '-0.0'],
    [1, '1'],
    [-1, '-1'],
    [0.1, '0.1'],
    [1e15, '1000000000000000'],
    [1e21, '1e+21'],
    [123456789012345680000, '123456789012345680000'],
    [5e-324, '5e-324'],
    [-1.7976931348623157e308, '-1.7976931348623157e+308'],
  ])('double %s', (double_value, expected) => {
    expect(log({ attributes: [{ key: 'k', value: { double_value } }] })['log_attributes']).toBe(`{"k":${expected}}`);
    expect(log({ body: { double_value } })['body']).toBe(expected);
  });

  test('may be many, in any order', () => {
    const keys = Array.from({ length: 500 }, (_, i) => `k${(i * 7919) % 500}`);
    const attributes = keys.map((key) => ({ key, value: { string_value: key } }));
    const json = JSON.parse(log({ attributes })['log_attributes'] as string) as Record<string, string>;
    expect(Object.keys(json)).toEqual([...keys].sort());
    expect(Object.values(json)).toEqual(Object.keys(json));
  });

  test('may be as deep as the limit', () => {
    expect(log({ body: nested(MAX_VALUE_DEPTH) })['body']).toBe(`${'['.repeat(99)}true${']'.repeat(99)}`);
  });
});

/** A value of `depth` values in one another. */
function nested(depth: number): Message {
  let value: Message = { bool_value: true };
  for (let i = 1; i < depth; i++) value = array(value);
  return value;
}

describe('body', () => {
  test.each<[string, Message, string | null]>([
    ['text', { string_value: 'a "b" ü' }, 'a "b" ü'],
    ['empty text', { string_value: '' }, null],
    ['nothing set', {}, null],
    ['bool', { bool_value: false }, 'false'],
    ['int64', { int_value: -5n }, '-5'],
    ['NaN', { double_value: NaN }, 'NaN'],
    ['infinity', { double_value: -Infinity }, '-Infinity'],
    ['bytes', { bytes_value: bytes(0, 0) }, 'AAA='],
    ['no bytes', { bytes_value: bytes() }, null],
    ['array', array({ string_value: 'a' }, { int_value: 1n }), '["a",1]'],
    ['empty array', array(), '[]'],
    ['list', list({ key: 'k', value: { string_value: 'v' } }), '{"k":"v"}'],
    ['empty list', list(), '{}'],
  ])('%s', (_, body, expected) => expect(log({ body })['body']).toBe(expected));

  test('is NULL when absent', () => expect(log({})['body']).toBeNull());
});

describe('service columns', () => {
  const columns = (...attributes: Message[]): unknown[] => {
    const row = log({}, { attributes });
    return [row['service_name'], row['service_namespace'], row['service_instance_id']];
  };
  const attribute = (key: string, value: Message): Message => ({ key, value });

  test('are unknown and NULL without attributes', () => expect(columns()).toEqual(['unknown', null, null]));
  test('are unknown without a resource', () => expect(logOf()['service_name']).toBe('unknown'));
  test('are empty texts never', () =>
    expect(columns(attribute('service.name', { string_value: '' }))).toEqual(['unknown', null, null]));
  test('come from the last attribute of each name', () =>
    expect(
      columns(
        attribute('service.name', { string_value: 'first' }),
        attribute('service.name', { string_value: 'last' }),
        attribute('service.namespace', { string_value: 'shop' }),
        attribute('service.instance.id', { int_value: 7n }),
      ),
    ).toEqual(['last', 'shop', '7']));
  test('are unknown when the last attribute has no value', () =>
    expect(columns(attribute('service.name', { string_value: 'first' }), { key: 'service.name' })[0]).toBe('unknown'));
});

describe('records', () => {
  test('of a log have their columns', () => {
    expect(
      log(
        {
          time_unix_nano: 1_700_000_000_123_456_789n,
          observed_time_unix_nano: 2n ** 63n - 1n,
          severity_number: 9,
          severity_text: 'INFO',
          event_name: 'e',
          dropped_attributes_count: 2 ** 32 - 1,
          flags: 2 ** 31,
          trace_id: bytes(...Array(15).fill(0), 0xab),
          span_id: bytes(0xff, ...Array(7).fill(0)),
        },
        {},
        { name: 'n', version: 'v' },
      ),
    ).toEqual({
      time_unix_nano: '1700000000123456789',
      observed_time_unix_nano: '9223372036854775807',
      trace_id: '000000000000000000000000000000ab',
      span_id: 'ff00000000000000',
      service_name: 'unknown',
      service_namespace: null,
      service_instance_id: null,
      severity_number: 9,
      severity_text: 'INFO',
      event_name: 'e',
      body: null,
      resource_attributes: null,
      scope_name: 'n',
      scope_version: 'v',
      scope_attributes: null,
      log_attributes: null,
      dropped_attributes_count: -1,
      flags: -(2 ** 31),
    });
  });

  test('that are empty hold what is absent', () => {
    expect(log({ trace_id: new Uint8Array(16), span_id: new Uint8Array(8), severity_number: 0 })).toMatchObject({
      time_unix_nano: null,
      observed_time_unix_nano: null,
      trace_id: null,
      span_id: null,
      severity_number: null,
      severity_text: null,
      event_name: null,
      dropped_attributes_count: 0,
      flags: 0,
    });
    expect(span({})).toMatchObject({
      start_time_unix_nano: '0',
      duration_time_unix_nano: '0',
      name: '',
      kind: null,
      status_code: null,
      status_status_message: null,
      trace_state: null,
      parent_span_id: null,
      events_json: null,
      links_json: null,
      dropped_events_count: 0,
    });
  });

  test.each([
    [1n, 3n, '2'],
    [3n, 1n, '0'],
    [2n ** 32n - 1n, 2n ** 32n, '1'],
    [2n ** 33n, 2n ** 33n - 1n, '0'],
    [0n, 2n ** 63n - 1n, '9223372036854775807'],
  ])('of a span from %s to %s last %s ns', (start_time_unix_nano, end_time_unix_nano, duration) => {
    expect(span({ start_time_unix_nano, end_time_unix_nano })['duration_time_unix_nano']).toBe(duration);
  });

  test('of a span list events and links', () => {
    expect(
      span({
        events: [
          {},
          {
            time_unix_nano: 1_763_600_000_009_770_921n,
            name: '"',
            dropped_attributes_count: 2 ** 32 - 1,
            attributes: [{ key: 'n', value: { double_value: NaN } }],
          },
        ],
        links: [
          { trace_id: bytes(...Array(16).fill(1)), span_id: new Uint8Array(8), flags: 2 ** 32 - 1, trace_state: 'a=1' },
        ],
        status: { code: 2, message: 'm' },
      }),
    ).toMatchObject({
      events_json:
        '[{"attributes":{},"dropped_attributes_count":0,"name":"","time_unix_nano":0},' +
        String.raw`{"attributes":{},"dropped_attributes_count":4294967295,"name":"\"","time_unix_nano":1763600000009770921}]`,
      links_json:
        '[{"attributes":{},"dropped_attributes_count":0,"flags":4294967295,"span_id":"",' +
        '"trace_id":"01010101010101010101010101010101","trace_state":"a=1"}]',
      status_code: 2,
      status_status_message: 'm',
    });
  });
});

describe('data points', () => {
  test('of gauges hold an integer, a double or neither', () => {
    const data_points = [{ as_int: -(2n ** 63n) }, { as_double: NaN }, { as_double: 0 }, { flags: 1 }];
    const rows = points({ name: 'm', description: '', unit: 'By', gauge: { data_points } })['otlp_metrics_gauge']!;
    expect(rows.map((row) => [row['int_value'], row['double_value'], row['flags']])).toEqual([
      ['-9223372036854775808', null, 0],
      [null, NaN, 0],
      [null, 0, 0],
      [null, null, 1],
    ]);
    expect(rows[3]).toMatchObject({
      name: 'm',
      description: null,
      unit: 'By',
      time_unix_nano: null,
      exemplars_json: null,
    });
  });

  test('of sums share temporality and monotonicity', () => {
    const data_points = [
      { as_int: 1n, time_unix_nano: 5n },
      { as_int: 2n, start_time_unix_nano: 4n },
    ];
    const rows = points({ sum: { data_points, aggregation_temporality: 2, is_monotonic: true } })['otlp_metrics_sum']!;
    expect(rows.map((row) => [row['aggregation_temporality'], row['is_monotonic'], row['name']])).toEqual([
      [2, true, ''],
      [2, true, ''],
    ]);
    expect(rows[0]).toMatchObject({ time_unix_nano: '5', start_time_unix_nano: null });
  });

  test('of histograms', () => {
    const data_points = [
      { count: 3n, sum: 0, bucket_counts: [1n, 2n ** 63n - 1n], explicit_bounds: [-0.5], min: -1, max: Infinity },
      {},
    ];
    const rows = points({ histogram: { data_points, aggregation_temporality: 1 } })['otlp_metrics_histogram']!;
    expect(rows).toMatchObject([
      {
        count: '3',
        sum: 0,
        min: -1,
        max: Infinity,
        bucket_counts: ['1', '9223372036854775807'],
        explicit_bounds: [-0.5],
      },
      {
        count: '0',
        sum: null,
        min: null,
        max: null,
        bucket_counts: [],
        explicit_bounds: [],
        aggregation_temporality: 1,
      },
    ]);
  });

  test('of exponential histograms', () => {
    const data_points = [
      {
        scale: -3,
        zero_count: 1n,
        zero_threshold: 0.25,
        positive: { offset: -7, bucket_counts: [300n, 0n] },
        negative: { offset: 4 },
      },
      {},
    ];
    const rows = points({ exponential_histogram: { data_points } })['otlp_metrics_exp_histogram']!;
    expect(rows).toMatchObject([
      {
        scale: -3,
        zero_count: '1',
        zero_threshold: 0.25,
        positive_offset: -7,
        positive_bucket_counts: ['300', '0'],
        negative_offset: 4,
        negative_bucket_counts: [],
      },
      {
        scale: 0,
        zero_count: '0',
        positive_offset: 0,
        positive_bucket_counts: [],
        negative_offset: 0,
        negative_bucket_counts: [],
      },
    ]);
  });

  test('of summaries', () => {
    const data_points = [{ count: 2n, sum: 3, quantile_values: [{ quantile: 0.5, value: NaN }, {}] }, {}];
    expect(points({ summary: { data_points } })['otlp_metrics_summary']).toMatchObject([
      { count: '2', sum: 3, quantiles: [0.5, 0], quantile_values: [NaN, 0] },
      { count: '0', sum: 0, quantiles: [], quantile_values: [] },
    ]);
  });

  test.each<[string, Message, string]>([
    ['integer', { as_int: -3n, time_unix_nano: 9n }, '"time_unix_nano":9,"trace_id":"","value":-3}'],
    [
      'double',
      { as_double: 1.5, trace_id: bytes(...Array(16).fill(0xfe)) },
      `"trace_id":"${'fe'.repeat(16)}","value":1.5}`,
    ],
    ['NaN', { as_double: NaN }, '"value":null}'],
    [
      'no value',
      { span_id: bytes(...Array(8).fill(1)) },
      '{"filtered_attributes":{},"span_id":"0101010101010101","time_unix_nano":0,"trace_id":"","value":null}',
    ],
  ])('list exemplars: %s', (_, exemplar, expected) => {
    const data = { data_points: [{ exemplars: [exemplar] }] };
    for (const metric of [{ gauge: data }, { sum: data }, { histogram: data }, { exponential_histogram: data }]) {
      const [row] = Object.values(points(metric)).flat();
      expect(row!['exemplars_json']).toContain(expected);
    }
  });
});

describe('the wire format', () => {
  const attribute = (key: string, value: string): Uint8Array =>
    lengthField(6, lengthField(1, key), lengthField(2, lengthField(1, value)));

  test('of nothing is a request without rows', () => expect(decode('logs', bytes())).toEqual({ otlp_logs: [] }));

  test('may name resource and scope after the rows, and replace them', () => {
    const resource = (name: string) =>
      lengthField(1, lengthField(1, lengthField(1, 'service.name'), lengthField(2, lengthField(1, name))));
    const scope = (name: string) => lengthField(1, lengthField(1, name));
    const body = lengthField(1, resource('a'), lengthField(2, scope('x'), lengthField(2), scope('y')), resource('b'));
    expect(decode('logs', body)['otlp_logs']).toMatchObject([{ service_name: 'b', scope_name: 'y' }]);
  });

  test('may scatter attributes among other fields', () => {
    expect(logOf(attribute('b', '1'), lengthField(3, 'WARN'), attribute('a', '2'))).toMatchObject({
      log_attributes: '{"a":"2","b":"1"}',
      severity_text: 'WARN',
    });
  });

  test('may give a value before its key', () => {
    const body = requestOf(lengthField(6, lengthField(2, lengthField(1, 'v')), lengthField(1, 'k')));
    expect(decode('logs', body)['otlp_logs']![0]!['log_attributes']).toBe('{"k":"v"}');
  });

  test.each([
    ['text', lengthField(3, 'a'), lengthField(3, 'b'), { severity_text: 'b' }],
    ['text by none', lengthField(3, 'a'), lengthField(3), { severity_text: null }],
    ['number by zero', varintField(2, 9), varintField(2, 0), { severity_number: null }],
    ['time by zero', fixed64Field(1, 5n), fixed64Field(1, 0n), { time_unix_nano: null }],
    ['message', lengthField(5, lengthField(1, 'a')), lengthField(5), { body: null }],
    ['member of a oneof', lengthField(5, lengthField(5), varintField(3, 4)), bytes(), { body: '4' }],
    ['odd id', lengthField(9, 'abc'), lengthField(9), { trace_id: null }],
  ])('lets the last of several fields stand: %s', (_, first, last, expected) => {
    expect(logOf(first, last)).toMatchObject(expected);
  });

  test('lets the last kind of a metric stand', () => {
    const gauge = lengthField(5, lengthField(1), lengthField(1));
    const sum = lengthField(7, varintField(2, 1), lengthField(1), varintField(3, 1));
    const tables = decode('metrics', requestOf(gauge, sum, lengthField(1, 'late')));
    expect(tables['otlp_metrics_gauge']).toEqual([]);
    expect(tables['otlp_metrics_sum']).toMatchObject([
      { name: 'late', aggregation_temporality: 1, is_monotonic: true },
    ]);
  });

  // The first of them was once lost.
  test('merges messages of the kind that a metric has', () => {
    const point = (value: bigint) => lengthField(1, fixed64Field(6, value));
    const sum = (...parts: Uint8Array[]) => lengthField(7, ...parts);
    const merged = requestOf(sum(varintField(2, 2), point(1n)), sum(point(2n), varintField(3, 1)));
    expect(decode('metrics', merged)['otlp_metrics_sum']).toMatchObject([
      { int_value: '1', aggregation_temporality: 2, is_monotonic: true },
      { int_value: '2', aggregation_temporality: 2, is_monotonic: true },
    ]);
    const between = requestOf(sum(point(1n)), lengthField(5, point(2n)), sum(point(3n)));
    expect(decode('metrics', between)).toMatchObject({
      otlp_metrics_gauge: [],
      otlp_metrics_sum: [{ int_value: '3' }],
    });
  });

  test('may pack repeated numbers or not', () => {
    const counts = [
      fixed64Field(6, 1n),
      lengthField(6, fixed64Field(6, 2n).subarray(1), fixed64Field(6, 3n).subarray(1)),
      lengthField(6),
    ];
    const [row] = decode('metrics', requestOf(lengthField(9, lengthField(1, ...counts))))['otlp_metrics_histogram']!;
    expect(row!['bucket_counts']).toEqual(['1', '2', '3']);
    const buckets = [varintField(2, 2n ** 63n - 1n), lengthField(2, varint(2), varint(300))];
    const [exp] = decode('metrics', requestOf(lengthField(10, lengthField(1, lengthField(8, ...buckets)))))[
      'otlp_metrics_exp_histogram'
    ]!;
    expect(exp!['positive_bucket_counts']).toEqual(['9223372036854775807', '2', '300']);
  });

  test('may hold fields that nobody knows', () => {
    const group = concat([tag(300, 3), varintField(1, 1), tag(301, 3), tag(301, 4), lengthField(2, 'x'), tag(300, 4)]);
    const unknown = [
      varintField(100, 2n ** 64n - 1n),
      fixed64Field(101, 0n),
      lengthField(102, bytes(0xff)),
      group,
      fixed32Field(103),
    ];
    expect(logOf(...unknown, lengthField(3, 'INFO'), ...unknown)).toMatchObject({ severity_text: 'INFO' });
    expect(decode('logs', concat(unknown))).toEqual({ otlp_logs: [] });
  });

  test('may write tags, lengths and numbers longer than needed', () => {
    const body = requestOf(
      bytes(0x9a, 0x80, 0x00, 0x81, 0x00, 0x61),
      bytes(0x10, 0x89, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
    );
    expect(decode('logs', body)['otlp_logs']).toMatchObject([{ severity_text: 'a', severity_number: 9 }]);
  });

  test('keeps the low 32 bits of enums', () => expect(spanOf(varintField(6, -1))).toMatchObject({ kind: -1 }));
});

describe('refused', () => {
  const value = (...parts: Uint8Array[]): Uint8Array => requestOf(lengthField(5, ...parts));
  const deep = encodeProtobuf('logs', {
    resource_logs: [{ scope_logs: [{ log_records: [{ body: nested(MAX_VALUE_DEPTH + 1) }] }] }],
  });
  const groups = (depth: number): Uint8Array =>
    concat([...Array(depth).fill(tag(99, 3)), ...Array(depth).fill(tag(99, 4))]);

  test.each<[string, Signal, Uint8Array, string]>([
    [
      'endless varint',
      'logs',
      requestOf(concat([tag(2, 0), new Uint8Array(11).fill(0x80)])),
      'LogRecord at byte 7: varint longer than 10 bytes',
    ],
    ['varint cut off', 'logs', bytes(0x80), 'ExportLogsServiceRequest at byte 1: the body ends inside a varint'],
    [
      'wide tag',
      'logs',
      bytes(0xff, 0xff, 0xff, 0xff, 0x1f),
      'ExportLogsServiceRequest at byte 0: tag wider than 32 bits',
    ],
    [
      'length of 2^32 - 1',
      'logs',
      bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f),
      'ExportLogsServiceRequest at byte 1: 4294967295 bytes announced, 0 left',
    ],
    [
      'length of 2^35 - 1',
      'logs',
      bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f),
      'ExportLogsServiceRequest at byte 1: length wider than 32 bits',
    ],
    [
      'length beyond the message around',
      'logs',
      lengthField(1, lengthField(2, bytes(0x12, 0x05))),
      'ScopeLogs at byte 5: 5 bytes announced, 0 left',
    ],
    [
      'number beyond the message around',
      'logs',
      concat([requestOf(bytes(0x09, 1, 2)), new Uint8Array(8)]),
      'ExportLogsServiceRequest at byte 9: a field runs past the end of its message',
    ],
    ['number beyond the body', 'logs', requestOf(bytes(0x09, 1, 2)), 'LogRecord at byte 7: 8 bytes expected, 2 left'],
    ['field number 0', 'logs', bytes(0x00, 0x00), 'ExportLogsServiceRequest at byte 0: field number 0'],
    [
      'wire type 6',
      'logs',
      bytes(0x0e),
      'ExportLogsServiceRequest at byte 0: ExportLogsServiceRequest.resource_logs has wire type 6',
    ],
    ['wire type 7 of an unknown field', 'logs', bytes(0x7f), 'ExportLogsServiceRequest at byte 0: wire type 7'],
    [
      'end of a group that never began',
      'logs',
      bytes(0x7c),
      'ExportLogsServiceRequest at byte 0: end of a group that never began',
    ],
    [
      'group without an end',
      'logs',
      bytes(0x7b, 0x08, 0x01),
      'ExportLogsServiceRequest at byte 3: a group without an end',
    ],
    ['groups too deep', 'logs', groups(1000), 'groups nested deeper than 100'],
    ['body as a number', 'logs', requestOf(varintField(5, 1)), 'LogRecord.body has wire type 0'],
    ['name as a number', 'traces', requestOf(fixed64Field(5, 1n)), 'Span.name has wire type 1'],
    ['value of another type', 'logs', value(varintField(1, 1)), 'AnyValue.string_value has wire type 0'],
    ['values too deep', 'logs', deep, 'values nested deeper than 100'],
    [
      'trace id of 15 bytes',
      'logs',
      requestOf(lengthField(9, new Uint8Array(15))),
      'LogRecord at byte 8: 15 bytes instead of 16 in LogRecord.trace_id',
    ],
    [
      'span id of 16 bytes',
      'traces',
      requestOf(lengthField(2, new Uint8Array(16))),
      '16 bytes instead of 8 in Span.span_id',
    ],
    [
      'parent id of 1 byte',
      'traces',
      requestOf(lengthField(4, bytes(0))),
      '1 bytes instead of 8 in Span.parent_span_id',
    ],
    [
      'link id of 9 bytes',
      'traces',
      requestOf(lengthField(13, lengthField(2, new Uint8Array(9)))),
      '9 bytes instead of 8 in Link.span_id',
    ],
    [
      'time above int64',
      'logs',
      requestOf(fixed64Field(1, 2n ** 63n)),
      'a number above the largest int64 in LogRecord.time_unix_nano',
    ],
    [
      'end above int64',
      'traces',
      requestOf(fixed64Field(8, 2n ** 64n - 1n)),
      'a number above the largest int64 in Span.end_time_unix_nano',
    ],
    [
      'event time above int64',
      'traces',
      requestOf(lengthField(11, fixed64Field(1, 2n ** 63n))),
      'int64 in Event.time_unix_nano',
    ],
    [
      'count above int64',
      'metrics',
      requestOf(lengthField(9, lengthField(1, fixed64Field(4, 2n ** 63n)))),
      'int64 in HistogramDataPoint.count',
    ],
    [
      'bucket count above int64',
      'metrics',
      requestOf(lengthField(10, lengthField(1, lengthField(8, varintField(2, 2n ** 63n))))),
      'int64 in Buckets.bucket_counts',
    ],
    [
      'packed numbers cut off',
      'metrics',
      requestOf(lengthField(9, lengthField(1, lengthField(7, new Uint8Array(9)), new Uint8Array(8)))),
      'a field runs past the end of its message',
    ],
    [
      'replaced resource that is no message',
      'logs',
      lengthField(1, lengthField(1, bytes(0xff)), lengthField(1)),
      'Resource',
    ],
    [
      'replaced value that is no message',
      'logs',
      requestOf(lengthField(5, bytes(0x0a, 0x05)), lengthField(5)),
      '5 bytes announced, 0 left',
    ],
    [
      'replaced array that is no message',
      'logs',
      value(lengthField(5, bytes(0x0a)), varintField(3, 1)),
      '24 bytes announced',
    ],
  ])('%s', (_, signal, body, text) => expect(refusal(signal, body)).toContain(text));

  const half = bytes(0xc3);
  const continuation = bytes(0xa9);
  test.each<[string, Signal, Uint8Array, string]>([
    ['body', 'logs', value(lengthField(1, half)), 'invalid UTF-8 in LogRecord.body'],
    [
      'body that begins inside a character',
      'logs',
      value(lengthField(1, continuation)),
      'invalid UTF-8 in LogRecord.body',
    ],
    [
      'character cut in two by fields',
      'logs',
      requestOf(lengthField(3, half), lengthField(12, continuation)),
      'invalid UTF-8 in LogRecord.event_name',
    ],
    [
      'surrogate',
      'logs',
      requestOf(lengthField(3, bytes(0xed, 0xa0, 0x80))),
      'invalid UTF-8 in LogRecord.severity_text',
    ],
    ['overlong', 'traces', requestOf(lengthField(5, bytes(0xc0, 0x80))), 'invalid UTF-8 in Span.name'],
    [
      'key',
      'logs',
      requestOf(lengthField(6, lengthField(1, half), lengthField(2))),
      'invalid UTF-8 in LogRecord.attributes',
    ],
    [
      'key that is left out',
      'logs',
      requestOf(lengthField(6, lengthField(1, half))),
      'invalid UTF-8 in LogRecord.attributes',
    ],
    [
      'value that is replaced',
      'logs',
      requestOf(lengthField(6, lengthField(2, lengthField(1, half))), lengthField(6)),
      'invalid UTF-8 in LogRecord.attributes',
    ],
    [
      'resource',
      'logs',
      lengthField(1, lengthField(1, lengthField(1, lengthField(2, lengthField(1, half))))),
      'invalid UTF-8 in Resource.attributes',
    ],
    [
      'scope',
      'logs',
      lengthField(1, lengthField(2, lengthField(1, lengthField(1, half)))),
      'invalid UTF-8 in InstrumentationScope.name',
    ],
    ['status', 'traces', requestOf(lengthField(15, lengthField(2, half))), 'invalid UTF-8 in Status.message'],
    ['event', 'traces', requestOf(lengthField(11, lengthField(2, half))), 'invalid UTF-8 in Event.name'],
    [
      'after a group',
      'traces',
      requestOf(tag(99, 3), lengthField(5, half), tag(99, 4), lengthField(5, half)),
      'Span at byte 15: invalid UTF-8 in Span.name',
    ],
    [
      'unit',
      'metrics',
      requestOf(lengthField(3, continuation), lengthField(5, lengthField(1))),
      'invalid UTF-8 in Metric.unit',
    ],
  ])('invalid UTF-8: %s', (_, signal, body, text) => expect(refusal(signal, body)).toContain(text));

  // It once was taken: no column has it.
  test.each([
    ['ResourceLogs', 'logs', lengthField(1, lengthField(3, half))],
    ['ScopeLogs', 'logs', lengthField(1, lengthField(2, lengthField(3, half)))],
    ['ResourceSpans', 'traces', lengthField(1, lengthField(3, half))],
    ['ScopeSpans', 'traces', lengthField(1, lengthField(2, lengthField(3, half)))],
    ['ResourceMetrics', 'metrics', lengthField(1, lengthField(3, half))],
    ['ScopeMetrics', 'metrics', lengthField(1, lengthField(2, lengthField(3, half)))],
    ['EntityRef', 'logs', lengthField(1, lengthField(1, lengthField(3, lengthField(1, half))))],
  ] as const)('invalid UTF-8: schema_url of %s', (message, signal, body) =>
    expect(refusal(signal, body)).toContain(`invalid UTF-8 in ${message}.schema_url`),
  );

  test('texts that no column keeps may be anything', () => {
    expect(logOf(lengthField(3, half), lengthField(3, 'INFO'))).toMatchObject({ severity_text: 'INFO' });
  });
});

test('a decoder goes on after a body that it refused', () => {
  const rows = new SignalRows('logs');
  const decoder = new ProtobufDecoder(rows);
  const broken = requestOf(
    lengthField(6, lengthField(1, 'left behind'), lengthField(2, varintField(3, 1))),
    bytes(0x80),
  );
  expect(() => decoder.decode(broken)).toThrow(Failure);
  for (let i = 0; i < 2; i++) {
    rows.reset({ heapBytes: 0, rows: 0 });
    decoder.decode(requestOf(lengthField(3, 'INFO')));
    expect(readRows(rows)['otlp_logs']).toMatchObject([{ severity_text: 'INFO', log_attributes: null }]);
  }
});

test('rows of another signal are a bug', () => {
  expect(() => decodeProtobuf('logs', bytes(), new SignalRows('traces'))).toThrow(
    'BUG: logs decoded into rows of traces',
  );
});

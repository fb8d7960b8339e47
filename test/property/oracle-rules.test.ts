// The rules by example, so that the oracle is held against more than itself. Each case is what one clause of the
// mapping rules says about the smallest request that shows it.

import { describe, expect, test } from 'vitest';
import { decode } from '../oracle/decode.js';
import type { OracleRow } from '../oracle/rows.js';

function logRow(record: string): OracleRow {
  const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`;
  return decode('logs', 'application/json', Buffer.from(body))['otlp_logs']![0]!;
}

function resourceRow(attributes: string): OracleRow {
  const body = `{"resourceLogs":[{"resource":{"attributes":[${attributes}]},"scopeLogs":[{"logRecords":[{}]}]}]}`;
  return decode('logs', 'application/json', Buffer.from(body))['otlp_logs']![0]!;
}

function spanRow(span: string): OracleRow {
  const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`;
  return decode('traces', 'application/json', Buffer.from(body))['otlp_traces']![0]!;
}

function gaugeRow(point: string): OracleRow {
  const body = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[${point}]}}]}]}]}`;
  return decode('metrics', 'application/json', Buffer.from(body))['otlp_metrics_gauge']![0]!;
}

const nested = (levels: number): string =>
  `${'{"arrayValue":{"values":['.repeat(levels - 1)}{"intValue":1}${']}}'.repeat(levels - 1)}`;
const keyed = (key: string, value: string): string => `{"key":"${key}","value":${value}}`;

describe('attributes', () => {
  test.each([
    [`${keyed('b', '{"stringValue":"x"}')},${keyed('a', '{"intValue":"1"}')}`, '{"a":1,"b":"x"}'],
    [`${keyed('é', '{"boolValue":true}')},${keyed('z', '{"boolValue":false}')}`, '{"z":false,"é":true}'],
    // U+FFEE sorts before U+1F600 in UTF-8 and after it in UTF-16.
    [`${keyed('\\ud83d\\ude00', '{"intValue":2}')},${keyed('\\uffee', '{"intValue":1}')}`, '{"\uffee":1,"😀":2}'],
    [`${keyed('a', '{"intValue":1}')},${keyed('a', '{"intValue":2}')}`, '{"a":2}'],
    [`${keyed('a', '{"intValue":1}')},${keyed('a', '{"doubleValue":"NaN"}')}`, null],
    [`${keyed('a', '{"intValue":1}')},{"key":"a"}`, null],
    [keyed('a', '{}'), '{"a":null}'],
    ['{"value":{"intValue":1}}', '{"":1}'],
    [keyed('a', '{"intValue":"9223372036854775807"}'), '{"a":9223372036854775807}'],
    [keyed('a', '{"intValue":-9223372036854775808}'), '{"a":-9223372036854775808}'],
    [keyed('a', '{"doubleValue":1}'), '{"a":1}'],
    [keyed('a', '{"doubleValue":-0.0}'), '{"a":-0.0}'],
    [keyed('a', '{"doubleValue":1e21}'), '{"a":1e+21}'],
    [keyed('a', '{"doubleValue":"Infinity"}'), null],
    [keyed('a', '{"arrayValue":{"values":[{"doubleValue":"-Infinity"},{},{"intValue":1}]}}'), '{"a":[null,null,1]}'],
    [keyed('a', '{"arrayValue":{}}'), '{"a":[]}'],
    [keyed('a', `{"kvlistValue":{"values":[${keyed('c', '{"doubleValue":"NaN"}')}]}}`), '{"a":{}}'],
    [keyed('a', '{"bytesValue":"-_8"}'), '{"a":"+/8="}'],
    [keyed('a\\"\\n\\u0001', '{"stringValue":"\\u007f\\/\\t"}'), '{"a\\"\\n\\u0001":"\u007f/\\t"}'],
    [keyed('a', nested(100)), `{"a":${'['.repeat(99)}1${']'.repeat(99)}}`],
    ['', null],
  ])('%s', (attributes, expected) => {
    expect(logRow(`{"attributes":[${attributes}]}`)['log_attributes']).toBe(expected);
  });
});

describe('body', () => {
  test.each([
    ['{"stringValue":"a b"}', 'a b'],
    ['{"stringValue":""}', null],
    ['{}', null],
    ['null', null],
    ['{"intValue":"-5"}', '-5'],
    ['{"boolValue":false}', 'false'],
    ['{"doubleValue":"NaN"}', 'NaN'],
    ['{"doubleValue":"-Infinity"}', '-Infinity'],
    ['{"doubleValue":-0.0}', '-0.0'],
    ['{"bytesValue":"AAE="}', 'AAE='],
    ['{"bytesValue":""}', null],
    ['{"arrayValue":{}}', '[]'],
    ['{"kvlistValue":{}}', '{}'],
    ['{"arrayValue":{"values":[{"stringValue":"a"}]}}', '["a"]'],
    ['{"stringValue":"a","intValue":1}', '1'],
    ['{"stringValue":"a","intValue":null}', 'a'],
  ])('%s', (body, expected) => expect(logRow(`{"body":${body}}`)['body']).toBe(expected));
});

describe('service', () => {
  test.each([
    ['', 'unknown'],
    [keyed('service.name', '{"stringValue":""}'), 'unknown'],
    [keyed('service.name', '{"stringValue":"a"}'), 'a'],
    [keyed('service.name', '{"intValue":7}'), '7'],
    [`${keyed('service.name', '{"stringValue":"a"}')},${keyed('service.name', '{}')}`, 'unknown'],
  ])('%s', (attributes, expected) => expect(resourceRow(attributes)['service_name']).toBe(expected));

  test('namespace and instance are NULL when absent', () => {
    expect(resourceRow('')).toMatchObject({ service_namespace: null, service_instance_id: null });
  });
});

describe('a span', () => {
  test('keeps a start of zero, and has no negative duration', () => {
    expect(spanRow('{"endTimeUnixNano":"5"}')).toMatchObject({
      start_time_unix_nano: '0',
      duration_time_unix_nano: '5',
      name: '',
      kind: null,
      status_code: null,
    });
    expect(spanRow('{"startTimeUnixNano":9,"endTimeUnixNano":5}')['duration_time_unix_nano']).toBe('0');
  });

  test('keeps the bits of wide counts in columns', () => {
    expect(spanRow('{"flags":4294967295,"droppedLinksCount":"2147483648","kind":"SPAN_KIND_SERVER"}')).toMatchObject({
      flags: -1,
      dropped_links_count: -2147483648,
      kind: 2,
    });
  });

  test('has its events and links as JSON', () => {
    expect(spanRow('{"events":[{"timeUnixNano":"9223372036854775807"}],"links":[{"flags":4294967295}]}')).toMatchObject(
      {
        events_json: '[{"attributes":{},"dropped_attributes_count":0,"name":"","time_unix_nano":9223372036854775807}]',
        links_json:
          '[{"attributes":{},"dropped_attributes_count":0,"flags":4294967295,"span_id":"","trace_id":"","trace_state":""}]',
      },
    );
  });
});

describe('a point', () => {
  test.each([
    ['{}', { int_value: null, double_value: null, time_unix_nano: null, flags: 0, exemplars_json: null }],
    ['{"asInt":"-1"}', { int_value: '-1', double_value: null }],
    ['{"asDouble":"NaN"}', { int_value: null, double_value: Number.NaN }],
    ['{"asDouble":1,"as_int":2}', { int_value: '2', double_value: null }],
    [
      '{"exemplars":[{"asDouble":"NaN"},{"asInt":"9007199254740993","spanId":"ABCDEFABCDEFABCD"}]}',
      {
        exemplars_json:
          '[{"filtered_attributes":{},"span_id":"","time_unix_nano":0,"trace_id":"","value":null},' +
          '{"filtered_attributes":{},"span_id":"abcdefabcdefabcd","time_unix_nano":0,"trace_id":"","value":9007199254740993}]',
      },
    ],
  ])('%s', (point, expected) => expect(gaugeRow(point)).toMatchObject(expected));
});

describe('ids and integers', () => {
  test.each([
    ['{"traceId":"00000000000000000000000000000000"}', { trace_id: null }],
    ['{"traceId":""}', { trace_id: null }],
    ['{"span_id":"00000000000000AF"}', { span_id: '00000000000000af' }],
    ['{"severityNumber":1e1}', { severity_number: 10 }],
    ['{"severityNumber":"SEVERITY_NUMBER_INFO"}', { severity_number: 9 }],
    ['{"severityNumber":99}', { severity_number: 99 }],
    ['{"timeUnixNano":1.5e1}', { time_unix_nano: '15' }],
    ['{"timeUnixNano":"1","time_unix_nano":2}', { time_unix_nano: '2' }],
    ['{"whatever":[{"\\ud800":1}],"flags":3}', { flags: 3 }],
  ])('%s', (record, expected) => expect(logRow(record)).toMatchObject(expected));
});

describe('what is refused', () => {
  test.each([
    '{"traceId":"00"}',
    '{"traceId":"0000000000000000000000000000000g"}',
    '{"spanId":"000000000000000"}',
    '{"timeUnixNano":"9223372036854775808"}',
    '{"timeUnixNano":-1}',
    '{"timeUnixNano":1.5}',
    '{"timeUnixNano":""}',
    '{"severityNumber":"LOUD"}',
    '{"severityNumber":2147483648}',
    '{"severityText":5}',
    '{"severityText":"\\ud800"}',
    '{"severityText":"\\ude00\\ud83d"}',
    '{"severityText":"a\tb"}',
    '{"droppedAttributesCount":-1}',
    '{"droppedAttributesCount":4294967296}',
    '{"body":{"intValue":"9223372036854775808"}}',
    '{"body":{"bytesValue":"A"}}',
    '{"body":{"bytesValue":"AA="}}',
    '{"body":{"bytesValue":"A A="}}',
    '{"body":{"boolValue":"true"}}',
    '{"body":{"doubleValue":"one"}}',
    '{"body":"text"}',
    '{"attributes":{}}',
    '{"attributes":[null]}',
    `{"attributes":[${keyed('a', nested(101))}]}`,
    '{"flags":01}',
    '{"flags":1,}',
    '{',
    'null',
  ])('%s', (record) => expect(() => logRow(record)).toThrow(expect.objectContaining({ name: 'OracleRejects' })));

  test('bad UTF-8, in either encoding, in a field that no row has too', () => {
    const invalidName = Buffer.from([0x0a, 0x02, 0xff, 0xff]); // name of a scope
    const wrapped = (tag: number, inner: Buffer): Buffer => Buffer.concat([Buffer.from([tag, inner.length]), inner]);
    const withRecord = wrapped(
      0x0a,
      wrapped(0x12, Buffer.concat([wrapped(0x0a, invalidName), Buffer.from([0x12, 0])])),
    );
    const withoutRecord = wrapped(0x0a, wrapped(0x1a, Buffer.from([0xff]))); // schema_url
    expect(() => decode('logs', 'application/x-protobuf', withRecord)).toThrow('name is not UTF-8');
    expect(() => decode('logs', 'application/x-protobuf', withoutRecord)).toThrow('schema_url is not UTF-8');
    const json = Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"\xff"}]}]}]}', 'latin1');
    expect(() => decode('logs', 'application/json', json)).toThrow('severity_text is not UTF-8');
  });
});

test('zero bytes are an empty request in protobuf and NDJSON, and nothing in JSON', () => {
  const nothing = new Uint8Array(0);
  expect(decode('logs', 'application/x-protobuf', nothing)).toEqual({ otlp_logs: [] });
  expect(decode('logs', 'application/x-ndjson', nothing)).toEqual({ otlp_logs: [] });
  expect(() => decode('logs', 'application/json', nothing)).toThrow();
});

test('one bad line refuses all lines', () => {
  const line = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}';
  expect(decode('logs', 'application/x-ndjson', Buffer.from(`${line}\r\n \n${line}`))['otlp_logs']).toHaveLength(2);
  expect(() => decode('logs', 'application/x-ndjson', Buffer.from(`${line}\n{]`))).toThrow();
});

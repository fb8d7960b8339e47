import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SignalRows } from '../../../src/buffer/signal-rows.js';
import { decodeJson, decodeNdjson } from '../../../src/decode/json/decode-json.js';
import type { Signal } from '../../../src/schema/column-declaration.js';
import { readRows } from '../../oracle/read-rows.js';
import type { OracleRow, OracleTables } from '../../oracle/rows.js';

function tables(signal: Signal, body: string, decode = decodeJson): OracleTables {
  const rows = new SignalRows(signal);
  decode(signal, Buffer.from(body), rows);
  return readRows(rows);
}

function logRows(body: string): OracleRow[] {
  return tables('logs', body)['otlp_logs']!;
}

function logRow(record: string): OracleRow {
  return logRows(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`)[0]!;
}

function spanRow(span: string): OracleRow {
  return tables('traces', `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`)['otlp_traces']![0]!;
}

function metricTables(metric: string): OracleTables {
  return tables('metrics', `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${metric}]}]}]}`);
}

function gaugeRow(point: string): OracleRow {
  return metricTables(`{"gauge":{"dataPoints":[${point}]}}`)['otlp_metrics_gauge']![0]!;
}

describe('documents', () => {
  test.each([
    ['{}', 0],
    [' \t\r\n{ \t\r\n} \t\r\n', 0],
    ['\ufeff{"resourceLogs":[]}', 0],
    ['{"resourceLogs":null}', 0],
    ['{"resource_logs":[{"scope_logs":[{"log_records":[{},{}]}]}]}', 2],
    ['{"\\u0072esource\\u004cogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}', 1],
    ['{"resourcelogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}', 0],
    ['{ "resourceLogs" : [ { "scopeLogs" : [ { "logRecords" : [ { } , { } ] } ] } ] }', 2],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}', 0],
    ['{"\\ud800":"\\udc00","resourceLogs":[]}', 0],
  ])('%j has %i log records', (body, records) => expect(logRows(body)).toHaveLength(records));

  test('in lines are read one by one, blank ones ignored', () => {
    const line = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"x"}]}]}]}';
    const { otlp_logs } = tables('logs', `\ufeff\n${line}\r\n \t\r\n\n{}\n${line}`, decodeNdjson);
    expect(otlp_logs!.map((row) => row['event_name'])).toEqual(['x', 'x']);
  });

  test.each(['', '\n', ' \r\n\t\n'])('in lines may be none: %j', (body) => {
    expect(tables('logs', body, decodeNdjson)).toEqual({ otlp_logs: [] });
  });
});

describe.each(['logs', 'traces', 'metrics'] as const)('%s with white space', (signal) => {
  const document = readFileSync(new URL(`../../data/${signal}.json`, import.meta.url), 'utf8');

  test.each([1, 4, 9, '\t', '\r\n'])('%j between all tokens are the same rows', (indentation) => {
    const indented = JSON.stringify(JSON.parse(document), null, indentation);
    expect(tables(signal, indented)).toEqual(tables(signal, JSON.stringify(JSON.parse(document))));
  });
});

describe('members in any order', () => {
  const resource = '"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}';
  const scope = '"scope":{"name":"s","version":"1"}';
  const records = '"logRecords":[{"body":{"stringValue":"a"}},{"body":{"stringValue":"b"}}]';
  const expected = ['a', 'b'].map((body) => ({ service_name: 'shop', scope_name: 's', scope_version: '1', body }));

  test.each([
    `{"resourceLogs":[{${resource},"scopeLogs":[{${scope},${records}}]}]}`,
    `{"resourceLogs":[{"scopeLogs":[{${records},${scope}}],${resource}}]}`,
    `{"resourceLogs":[{"scopeLogs":[{${records},"scope":{"name":"z","attributes":[{"key":"k","value":{}}]},${scope}}],"resource":{"attributes":[{"key":"service.namespace","value":{"intValue":1}}]},${resource}}]}`,
  ])('of the messages around records: %s', (body) => {
    const rows = logRows(body);
    expect(rows).toEqual(expected.map((row) => expect.objectContaining(row)));
    expect(rows).toEqual(
      expected.map(() => expect.objectContaining({ scope_attributes: null, service_namespace: null })),
    );
  });

  test.each([
    '{"name":"n","unit":"s","sum":{"dataPoints":[{"asInt":1},{"asInt":2}],"aggregationTemporality":2,"isMonotonic":true}}',
    '{"sum":{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[{"asInt":1},{"asInt":2}]},"unit":"s","name":"n"}',
  ])('of a metric: %s', (metric) => {
    const shared = { name: 'n', unit: 's', aggregation_temporality: 2, is_monotonic: true };
    expect(metricTables(metric)['otlp_metrics_sum']).toEqual([
      expect.objectContaining({ ...shared, int_value: '1' }),
      expect.objectContaining({ ...shared, int_value: '2' }),
    ]);
  });

  test.each([
    ['{"value":{"intValue":1},"key":"a"}', '{"a":1}'],
    [
      '{"value":{"kvlistValue":{"values":[{"value":{"stringValue":"x\\n"},"key":"b"}]}},"key":"a"}',
      '{"a":{"b":"x\\n"}}',
    ],
  ])('of an attribute: %s', (attribute, json) => {
    expect(logRow(`{"attributes":[${attribute}]}`)['log_attributes']).toBe(json);
  });

  test('of events, links and exemplars', () => {
    const event =
      '{"attributes":[{"key":"k","value":{"intValue":1}}],"droppedAttributesCount":4294967295,"name":"é\\"","timeUnixNano":7}';
    const link =
      '{"flags":1,"traceState":"s","spanId":"000000000000000A","traceId":"0000000000000000000000000000000b"}';
    const row = spanRow(`{"links":[${link},{}],"events":[{},${event}]}`);
    expect(row['events_json']).toBe(
      '[{"attributes":{},"dropped_attributes_count":0,"name":"","time_unix_nano":0},' +
        '{"attributes":{"k":1},"dropped_attributes_count":4294967295,"name":"é\\"","time_unix_nano":7}]',
    );
    expect(row['links_json']).toBe(
      '[{"attributes":{},"dropped_attributes_count":0,"flags":1,"span_id":"000000000000000a",' +
        '"trace_id":"0000000000000000000000000000000b","trace_state":"s"},' +
        '{"attributes":{},"dropped_attributes_count":0,"flags":0,"span_id":"","trace_id":"","trace_state":""}]',
    );
    const exemplar = '{"asInt":"-9007199254740993","timeUnixNano":"9223372036854775807","filteredAttributes":[]}';
    expect(gaugeRow(`{"exemplars":[${exemplar},{"asDouble":"NaN"}]}`)['exemplars_json']).toBe(
      '[{"filtered_attributes":{},"span_id":"","time_unix_nano":9223372036854775807,"trace_id":"","value":-9007199254740993},' +
        '{"filtered_attributes":{},"span_id":"","time_unix_nano":0,"trace_id":"","value":null}]',
    );
  });
});

describe('of fields that come twice the last one counts', () => {
  test.each([
    ['"body":{"stringValue":"a"},"body":{"stringValue":"b"}', 'body', 'b'],
    ['"body":{"stringValue":"a"},"body":null', 'body', null],
    ['"body":{"stringValue":"a","intValue":1}', 'body', '1'],
    ['"body":{"intValue":1,"stringValue":"a","stringValue":null}', 'body', null],
    ['"timeUnixNano":1,"time_unix_nano":2', 'time_unix_nano', '2'],
    ['"timeUnixNano":1,"timeUnixNano":0', 'time_unix_nano', null],
    ['"severityNumber":9,"severityNumber":null', 'severity_number', null],
    ['"traceId":"0000000000000000000000000000000b","traceId":""', 'trace_id', null],
    ['"severityText":"a","severityText":null', 'severity_text', null],
    ['"attributes":[{"key":"a","value":{"intValue":1}}],"attributes":[]', 'log_attributes', null],
    ['"attributes":[{"key":"a","key":"b","value":{"intValue":1},"value":{"intValue":2}}]', 'log_attributes', '{"b":2}'],
    ['"attributes":[{"key":"a","value":{"intValue":1},"value":null}]', 'log_attributes', null],
    ['"body":{"arrayValue":{"values":[{"intValue":1}],"values":[{"intValue":2}]}}', 'body', '[2]'],
    ['"body":{"kvlistValue":{"values":[{"key":"a","value":{}}],"values":null}}', 'body', '{}'],
  ])('{%s}', (fields, column, value) => expect(logRow(`{${fields}}`)[column]).toBe(value));

  test.each([
    [
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}, {}]}]}],"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":1}]}]}]}',
    ],
    ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}, {}]}],"scopeLogs":[{"logRecords":[{"flags":1}]}]}]}'],
    ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":1}}, {}],"log_records":[{"flags":1}]}]}]}'],
  ])('and rows of the others go: %s', (body) => {
    expect(logRows(body)).toEqual([expect.objectContaining({ flags: 1, body: null })]);
  });

  test('and points of another kind of metric go', () => {
    const metric =
      '{"gauge":{"dataPoints":[{"asInt":1}]},"summary":null,"histogram":{"dataPoints":[{"bucketCounts":[1]}],"dataPoints":[{"bucketCounts":["2",3]}]}}';
    const { otlp_metrics_gauge, otlp_metrics_histogram } = metricTables(metric);
    expect(otlp_metrics_gauge).toEqual([]);
    expect(otlp_metrics_histogram).toEqual([expect.objectContaining({ bucket_counts: ['2', '3'] })]);
  });

  test.each([
    ['"asInt":1,"asDouble":2.5', null, 2.5],
    ['"asDouble":2.5,"asInt":1', '1', null],
    ['"asDouble":2.5,"asInt":null', null, 2.5],
    ['"asDouble":2.5,"asDouble":null', null, null],
  ])('and values of the other kind go: {%s}', (fields, int, double) => {
    expect(gaugeRow(`{${fields}}`)).toMatchObject({ int_value: int, double_value: double });
  });
});

describe('integers', () => {
  test.each([
    '0',
    '7',
    '-1',
    '999999999',
    '1000000000',
    '4294967295',
    '4294967296',
    '9999999999',
    '10000000000',
    '-4294967296',
    '9007199254740993',
    '1763600100000553424',
    '9223372036854775807',
    '-9223372036854775808',
  ])('%s is read exactly, as number and as string', (digits) => {
    expect(gaugeRow(`{"asInt":${digits}}`)['int_value']).toBe(digits);
    expect(gaugeRow(`{"asInt":"${digits}"}`)['int_value']).toBe(digits);
    expect(logRow(`{"body":{"intValue":"${digits}"}}`)['body']).toBe(digits);
  });

  test.each([
    ['1e3', '1000'],
    ['"10e-1"', '1'],
    ['1.0', '1'],
    ['-0', '0'],
    ['0e999999999999', '0'],
    ['0.000e5', '0'],
    ['92233720368547758.07e2', '9223372036854775807'],
    ['9223372036854775807000e-3', '9223372036854775807'],
    ['"\\u0031\\u0032"', '12'],
  ])('%s is %s', (text, digits) => {
    expect(gaugeRow(`{"asInt":${text}}`)['int_value']).toBe(digits);
    expect(logRow(`{"body":{"intValue":${text}}}`)['body']).toBe(digits);
  });

  test('of 32 bits keep their bits', () => {
    expect(logRow('{"flags":4294967295,"droppedAttributesCount":"2147483648"}')).toMatchObject({
      flags: -1,
      dropped_attributes_count: -2147483648,
    });
  });
});

describe('doubles', () => {
  test.each([
    ['0', '0'],
    ['-0', '-0.0'],
    ['-0.0', '-0.0'],
    ['1.0', '1'],
    ['12.776', '12.776'],
    ['12.7760', '12.776'],
    ['-5', '-5'],
    ['0.1', '0.1'],
    ['0.000001', '0.000001'],
    ['0.0000001', '1e-7'],
    ['0.1917441039952995', '0.1917441039952995'],
    ['9007199254740993', '9007199254740992'],
    ['0.30000000000000004', '0.30000000000000004'],
    ['123456789012345680000', '123456789012345680000'],
    ['1000000000000000000000', '1e+21'],
    ['5e-324', '5e-324'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['2.2250738585072011e-308', '2.225073858507201e-308'],
    ['1E5', '100000'],
    ['0.00000000000000000000000000000000000001', '1e-38'],
    [`1${'0'.repeat(300)}`, '1e+300'],
    [`0.${'0'.repeat(300)}1`, '1e-301'],
  ])('%s is %s, as number and as string', (text, printed) => {
    expect(gaugeRow(`{"asDouble":${text}}`)['double_value']).toBe(Number(text));
    expect(gaugeRow(`{"asDouble":"${text}"}`)['double_value']).toBe(Number(text));
    expect(logRow(`{"body":{"doubleValue":${text}}}`)['body']).toBe(printed);
    expect(logRow(`{"attributes":[{"key":"d","value":{"doubleValue":"${text}"}}]}`)['log_attributes']).toBe(
      `{"d":${printed}}`,
    );
  });

  // OpenTelemetry's JavaScript SDK writes an attribute of 1e300 as an intValue. Refusing it would cost the whole request.
  test.each([
    ['1e+300', '1e+300'],
    ['-1e19', '-10000000000000000000'],
    ['9223372036854775808', '9223372036854775808'],
  ])('an intValue of %s, a bare number beyond int64, is one', (text, digits) => {
    const printed = String(Number(digits));
    expect(logRow(`{"body":{"intValue":${text}}}`)['body']).toBe(printed);
    expect(logRow(`{"attributes":[{"key":"k","value":{"intValue":${text}}}]}`)['log_attributes']).toBe(
      `{"k":${printed}}`,
    );
  });

  // Decimals of every length around the ones that the quick way takes, against the engine's own parser.
  test('are read as the engine reads them', () => {
    const digits = '97531864209753186420';
    for (let length = 1; length <= digits.length; length++) {
      for (let point = 1; point <= length; point++) {
        const text =
          point === length ? digits.slice(0, length) : `${digits.slice(0, point)}.${digits.slice(point, length)}`;
        expect(gaugeRow(`{"asDouble":-${text}}`)['double_value']).toBe(-Number(text));
        expect(logRow(`{"body":{"doubleValue":${text}}}`)['body']).toBe(String(Number(text)));
      }
    }
  });
});

describe('strings', () => {
  test.each([
    ['a\\"\\\\\\/\\b\\f\\n\\r\\tz', 'a"\\/\b\f\n\r\tz'],
    ['\\u0041\\u00e9\\u20AC\\ud83d\\ude00', 'Aé€😀'],
    ['é€😀\u007f', 'é€😀\u007f'],
    ['\\u0000', '\0'],
    ['x'.repeat(100_000), 'x'.repeat(100_000)],
    [`${'x'.repeat(100_000)}\\n`, `${'x'.repeat(100_000)}\n`],
  ])('%.40s', (text, value) => {
    expect(logRow(`{"severityText":"${text}","body":{"stringValue":"${text}"}}`)).toMatchObject({
      severity_text: value,
      body: value,
    });
    expect(logRow(`{"attributes":[{"key":"${text}","value":{"stringValue":"${text}"}}]}`)['log_attributes']).toBe(
      JSON.stringify({ [value]: value }),
    );
  });
});

describe('enums are numbers or names', () => {
  test.each([
    ['9', 9],
    ['"SEVERITY_NUMBER_INFO"', 9],
    ['"SEVERITY_NUMBER_FATAL4"', 24],
    ['"SEVERITY_NUMBER_UNSPECIFIED"', null],
    ['99', 99],
    ['-1', -1],
    ['null', null],
  ])('severityNumber %s', (text, number) => {
    expect(logRow(`{"severityNumber":${text}}`)['severity_number']).toBe(number);
  });

  test('in spans', () => {
    const span = '{"kind":"SPAN_KIND_SERVER","status":{"code":"STATUS_CODE_ERROR","message":"m"}}';
    expect(spanRow(span)).toMatchObject({ kind: 2, status_code: 2, status_status_message: 'm' });
  });

  test('in metrics', () => {
    const metric = '{"sum":{"dataPoints":[{}],"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA"}}';
    expect(metricTables(metric)['otlp_metrics_sum']![0]).toMatchObject({ aggregation_temporality: 1 });
  });
});

// Digits are looked at four at a time, so each character is tried at each place among four.
test('what is a digit does not depend on what is beside it', () => {
  const isAccepted = (record: string): boolean => {
    try {
      logRow(record);
      return true;
    } catch {
      return false;
    }
  };
  for (let code = 0x20; code < 0x100; code++) {
    const character = String.fromCharCode(code);
    if (character === '"' || character === '\\') continue;
    for (let place = 1; place <= 4; place++) {
      const among = (digits: string) => digits.slice(0, place) + character + digits.slice(place + 1);
      expect(isAccepted(`{"spanId":"${among('00aF09A500000000')}"}`)).toBe(/[0-9a-fA-F]/.test(character));
      expect(isAccepted(`{"timeUnixNano":"${among('1990919')}"}`)).toBe(character >= '0' && character <= '9');
    }
  }
});

describe('base64 is written in its canonical form', () => {
  test.each([
    ['', null],
    ['AA==', 'AA=='],
    ['AA', 'AA=='],
    ['AB', 'AA=='],
    ['AAE=', 'AAE='],
    ['AAF', 'AAE='],
    ['-_-_', '+/+/'],
    ['+_8', '+/8='],
    ['AAEC', 'AAEC'],
  ])('%s', (text, canonical) => {
    expect(logRow(`{"body":{"bytesValue":"${text}"}}`)['body']).toBe(canonical);
  });
});

test('one decoder reads one body after another, whatever became of the one before', () => {
  const rows = new SignalRows('logs');
  const bodies = [
    ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"a","value":{"intValue":1}},{"key":', false],
    ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"b","value":{"intValue":2}}]}]}]}]}', true],
    ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"arrayValue":{"values":[{"intValue":1},', false],
    [
      '{"resource_logs":[{"scope_logs":[{"log_records":[{"body":{"arrayValue":{"values":[{"intValue":2}]}}}]}]}]}',
      true,
    ],
  ] as const;
  const read = bodies.map(([body, isWhole]) => {
    rows.reset({ heapBytes: 0, rows: 0 });
    if (isWhole) decodeJson('logs', Buffer.from(body), rows);
    else expect(() => decodeJson('logs', Buffer.from(body), rows)).toThrow();
    return isWhole ? readRows(rows)['otlp_logs'] : undefined;
  });
  expect(read[1]).toEqual([expect.objectContaining({ log_attributes: '{"b":2}', body: null })]);
  expect(read[3]).toEqual([expect.objectContaining({ log_attributes: null, body: '[2]' })]);
});

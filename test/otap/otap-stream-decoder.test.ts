// What a stream of BatchArrowRecords may hold: schemas that change, dictionaries that grow and widen, tables with rows,
// columns or nothing missing; and what is refused.

import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { SignalRows } from '../../src/buffer/signal-rows.js';
import { OtapStreamDecoder } from '../../src/decode/otap/otap-stream-decoder.js';
import type { Signal } from '../../src/schema/column-declaration.js';
import { fixtureRequests } from '../oracle/fixture-requests.js';
import type { Message } from '../oracle/message.js';
import { type OracleRow, rowsOf } from '../oracle/rows.js';
import type { TableColumn } from './arrow-table.js';
import { decodedStream } from './decoded-stream.js';
import { batchArrowRecords, defaultEncoderOptions, OtapEncoder, type OtapPayload, readBatch } from './otap-encoder.js';

const signals = ['logs', 'traces', 'metrics'] as const;

function logsRequest(records: readonly Message[], resource: Message = {}): Message {
  return { resource_logs: [{ resource, scope_logs: [{ log_records: [...records] }] }] };
}

/** The first payload of a type in a message. */
function payloadOf(message: Uint8Array, type: number) {
  return readBatch(message).arrow_payloads.find((payload) => payload.type === type)!;
}

const LOGS = 30;

describe('a stream', () => {
  test.each(signals)('of %s brings the rows of the fixtures', (signal) => {
    const encoder = new OtapEncoder(signal);
    const request = fixtureRequests[signal];
    // The second message has no schemas, and nothing new for the dictionaries.
    const messages = [encoder.encode(request), encoder.encode(request)];
    expect(messages[1]!.length).toBeLessThan(messages[0]!.length);
    expect(decodedStream(signal, messages)).toEqual([rowsOf(signal, request), rowsOf(signal, request)]);
  });

  test.each(['delta', 'replacement'] as const)('may add to its dictionaries, by %s', (dictionaries) => {
    const requests = Array.from({ length: 5 }, (_, i) =>
      logsRequest(
        Array.from({ length: 20 }, (_, j) => ({
          body: { string_value: `text ${10 * i + j}` },
          severity_text: `severity ${(i + j) % 7}`,
          attributes: [{ key: `key ${(i * j) % 11}`, value: { string_value: `value ${i * j}` } }],
        })),
      ),
    );
    const encoder = new OtapEncoder('logs', { dictionaries });
    const messages = requests.map((request) => encoder.encode(request));
    expect(new Set(messages.map((message) => payloadOf(message, LOGS).schema_id)).size).toBe(1);
    expect(decodedStream('logs', messages)).toEqual(requests.map((request) => rowsOf('logs', request)));
  });

  test('may go from 8-bit keys to 16-bit keys to plain columns', () => {
    const perMessage = 9_000;
    const counts = [100, 200, ...Array.from({ length: 8 }, () => perMessage), 10];
    let next = 0;
    const requests = counts.map((count) =>
      logsRequest(Array.from({ length: count }, () => ({ severity_text: `s${next++}` }))),
    );
    const encoder = new OtapEncoder('logs');
    const messages = requests.map((request) => encoder.encode(request));
    expect([...new Set(messages.map((message) => payloadOf(message, LOGS).schema_id))]).toHaveLength(3);
    const texts = decodedStream('logs', messages).flatMap((tables) =>
      tables['otlp_logs']!.map((row) => row['severity_text']),
    );
    expect(texts).toEqual(Array.from({ length: next }, (_, i) => `s${i}`));
  });

  test('may change its columns from message to message', () => {
    const requests = [
      logsRequest([{ severity_text: 'INFO' }]),
      logsRequest([{ body: { int_value: 7n } }]),
      logsRequest([{ severity_text: 'WARN', attributes: [{ key: 'k', value: { double_value: 0.5 } }] }]),
      logsRequest([{ severity_text: 'INFO' }]),
    ];
    const encoder = new OtapEncoder('logs');
    const messages = requests.map((request) => encoder.encode(request));
    expect(new Set(messages.map((message) => payloadOf(message, LOGS).schema_id)).size).toBe(4);
    expect(decodedStream('logs', messages)).toEqual(requests.map((request) => rowsOf('logs', request)));
  });

  test('that goes back to an earlier schema begins it anew', () => {
    const first = new OtapEncoder('logs').encode(logsRequest([{ severity_text: 'INFO' }]));
    const other = new OtapEncoder('logs', { keys: 'plain' }).encode(logsRequest([{ severity_text: 'WARN' }]));
    const renamed = readBatch(other).arrow_payloads.map((payload) => ({ ...payload, schema_id: 'another' }));
    const rows = decodedStream('logs', [first, batchArrowRecords(1, renamed), first]);
    expect(rows.map((tables) => tables['otlp_logs']![0]!['severity_text'])).toEqual(['INFO', 'WARN', 'INFO']);
  });

  test('may have batches of nothing', () => {
    const encoder = new OtapEncoder('logs', { emptyColumns: 'kept' });
    const empty = encoder.encodePayloads([
      { type: 'LOGS', rows: 0, columns: [] },
      { type: 'LOG_ATTRS', rows: 0, columns: attributeColumns([]) },
    ]);
    const full = encoder.encode(fixtureRequests.logs);
    const rows = decodedStream('logs', [empty, new Uint8Array(0), batchArrowRecords(3, []), full, empty]);
    expect(rows.map((tables) => tables['otlp_logs']!.length)).toEqual([
      0,
      0,
      0,
      rowsOf('logs', fixtureRequests.logs)['otlp_logs']!.length,
      0,
    ]);
  });

  test('names its batches', () => {
    const decoder = new OtapStreamDecoder('logs', new SignalRows('logs'));
    expect([0, 1, 2 ** 40, -1].map((id) => decoder.decode(batchArrowRecords(id, [])).batchId)).toEqual([
      0n,
      1n,
      2n ** 40n,
      -1n,
    ]);
  });
});

describe('columns', () => {
  test('that are missing have the values of a record that says nothing', () => {
    for (const [type, signal, table] of [
      ['LOGS', 'logs', 'otlp_logs'],
      ['SPANS', 'traces', 'otlp_traces'],
    ] as const) {
      const message = new OtapEncoder(signal).encodePayloads([{ type, rows: 2, columns: [] }]);
      const record =
        signal === 'logs'
          ? { resource_logs: [{ scope_logs: [{ log_records: [{}, {}] }] }] }
          : { resource_spans: [{ scope_spans: [{ spans: [{}, {}] }] }] };
      expect(decodedStream(signal, [message])[0]![table]).toEqual(rowsOf(signal, record)[table]);
    }
  });

  test('that are all null are like missing ones', () => {
    const options = { ...defaultEncoderOptions, emptyColumns: 'kept' as const };
    const request = logsRequest([{}, {}]);
    const message = new OtapEncoder('logs', options).encode(request);
    expect(decodedStream('logs', [message])).toEqual([rowsOf('logs', request)]);
  });

  test('that no table has are passed over', () => {
    const columns: TableColumn[] = [
      { name: 'severity_text', kind: 'utf8', values: ['INFO'] },
      { name: 'shape', kind: 'struct', isPresent: [true], children: [{ name: 'round', kind: 'bool', values: [true] }] },
      {
        name: 'sizes',
        kind: 'list',
        lengths: [2],
        isPresent: [true],
        item: { name: 'item', kind: 'f64', values: [1, 2] },
      },
      { name: 'severity_number', kind: 'i32', values: [9] },
    ];
    expect(logRows([{ type: 'LOGS', rows: 1, columns }])).toEqual([
      expect.objectContaining({ severity_text: 'INFO', severity_number: 9 }),
    ]);
  });

  test('of ids may say that these are plain', () => {
    const rows = logRows([
      {
        type: 'LOGS',
        rows: 3,
        columns: [
          { name: 'id', kind: 'u16', values: [7, 3, null], encoding: 'plain' },
          { name: 'severity_number', kind: 'i32', values: [1, 2, 3] },
        ],
      },
      {
        type: 'LOG_ATTRS',
        rows: 2,
        columns: [
          { name: 'parent_id', kind: 'u16', values: [3, 7], encoding: 'plain' },
          { name: 'key', kind: 'utf8', values: ['k', 'k'] },
          { name: 'type', kind: 'u8', values: [1, 1] },
          { name: 'str', kind: 'utf8', values: ['v', 'v'] },
        ],
      },
    ]);
    expect(rows.map((row) => row['log_attributes'])).toEqual(['{"k":"v"}', '{"k":"v"}', null]);
  });

  test('of attributes keep their encoding when their metadata says delta, as the reference exporter does', () => {
    const rows = logRows([
      { type: 'LOGS', rows: 3, columns: [{ name: 'id', kind: 'u16', values: [0, 1, 1], encoding: 'delta' }] },
      {
        type: 'LOG_ATTRS',
        rows: 4,
        columns: [
          { name: 'parent_id', kind: 'u16', values: [0, 1, 1, 2], encoding: 'delta' },
          { name: 'key', kind: 'utf8', values: ['a', 'a', 'b', 'c'] },
          { name: 'type', kind: 'u8', values: [1, 1, 1, 1] },
          { name: 'str', kind: 'utf8', values: ['v', 'v', 'v', 'v'] },
        ],
      },
    ]);
    expect(rows.map((row) => row['log_attributes'])).toEqual(['{"a":"v"}', '{"a":"v","b":"v"}', '{"c":"v"}']);
  });

  test('of ids wrap around', () => {
    const rows = logRows([
      {
        type: 'LOGS',
        rows: 2,
        columns: [{ name: 'id', kind: 'u16', values: [5, 0xfffe] }],
      },
      {
        type: 'LOG_ATTRS',
        rows: 2,
        columns: attributeColumns([
          { parentId: 3, key: 'three' },
          { parentId: 5, key: 'five' },
        ]),
      },
    ]);
    expect(rows.map((row) => row['log_attributes'])).toEqual(['{"five":""}', '{"three":""}']);
  });
});

describe('rows', () => {
  test('whose parent is nobody are ignored', () => {
    const attributes = attributeColumns([
      { parentId: 0, key: 'mine' },
      { parentId: 9, key: 'nobody' },
    ]);
    const rows = logRows([
      { type: 'LOGS', rows: 1, columns: [{ name: 'id', kind: 'u16', values: [0] }] },
      { type: 'LOG_ATTRS', rows: 2, columns: attributes },
    ]);
    expect(rows.map((row) => row['log_attributes'])).toEqual(['{"mine":""}']);
    expect(logRows([{ type: 'LOG_ATTRS', rows: 2, columns: attributes }])).toEqual([]);
  });

  test('of sparse 32-bit ids find each other', () => {
    const columns = (parents: number[]): TableColumn[] => [
      { name: 'parent_id', kind: 'u32', values: parents, encoding: 'plain' },
      { name: 'key', kind: 'utf8', values: parents.map(() => 'k') },
      { name: 'type', kind: 'u8', values: parents.map(() => 2) },
      { name: 'int', kind: 'i64', values: parents.map((_, i) => BigInt(i)) },
    ];
    const message = new OtapEncoder('traces').encodePayloads([
      { type: 'SPANS', rows: 1, columns: [{ name: 'id', kind: 'u16', values: [0] }] },
      {
        type: 'SPAN_EVENTS',
        rows: 2,
        columns: [
          { name: 'id', kind: 'u32', values: [4_000_000_000, 17], encoding: 'plain' },
          { name: 'parent_id', kind: 'u16', values: [0, 0], encoding: 'plain' },
        ],
      },
      { type: 'SPAN_EVENT_ATTRS', rows: 2, columns: columns([17, 4_000_000_000]) },
    ]);
    const [tables] = decodedStream('traces', [message]);
    expect(
      JSON.parse(tables!['otlp_traces']![0]!['events_json'] as string).map((event: Message) => event['attributes']),
    ).toEqual([{ k: 1 }, { k: 0 }]);
  });

  test('share a member of their attributes wherever it stands in each object', () => {
    const shared = { key: 'b', value: { int_value: 1n } };
    const first = { key: 'a', value: { array_value: { values: [] } } };
    const last = { key: 'c', value: { string_value: 'c' } };
    const request = logsRequest([
      { attributes: [shared] },
      { attributes: [first, shared] },
      { attributes: [shared, last] },
      { attributes: [first, shared, last] },
    ]);
    const [tables] = decodedStream('logs', [new OtapEncoder('logs').encode(request)]);
    expect(tables!['otlp_logs']!.map((row) => row['log_attributes'])).toEqual([
      '{"b":1}',
      '{"a":[],"b":1}',
      '{"b":1,"c":"c"}',
      '{"a":[],"b":1,"c":"c"}',
    ]);
  });

  test('of one id share what belongs to it, and points go to the first', () => {
    expect(
      logRows([
        { type: 'LOGS', rows: 2, columns: [{ name: 'id', kind: 'u16', values: [4, 0] }] },
        { type: 'LOG_ATTRS', rows: 1, columns: attributeColumns([{ parentId: 4, key: 'ours' }]) },
      ]).map((row) => row['log_attributes']),
    ).toEqual(['{"ours":""}', '{"ours":""}']);
    const message = new OtapEncoder('metrics').encodePayloads([
      {
        type: 'UNIVARIATE_METRICS',
        rows: 2,
        columns: [
          { name: 'id', kind: 'u16', values: [1, 0] },
          { name: 'metric_type', kind: 'u8', values: [1, 1] },
          { name: 'name', kind: 'utf8', values: ['first', 'second'] },
        ],
      },
      {
        type: 'NUMBER_DATA_POINTS',
        rows: 1,
        columns: [
          { name: 'parent_id', kind: 'u16', values: [1] },
          { name: 'int_value', kind: 'i64', values: [5n] },
        ],
      },
    ]);
    expect(
      decodedStream('metrics', [message])[0]!['otlp_metrics_gauge']!.map(({ name, int_value }) => [name, int_value]),
    ).toEqual([['first', '5']]);
  });
});

test('every type of attribute is written as OTLP has it', () => {
  const values: Record<string, Message> = {
    string: { string_value: 'ü"' },
    'empty string': { string_value: '' },
    int: { int_value: -(2n ** 63n) },
    zero: { int_value: 0n },
    double: { double_value: 0.1 },
    'negative zero': { double_value: -0 },
    infinity: { double_value: Number.POSITIVE_INFINITY },
    true: { bool_value: true },
    false: { bool_value: false },
    bytes: { bytes_value: Buffer.from([0, 255]) },
    'no bytes': { bytes_value: new Uint8Array(0) },
    nothing: {},
    array: {
      array_value: { values: [{ int_value: 2n ** 53n + 1n }, {}, { array_value: {} }, { double_value: Number.NaN }] },
    },
    list: {
      kvlist_value: {
        values: [
          { key: 'b', value: { bool_value: true } },
          { key: 'a', value: { bytes_value: Buffer.from('x') } },
        ],
      },
    },
  };
  const attributes = Object.entries(values).map(([key, value]) => ({ key, value }));
  const request = logsRequest([{ attributes }, { attributes: attributes.slice(0, 3) }], { attributes });
  for (const empties of ['null', 'empty'] as const) {
    const [tables] = decodedStream('logs', [new OtapEncoder('logs', { empties }).encode(request)]);
    expect(tables).toEqual(rowsOf('logs', request));
    expect(tables!['otlp_logs']![0]!['log_attributes']).toBe(
      '{"array":[9007199254740993,null,[],null],"bytes":"AP8=","double":0.1,"empty string":"","false":false,' +
        '"int":-9223372036854775808,"list":{"a":"eA==","b":true},"negative zero":-0.0,"no bytes":"","nothing":null,' +
        '"string":"ü\\"","true":true,"zero":0}',
    );
  }
});

describe('a message is refused', () => {
  const log: TableColumn[] = [{ name: 'severity_text', kind: 'utf8', values: ['INFO'] }];
  const plain = new OtapEncoder('logs', { keys: 'plain' });
  const [logsPayload] = readBatch(plain.encodePayloads([{ type: 'LOGS', rows: 1, columns: log }])).arrow_payloads;

  test.each<[string, OtapPayload[], string]>([
    [
      'without the keys of its attributes',
      attrs([
        { name: 'parent_id', kind: 'u16', values: [0] },
        { name: 'type', kind: 'u8', values: [1] },
      ]),
      'LOG_ATTRS: column "key" is required',
    ],
    [
      'without the types of its attributes',
      attrs([
        { name: 'parent_id', kind: 'u16', values: [0] },
        { name: 'key', kind: 'utf8', values: ['k'] },
      ]),
      'LOG_ATTRS: column "type" is required',
    ],
    [
      'without the owners of its attributes',
      attrs([
        { name: 'key', kind: 'utf8', values: ['k'] },
        { name: 'type', kind: 'u8', values: [1] },
      ]),
      'LOG_ATTRS: column "parent_id" is required',
    ],
    [
      'with a type that there is not',
      attrs(attributeColumns([{ parentId: 0, key: 'k', type: 8 }])),
      'LOG_ATTRS: column "type" must be 0 to 7, got 8 in row 0',
    ],
    [
      'with an array that is not there',
      attrs(attributeColumns([{ parentId: 0, key: 'k', type: 6 }])),
      'LOG_ATTRS: column "ser" must not be null where the type is array, as in row 0',
    ],
    [
      'with an owner that is null',
      attrs([
        { name: 'parent_id', kind: 'u16', values: [null] },
        { name: 'key', kind: 'utf8', values: ['k'] },
        { name: 'type', kind: 'u8', values: [1] },
      ]),
      'LOG_ATTRS: column "parent_id" must not be null, as in row 0',
    ],
    [
      'with ids in an encoding that there is not',
      logs([{ name: 'id', kind: 'u16', values: [0], encoding: 'zigzag' }]),
      'LOGS: column "id" must have ids in plain, delta or quasi-delta encoding, got "zigzag"',
    ],
    [
      'with a column of another type',
      logs([{ name: 'severity_text', kind: 'i64', values: [1n] }]),
      'LOGS: column "severity_text" must be of kind text, got int64',
    ],
    [
      'with trace ids of 8 bytes',
      logs([{ name: 'trace_id', kind: 'fixed8', values: [new Uint8Array(8)] }]),
      'LOGS: column "trace_id" must be 16 bytes wide, got 8',
    ],
    [
      'with a time above int64',
      logs([{ name: 'time_unix_nano', kind: 'u64', values: [2n ** 63n] }]),
      'LOGS: column "time_unix_nano" must not be above the largest int64, got 9223372036854775808 in row 0',
    ],
    [
      'with a body that is not UTF-8',
      logs([
        {
          name: 'body',
          kind: 'struct',
          isPresent: [true],
          children: [
            { name: 'type', kind: 'u8', values: [1] },
            { name: 'str', kind: 'utf8', values: [Buffer.from([0x61, 0xff])] },
          ],
        },
      ]),
      'LOGS: column "body.str" has invalid UTF-8 in row 0',
    ],
    [
      'with a text that begins inside a character',
      logs([{ name: 'severity_text', kind: 'utf8', values: [Buffer.from([0xbf])] }]),
      'LOGS: column "severity_text" has invalid UTF-8 in row 0',
    ],
  ])('%s', (_what, payloads, problem) => {
    expectRefused('logs', [new OtapEncoder('logs', { emptyColumns: 'kept' }).encodePayloads(payloads)], problem);
  });

  test('with two payloads of one type', () => {
    expectRefused(
      'logs',
      [batchArrowRecords(0, [logsPayload!, logsPayload!])],
      'LOGS: more than one payload of this type',
    );
  });

  test('with a table of another signal, or one that there is not', () => {
    expectRefused('traces', [batchArrowRecords(0, [logsPayload!])], 'payload of type 30: traces have no such table');
    expectRefused(
      'logs',
      [batchArrowRecords(0, [{ ...logsPayload!, type: 99 }])],
      'payload of type 99: logs have no such table',
    );
  });

  test('with rows before their schema', () => {
    const stream = new OtapEncoder('logs');
    const [, second] = [stream.encode(fixtureRequests.logs), stream.encode(fixtureRequests.logs)];
    expectRefused('logs', [second!], 'LOGS: a record batch before its schema');
  });

  test('without a record batch', () => {
    expectRefused(
      'logs',
      [batchArrowRecords(0, [{ ...logsPayload!, record: new Uint8Array(0) }])],
      'LOGS: no record batch',
    );
  });

  test('with a key that its dictionary does not have', () => {
    const message = new OtapEncoder('logs').encodePayloads([
      {
        type: 'LOGS',
        rows: 2,
        columns: [{ name: 'severity_text', kind: 'utf8', isRepetitive: true, values: ['a', 'b'] }],
      },
    ]);
    const keys = Buffer.from(message).lastIndexOf(Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]));
    const changed = Buffer.from(message);
    changed[keys + 1] = 2;
    expectRefused(
      'logs',
      [changed],
      'LOGS: column "severity_text" must have keys below 2, the length of its dictionary, got 2',
    );
  });

  test('with a point of a metric of a kind that there is not', () => {
    const message = new OtapEncoder('metrics').encodePayloads([
      { type: 'UNIVARIATE_METRICS', rows: 1, columns: [{ name: 'metric_type', kind: 'u8', values: [6] }] },
    ]);
    expectRefused('metrics', [message], 'UNIVARIATE_METRICS: column "metric_type" must be 0 to 5, got 6 in row 0');
  });

  test('of a span that ends after the largest int64', () => {
    const message = new OtapEncoder('traces').encodePayloads([
      {
        type: 'SPANS',
        rows: 1,
        columns: [
          { name: 'start_time_unix_nano', kind: 'timestamp', values: [2n ** 63n - 1n] },
          { name: 'duration_time_unix_nano', kind: 'duration', values: [1n] },
        ],
      },
    ]);
    expectRefused(
      'traces',
      [message],
      'SPANS: column "duration_time_unix_nano" must not end after the largest int64, as in row 0',
    );
  });
});

describe('memory is bounded', () => {
  test('of dictionaries', () => {
    const encoder = new OtapEncoder('logs');
    let next = 0;
    const messages = Array.from({ length: 20 }, () =>
      encoder.encode(logsRequest([{ severity_text: `${next++}${'x'.repeat(10_000)}` }])),
    );
    expect(decodedStream('logs', messages.slice(0, 5), { maxDictionaryBytes: 100_000 })).toHaveLength(5);
    expectRefused('logs', messages, 'the dictionaries of a stream take more than 100000 bytes', {
      maxDictionaryBytes: 100_000,
    });
  });

  test.each(['zstd', 'lz4'] as const)('of buffers compressed by %s', (compression) => {
    const encoder = new OtapEncoder('logs', { compression, keys: 'plain' });
    const message = encoder.encode(logsRequest([{ severity_text: 'x'.repeat(1_000_000) }]));
    expect(message.length).toBeLessThan(10_000);
    expect(decodedStream('logs', [message], { maxDecodedBytes: 4_000_000 })).toHaveLength(1);
    expectRefused('logs', [message], 'takes more than 500000 bytes when decoded', { maxDecodedBytes: 500_000 });
  });

  test('of rows without columns', () => {
    const message = new OtapEncoder('logs').encodePayloads([{ type: 'LOGS', rows: 2 ** 31, columns: [] }]);
    expect(message.length).toBeLessThan(1_000);
    expectRefused('logs', [message], 'takes more than');
  });

  test('of a text that many attributes share', () => {
    const logs = 2_000;
    const message = new OtapEncoder('logs', { ids: 'plain' }).encode(
      logsRequest(
        Array.from({ length: logs }, () => ({
          attributes: [{ key: 'k', value: { string_value: 'x'.repeat(100_000) } }],
        })),
      ),
    );
    expect(message.length).toBeLessThan(300_000);
    expectRefused('logs', [message], 'takes more than 1000000 bytes when decoded', { maxDecodedBytes: 1_000_000 });
  });
});

function logs(columns: TableColumn[]): OtapPayload[] {
  return [{ type: 'LOGS', rows: 1, columns }];
}

/** Attributes of a log. */
function attrs(columns: TableColumn[]): OtapPayload[] {
  return [
    { type: 'LOGS', rows: 1, columns: [{ name: 'id', kind: 'u16', values: [0] }] },
    { type: 'LOG_ATTRS', rows: 1, columns },
  ];
}

/** Attributes without a value of their type. */
function attributeColumns(rows: readonly { parentId: number; key: string; type?: number }[]): TableColumn[] {
  return [
    { name: 'parent_id', kind: 'u16', values: rows.map(({ parentId }) => parentId), encoding: 'plain' },
    { name: 'key', kind: 'utf8', values: rows.map(({ key }) => key) },
    { name: 'type', kind: 'u8', values: rows.map(({ type }) => type ?? 1) },
  ];
}

function logRows(payloads: readonly OtapPayload[]): OracleRow[] {
  return decodedStream('logs', [new OtapEncoder('logs').encodePayloads(payloads)])[0]!['otlp_logs']!;
}

function expectRefused(
  signal: Signal,
  messages: readonly Uint8Array[],
  problem: string,
  limits: Parameters<typeof decodedStream>[2] = {},
): void {
  let thrown: unknown;
  try {
    decodedStream(signal, messages, limits);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Failure);
  expect((thrown as Failure).message).toContain(problem);
  expect((thrown as Failure).kind).toBe(/takes? more than/.test(problem) ? 'tooLarge' : 'malformed');
}

import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.js';
import { SignalRows } from '../../../src/buffer/signal-rows.js';
import { decodeJson, decodeNdjson } from '../../../src/decode/json/decode-json.js';
import type { Signal } from '../../../src/schema/column-declaration.js';

function messageOfRefusal(signal: Signal, body: string | Uint8Array, decode = decodeJson): string {
  try {
    decode(signal, Buffer.from(body as string), new SignalRows(signal));
  } catch (error) {
    if (error instanceof Failure && error.kind === 'malformed') return error.message;
    throw error;
  }
  throw new Error('was not refused');
}

const logs = (record: string): string => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`;
const record = 'resourceLogs[0].scopeLogs[0].logRecords[0]';

describe('what is not JSON is refused with the byte', () => {
  test.each([
    ['', 'cannot decode JSON: empty document'],
    [' \n', 'cannot decode JSON: empty document'],
    ['{', 'cannot decode JSON at byte 1: expected a field name, got the end'],
    ['{"a"', 'cannot decode JSON at byte 4: expected ":" after a field name, got the end'],
    ['{"resourceLogs" [', 'cannot decode JSON at byte 16: expected ":" after a field name, got "["'],
    ['{"a":1,}', 'cannot decode JSON at byte 7: expected a field name, got "}"'],
    ['{"a":1 "b":2}', 'cannot decode JSON at byte 7: expected "," or "}" after a member, got "\\""'],
    ['{"resourceLogs":[{},]}', 'cannot decode JSON at byte 20: expected a value, got "]"'],
    ['{"resourceLogs":[{}}', 'cannot decode JSON at byte 19: expected "," or "]" after an element, got "}"'],
    ['{"a":[1,]}', 'cannot decode JSON at byte 8: expected a value, got "]"'],
    ['{"a":[1}]', 'cannot decode JSON at byte 7: expected "," or "]" after an element, got "}"'],
    ['{"a":{"b":1]}', 'cannot decode JSON at byte 11: expected "," or "}" after a member, got "]"'],
    ['{"a":01}', 'cannot decode JSON at byte 5: expected a value, got "0"'],
    ['{"a":1.}', 'cannot decode JSON at byte 5: expected a value, got "1"'],
    ['{"a":+1}', 'cannot decode JSON at byte 5: expected a value, got "+"'],
    ['{"a":.5}', 'cannot decode JSON at byte 5: expected a value, got "."'],
    ['{"a":1e}', 'cannot decode JSON at byte 5: expected a value, got "1"'],
    ['{"a":NaN}', 'cannot decode JSON at byte 5: expected a value, got "N"'],
    ['{"a":nul}', 'cannot decode JSON at byte 5: expected a value, got "n"'],
    ["{'a':1}", `cannot decode JSON at byte 1: expected a field name, got "'"`],
    ['{"a":"b', 'cannot decode JSON at byte 7: expected a character of a string, got the end'],
    ['{"a":"b\\', 'cannot decode JSON at byte 8: expected a character of a string, got the end'],
    ['{"a":"\n"}', 'cannot decode JSON at byte 6: expected a character of a string, got "\\n"'],
    ['{"a":"\\x"}', 'cannot decode JSON at byte 6: expected an escape, got "\\\\"'],
    ['{"a":"\\u12"}', 'cannot decode JSON at byte 6: expected an escape, got "\\\\"'],
    ['{"a\u0000":1}', 'cannot decode JSON at byte 3: expected a character of a string, got "\\u0000"'],
    ['{}\u0000', 'cannot decode JSON at byte 2: expected the end of the document, got "\\u0000"'],
    ['{} {}', 'cannot decode JSON at byte 3: expected the end of the document, got "{"'],
    ['{}\u00a0', 'cannot decode JSON at byte 2: expected the end of the document, got "\u00a0"'],
    ['\ufeff\ufeff{}', 'cannot decode JSON at byte 3: expected a value, got "\ufeff"'],
    ['// {}', 'cannot decode JSON at byte 0: expected a value, got "/"'],
    [
      logs('{"body":{"stringValue":"x}}'),
      'cannot decode JSON at byte 79: expected a character of a string, got the end',
    ],
    [logs('{"flags":1x}'), 'cannot decode JSON at byte 56: expected "," or "}" after a member, got "x"'],
    [logs('{"flags":01}'), 'cannot decode JSON at byte 55: expected a value, got "0"'],
    [
      logs('{"attributes":[{"key":"a","value":{"boolValue":truth}}]}'),
      'cannot decode JSON at byte 93: expected a value, got "t"',
    ],
  ])('%j', (body, message) => expect(messageOfRefusal('logs', body)).toBe(message));
});

describe('a value that breaks a rule is refused with its field', () => {
  test.each([
    ['[]', 'the document must be an object, got an array'],
    ['null', 'the document must be a value, got null'],
    ['"x"', 'the document must be an object, got "x"'],
    ['{"resourceLogs":{}}', 'resourceLogs must be an array, got an object'],
    ['{"resource_logs":[null]}', 'resource_logs[0] must be a value, got null'],
    [
      '{"resourceLogs":[{},{"scopeLogs":[{"logRecords":[{},5]}]}]}',
      'resourceLogs[1].scopeLogs[0].logRecords[1] must be an object, got 5',
    ],
    ['{"resourceLogs":[{"schemaUrl":5}]}', 'resourceLogs[0].schemaUrl must be a string, got 5'],
    [logs('{"traceId":"0102030405060708091011121314151"}'), `${record}.traceId must be 32 hex digits, got 31`],
    [
      logs('{"traceId":"0102030405060708091011121314151g"}'),
      `${record}.traceId must be 32 hex digits, got "0102030405060708091011121314151g"`,
    ],
    [logs('{"span_id":"00"}'), `${record}.span_id must be 16 hex digits, got 2`],
    [logs('{"severityNumber":"9"}'), `${record}.severityNumber must be a number or a name of the enum, got "9"`],
    [
      logs('{"severityNumber":"constructor"}'),
      `${record}.severityNumber must be a number or a name of the enum, got "constructor"`,
    ],
    [logs('{"severityText":1}'), `${record}.severityText must be a string, got 1`],
    [
      logs('{"timeUnixNano":"1.5"}'),
      `${record}.timeUnixNano must be an integer from 0 to 9223372036854775807, got "1.5"`,
    ],
    [logs('{"timeUnixNano":-1}'), `${record}.timeUnixNano must be an integer from 0 to 9223372036854775807, got -1`],
    [
      logs('{"timeUnixNano":"9223372036854775808"}'),
      `${record}.timeUnixNano must be an integer from 0 to 9223372036854775807, got "9223372036854775808"`,
    ],
    [logs('{"timeUnixNano":""}'), `${record}.timeUnixNano must be an integer, got ""`],
    [logs('{"timeUnixNano":" 1"}'), `${record}.timeUnixNano must be an integer, got " 1"`],
    [logs('{"timeUnixNano":"01"}'), `${record}.timeUnixNano must be an integer, got "01"`],
    [
      logs('{"timeUnixNano":1e999999999}'),
      `${record}.timeUnixNano must be an integer from 0 to 9223372036854775807, got 1e999999999`,
    ],
    [logs('{"flags":4294967296}'), `${record}.flags must be an integer from 0 to 4294967295, got 4294967296`],
    [logs('{"flags":true}'), `${record}.flags must be an integer, got true`],
    [
      logs('{"severityNumber":2147483648}'),
      `${record}.severityNumber must be an integer from -2147483648 to 2147483647, got 2147483648`,
    ],
    [logs('{"body":"text"}'), `${record}.body must be an object, got "text"`],
    [logs('{"body":{"boolValue":"true"}}'), `${record}.body.boolValue must be true or false, got "true"`],
    [logs('{"body":{"boolValue":1}}'), `${record}.body.boolValue must be true or false, got 1`],
    [logs('{"body":{"doubleValue":"nan"}}'), `${record}.body.doubleValue must be a number, got "nan"`],
    [
      logs('{"body":{"doubleValue":1e400}}'),
      `${record}.body.doubleValue must be within the range of a double, got 1e400`,
    ],
    [logs('{"body":{"intValue":"Infinity"}}'), `${record}.body.intValue must be an integer, got "Infinity"`],
    [
      logs('{"body":{"intValue":"9223372036854775808"}}'),
      `${record}.body.intValue must be an integer from -9223372036854775808 to 9223372036854775807, got "9223372036854775808"`,
    ],
    [logs('{"body":{"bytesValue":"AA="}}'), `${record}.body.bytesValue must be base64, got "AA="`],
    [logs('{"body":{"bytesValue":"A"}}'), `${record}.body.bytesValue must be base64, got "A"`],
    [logs('{"body":{"bytesValue":"A A"}}'), `${record}.body.bytesValue must be base64, got "A A"`],
    [
      logs('{"body":{"arrayValue":{"values":[{},null]}}}'),
      `${record}.body.arrayValue.values[1] must be a value, got null`,
    ],
    [
      logs('{"body":{"stringValue":"\\ud800x"}}'),
      `${record}.body.stringValue must be text without halves of surrogate pairs, got "\\ud800x"`,
    ],
    [
      logs('{"body":{"stringValue":"\\udc00\\ud800"}}'),
      `${record}.body.stringValue must be text without halves of surrogate pairs, got "\\udc00\\ud800"`,
    ],
    [logs('{"attributes":[{"key":"a","value":[1]}]}'), `${record}.attributes[0].value must be an object, got an array`],
    [
      logs('{"attributes":[{"key":"a,]}\\"b","value":{"intValue":"x"}}]}'),
      `${record}.attributes[0].value.intValue must be an integer, got "x"`,
    ],
    [logs(`{"eventName":[],"x":"${'y'.repeat(100)}"}`), `${record}.eventName must be a string, got an array`],
    [
      logs(`{"timeUnixNano":"${'y'.repeat(100)}"}`),
      `${record}.timeUnixNano must be an integer, got "${'y'.repeat(39)}…`,
    ],
  ])('%j', (body, message) => expect(messageOfRefusal('logs', body)).toBe(message));

  test('in spans and metrics', () => {
    const span = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"links":[{"traceId":"00"}]}]}]}]}';
    expect(messageOfRefusal('traces', span)).toBe(
      'resourceSpans[0].scopeSpans[0].spans[0].links[0].traceId must be 32 hex digits, got 2',
    );
    const point =
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":[1,-1]}]}}]}]}]}';
    expect(messageOfRefusal('metrics', point)).toBe(
      'resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.dataPoints[0].bucketCounts[1] must be an integer from 0 to 9223372036854775807, got -1',
    );
  });

  test('where text is not UTF-8', () => {
    const [before, after] = logs('{"body":{"stringValue":"é!"}}').split('!') as [string, string];
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0xe2, 0x82]), Buffer.from(after)]);
    expect(messageOfRefusal('logs', body)).toBe(`${record}.body.stringValue is not UTF-8 at byte 72`);
  });

  test('in lines with the number of the line', () => {
    expect(messageOfRefusal('logs', '{}\n\n{"resourceLogs":[{"schemaUrl":1}]}\n', decodeNdjson)).toBe(
      'line 3: resourceLogs[0].schemaUrl must be a string, got 1',
    );
    expect(messageOfRefusal('logs', '{}\n{"a":\n1}', decodeNdjson)).toBe(
      'cannot decode JSON at line 2, byte 5: expected a value, got the end',
    );
    expect(messageOfRefusal('logs', Buffer.from('{}\n{"a":"\xff"}', 'latin1'), decodeNdjson)).toBe(
      'line 2: a is not UTF-8 at byte 6',
    );
  });
});

describe('hostile bodies', () => {
  const nested = (levels: number): string =>
    `${'{"arrayValue":{"values":['.repeat(levels - 1)}{}${']}}'.repeat(levels - 1)}`;

  test('may not nest values deeper than 100 levels', () => {
    expect(() => messageOfRefusal('logs', logs(`{"body":${nested(100)}}`))).toThrow('was not refused');
    expect(messageOfRefusal('logs', logs(`{"body":${nested(101)}}`))).toMatch(
      /^resourceLogs.*values\[0\] must be at most 100 values deep, got a deeper one$/,
    );
  });

  test('may nest what is ignored without limit', () => {
    const depth = 1_000_000;
    const rows = new SignalRows('logs');
    decodeJson(
      'logs',
      Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth)},"b":${'{"c":'.repeat(depth)}1${'}'.repeat(depth)}}`),
      rows,
    );
    expect(messageOfRefusal('logs', '['.repeat(depth))).toMatch('expected a value, got the end');
    expect(messageOfRefusal('logs', `{"a":${'['.repeat(depth)}`)).toMatch('expected a value, got the end');
  });

  test.each([
    ['long integers', logs(`{"timeUnixNano":1${'0'.repeat(1_000_000)}}`)],
    ['long quoted integers', logs(`{"timeUnixNano":"${'9'.repeat(1_000_000)}"}`)],
    ['long exponents', logs(`{"timeUnixNano":1e${'9'.repeat(1_000_000)}}`)],
    ['zeros before a digit', logs(`{"timeUnixNano":0.${'0'.repeat(1_000_000)}1}`)],
    ['huge doubles', logs(`{"body":{"doubleValue":${'9'.repeat(1_000_000)}}}`)],
    ['unterminated strings', logs(`{"body":{"stringValue":"${'x'.repeat(1_000_000)}`)],
    ['unterminated escapes', `{"${'\\n'.repeat(500_000)}`],
    ['a wrong value behind a million others', logs(`${'{},'.repeat(1_000_000)}0`)],
  ])('%s are refused at once', (_name, body) => {
    // Processor time: what else runs on the machine does not count.
    const before = process.cpuUsage();
    expect(messageOfRefusal('logs', body)).not.toBe('');
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2_000);
  });

  // Each level of a nested list is written after the ones inside it: their texts must not add up to size times depth.
  test('take no more memory for nesting', () => {
    const lists = (levels: number): string =>
      levels === 0
        ? `{"stringValue":"\\n${'x'.repeat(1_000_000)}"}`
        : `{"kvlistValue":{"values":[{"value":${lists(levels - 1)},"key":"a"}]}}`;
    const rows = new SignalRows('logs');
    decodeJson('logs', Buffer.from(logs(`{"body":${lists(99)}}`)), rows);
    expect(rows.byteLength).toBeLessThan(10_000_000);
  });
});

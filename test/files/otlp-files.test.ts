// Local OTLP files, read by SQL.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OtelDatabase } from '../support/otel-database.js';
import { LONGEST_BLOCK_BYTES, zstdFrame, zstdFrameOf, zstdZeros } from '../support/zstd-frame.js';

const folder = mkdtempSync(join(tmpdir(), 'otel-files-'));
let database: OtelDatabase;

beforeAll(async () => {
  database = await OtelDatabase.open();
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

function logs(firstNumber: number, count: number) {
  const logRecords = Array.from({ length: count }, (_, i) => ({
    timeUnixNano: String(1_700_000_000_000_000_000n + BigInt(firstNumber + i)),
    body: { stringValue: `record ${firstNumber + i}` },
    attributes: [{ key: 'number', value: { intValue: firstNumber + i } }],
  }));
  const attributes = [{ key: 'service.name', value: { stringValue: 'shop' } }];
  return { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const lines = (requests: number, records: number) =>
  Array.from({ length: requests }, (_, i) => `${JSON.stringify(logs(i * records, records))}\n`).join('');

/** A frame that holds three bytes which belong to no file (RFC 8878, section 3.1.2). */
const SKIPPABLE_FRAME = Buffer.from('502a4d1803000000010203', 'hex');

describe('forms of a file', () => {
  for (const [name, content, rows] of [
    ['document.json', JSON.stringify(logs(0, 3)), 3],
    ['indented.json', JSON.stringify(logs(0, 3), null, 2), 3],
    ['lines.jsonl', lines(4, 3), 12],
    ['lines.jsonl.gz', gzipSync(lines(4, 3)), 12],
    ['gzip-by-content', gzipSync(lines(4, 3)), 12],
    ['two-members.jsonl.gz', Buffer.concat([gzipSync(lines(3, 3)), gzipSync(JSON.stringify(logs(9, 3)))]), 12],
    ['lines.jsonl.zst', zstdFrame(Buffer.from(lines(4, 3))), 12],
    ['frames-the-first-empty', Buffer.concat(['', lines(4, 3)].map((text) => zstdFrame(Buffer.from(text)))), 12],
    ['skippable-frame.zst', Buffer.concat([SKIPPABLE_FRAME, zstdFrame(Buffer.from(lines(4, 3)))]), 12],
    ['no-line-feed-at-the-end.jsonl', lines(4, 3).trimEnd(), 12],
    ['blank-lines.jsonl', lines(2, 3).replaceAll('\n', '\r\n\n'), 6],
    ['byte-order-mark.json', `\ufeff${JSON.stringify(logs(0, 3))}`, 3],
    ['empty.json', '', 0],
    ['empty.json.gz', '', 0],
    ['another-signal.json', '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"s"}]}]}]}', 0],
  ] as const) {
    test(name, async () => {
      const path = file(name, content);
      const found = await database.rows(`SELECT body, service_name FROM read_otlp_logs('${path}')`);
      expect(found).toEqual(Array.from({ length: rows }, (_, i) => ({ body: `record ${i}`, service_name: 'shop' })));
    });
  }
});

describe('forms of protobuf', () => {
  const message = readFileSync('test/data/logs.pb');
  const json = readFileSync('test/data/logs.json');
  const delimited = (...messages: Uint8Array[]) =>
    Buffer.concat(
      messages.flatMap((bytes) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(bytes.length);
        return [length, bytes];
      }),
    );
  const many = Math.ceil((9 << 20) / message.length);
  /** Fields of a later version of OTLP, of each wire type, and with tags of one byte and more. */
  const unknown = Buffer.from(
    '10ac02' + '1d01020304' + '210102030405060708' + 'a20603010203' + 'a006ffffffffffffffffff01',
    'hex',
  );
  for (const [name, content, messages] of [
    ['request.pb', message, 1],
    ['unknown-fields.pb', Buffer.concat(Array.from({ length: many }, () => [message, unknown]).flat()), many],
    ['requests-end-to-end.pb', Buffer.concat(Array.from({ length: many }, () => message)), many],
    ['requests-end-to-end.pb.gz', gzipSync(Buffer.concat(Array.from({ length: many }, () => message))), many],
    ['delimited.pb', delimited(message, message), 2],
    ['delimited-many.pb', delimited(...Array.from({ length: many }, () => message)), many],
    ['delimited-and-compressed.pb', delimited(zstdFrame(message), zstdFrame(message)), 2],
    ['delimited-json', delimited(json, zstdFrame(json)), 2],
    ['another-signal.pb', readFileSync('test/data/traces.pb'), 0],
    ['delimited-signals.pb', delimited(message, readFileSync('test/data/metrics.pb'), message), 2],
  ] as const) {
    test(name, async () => {
      const path = file(name, content);
      const [found] = await database.rows(
        `SELECT count(*) AS n, count(DISTINCT t) AS kinds FROM read_otlp_logs('${path}') t`,
      );
      expect(found).toEqual({ n: String(3 * messages), kinds: messages === 0 ? '0' : '3' });
    });
  }

  test('a message that is cut', async () => {
    const path = file('delimited-cut.pb', delimited(message, message).subarray(0, -1));
    await expect(database.rows(`FROM read_otlp_logs('${path}')`)).rejects.toThrow(
      `OTLP parse error on ${path}: Parse failed: ${message.length} bytes announced, ${message.length - 1} left`,
    );
  });

  test('a message that inflates to too much is told with the rule', async () => {
    const path = file('delimited-too-much.pb', delimited(message, zstdZeros((256 << 20) + 1)));
    await expect(database.rows(`FROM read_otlp_logs('${path}')`)).rejects.toThrow(
      'Parse failed: message 2: body inflates to more than 268435456 bytes, the limit of a message',
    );
  });

  test('a message that is bad is told by its number, or skipped', async () => {
    const path = file('delimited-bad.pb', delimited(message, Buffer.from([0x0a, 0x05, 0x01]), message));
    await expect(database.rows(`FROM read_otlp_logs('${path}')`)).rejects.toThrow('Parse failed: message 2: ');
    expect(await database.value(`SELECT count(*) FROM read_otlp_logs('${path}', ignore_errors := true)`)).toBe('6');
  });
});

test('times keep their nanoseconds', async () => {
  const path = file('nanoseconds.json', JSON.stringify(logs(123_456_789, 1)));
  expect(await database.rows(`SELECT time_unix_nano AS t, typeof(t) AS type FROM read_otlp_logs('${path}')`)).toEqual([
    { t: '2023-11-14 22:13:20.123456789', type: 'TIMESTAMP_NS' },
  ]);
});

test('files of many pieces keep their order, plain and compressed', async () => {
  const text = lines(2000, 40);
  expect(text.length).toBeGreaterThan(9 << 20);
  const paths = [file('order-1.jsonl', text), file('order-2.jsonl.gz', gzipSync(text, { level: 1 }))];
  const rows = await database.rows(
    `SELECT filename, body FROM read_otlp_logs(${JSON.stringify(paths).replaceAll('"', "'")}, filename := true)`,
  );
  expect(rows.length).toBe(160_000);
  rows.forEach(({ filename, body }, i) => {
    if (filename !== paths[i < 80_000 ? 0 : 1] || body !== `record ${i % 80_000}`)
      expect.fail(`row ${i}: ${filename} ${body}`);
  });
});

describe('errors', () => {
  for (const [name, content, reason] of [
    ['space.json', ' \n ', 'cannot decode JSON: empty document'],
    ['much-space.json', ' '.repeat(100_000), 'cannot decode JSON: empty document'],
    ['bad-line.jsonl', `${lines(2, 1)}\n{"resourceLogs":5}\n`, 'line 4: resourceLogs must be an array, got 5'],
    [
      'bad-late-line.jsonl',
      `${lines(2000, 40)}{"resourceLogs":5}\n`,
      'line 2001: resourceLogs must be an array, got 5',
    ],
    ['text.txt', 'hello', 'neither JSON nor protobuf begins with byte 0x68'],
    [
      'zstd-window',
      Buffer.from('28b52ffd00a0000000000000000000000000', 'hex'),
      'cannot decompress zstd: a window of 1073741824 bytes, more than 134217728',
    ],
    [
      'zstd-window-of-second-frame.zst',
      Buffer.concat([zstdFrame(Buffer.from(lines(1, 1))), zstdFrameOf([Buffer.from(lines(1, 1))], 30)]),
      'cannot decompress zstd: a window of 1073741824 bytes, more than 134217728',
    ],
    [
      'zstd-block.zst',
      zstdFrameOf([{ byte: 0x0a, times: LONGEST_BLOCK_BYTES }]),
      'cannot decompress zstd: a block of 2097151 bytes, more than 131072',
    ],
    ['cut.zst', zstdFrame(Buffer.from(lines(2, 1))).subarray(0, -3), 'cannot decompress zstd: unexpected end of data'],
    ['not-gzip.json.gz', '{}', 'cannot decompress gzip: zlib: incorrect header check'],
  ] as const) {
    test(name, async () => {
      const path = file(name, content);
      await expect(database.rows(`SELECT count(body) FROM read_otlp_logs('${path}')`)).rejects.toThrow(
        `OTLP parse error on ${path}: Parse failed: ${reason}`,
      );
    });
  }

  test('a pattern without a file', async () => {
    await expect(database.rows(`FROM read_otlp_logs('${folder}/none-*.json')`)).rejects.toThrow(
      `No files found that match the pattern "${folder}/none-*.json"`,
    );
  });
});

test('ignore_errors skips bad lines, and lists how many', async () => {
  const path = file('some-bad.jsonl', `${lines(2, 1)}{"resourceLogs":5}\n{\n${lines(1, 1)}`);
  expect(await database.rows(`SELECT count(body) AS n FROM read_otlp_logs('${path}', ignore_errors := true)`)).toEqual([
    { n: '3' },
  ]);
  const [listed] = await database.rows(
    `SELECT function_name, skipped, first_position, first_error FROM otlp_read_error_list() WHERE filename = '${path}'`,
  );
  expect(listed).toEqual({
    function_name: 'read_otlp_logs',
    skipped: '2',
    first_position: '3',
    first_error: 'resourceLogs must be an array, got 5',
  });
});

test('the list of errors has no credentials of a path', async () => {
  const path = file('X-Amz-Signature=0123456789&part=1.jsonl', `${lines(1, 1)}{\n`);
  const read = `FROM read_otlp_logs('${path}', filename := true, ignore_errors := true)`;
  expect(await database.rows(`SELECT filename, body ${read}`)).toEqual([{ filename: path, body: 'record 0' }]);
  const listed = await database.rows('SELECT filename FROM otlp_read_error_list()');
  expect(listed.at(-1)).toEqual({ filename: join(folder, 'X-Amz-Signature=[redacted]&part=1.jsonl') });
});

// From the first byte of a body to its receipt: encodings, limits while reading and inflating, Expect, and what a
// receipt says.

import { readFileSync } from 'node:fs';
import { Readable, type Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createDeflate, createDeflateRaw, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Signal } from '../../src/schema/column-declaration.js';
import { eventually } from '../support/eventually.js';
import { jsonOf } from '../support/http-client.js';
import { serve } from '../support/otel-database.js';
import { postHead, RawConnection } from '../support/raw-connection.js';
import { largeLogRequest, logsRequest, metricsRequest, pathOf, spansRequest } from '../support/telemetry.js';
import { zstdFrame, zstdZeros } from '../support/zstd-frame.js';

/** Encodings by a name of their own: "deflate" has two. */
const encoders: Record<string, { header: string; encode(body: Uint8Array): Uint8Array }> = {
  identity: { header: 'identity', encode: (body) => body },
  'an empty header': { header: '', encode: (body) => body },
  gzip: { header: 'gzip', encode: gzipSync },
  'GZIP in capitals': { header: 'GZIP', encode: gzipSync },
  'deflate as zlib': { header: 'deflate', encode: deflateSync },
  'deflate without a frame': { header: 'deflate', encode: deflateRawSync },
  zstd: { header: 'zstd', encode: zstdFrame },
};

describe('content encodings', () => {
  for (const [name, { header, encode }] of Object.entries(encoders)) {
    test(`${name} arrives as it was sent`, async () => {
      const server = await serve();
      const response = await server.post(encode(logsRequest(40, 'said ')), { headers: { 'content-encoding': header } });
      expect([response.status, jsonOf(response)['rows']]).toEqual([202, 40]);
      await server.flush();
      expect(await server.database.value("SELECT count(*) FILTER (body LIKE 'said %') FROM otlp_logs")).toBe('40');
    });
  }

  test('zstd as the reference compressor writes it arrives as it was sent', async () => {
    const server = await serve();
    // zstd -19 of logsRequest(8, 'said ')
    const body = Buffer.from(
      'KLUv/SSujQIApAMKqwESqAESEwkAACo2/pyXFyoICgZzYWlkIDASEwlAQjkxgIRIMsDGVzMACWc0QEt2NYCNhTbAz5Q3DSjg5QEg4+cDxzWveY3XvIZvkOwnXTZaGw==',
      'base64',
    );
    expect((await server.post(body, { headers: { 'content-encoding': 'zstd' } })).status).toBe(202);
    await server.flush();
    expect(await server.database.rows('SELECT body FROM otlp_logs ORDER BY body')).toEqual(
      Array.from({ length: 8 }, (_, i) => ({ body: `said ${i}` })),
    );
  });

  for (const header of ['br', 'compress', 'gzip, gzip', 'gzip;q=1', 'x-gzip', '*']) {
    test(`${header} is refused`, async () => {
      const server = await serve();
      const response = await server.post(gzipSync(logsRequest(1)), { headers: { 'content-encoding': header } });
      expect([response.status, jsonOf(response)['error']]).toEqual([415, 'unsupported_media_type']);
      expect(jsonOf(response)['message']).toContain(header);
    });
  }

  for (const header of ['gzip', 'deflate', 'zstd']) {
    for (const [what, body] of [
      ['what is not', Buffer.from('surely not compressed')],
      ['nothing at all', Buffer.alloc(0)],
      [
        'half of what is',
        encoders[header === 'deflate' ? 'deflate as zlib' : header]!.encode(logsRequest(50)).subarray(0, 60),
      ],
    ] as const) {
      test(`${header} of ${what} is malformed`, async () => {
        const server = await serve();
        const response = await server.post(body, { headers: { 'content-encoding': header } });
        expect([response.status, jsonOf(response)['error']]).toEqual([400, 'bad_request']);
        expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: '0' });
      });
    }
  }
});

const MiB = 1 << 20;

describe('max_body_bytes', () => {
  const LIMIT = 100_000;
  const small = largeLogRequest(LIMIT - 100);
  const large = largeLogRequest(LIMIT + 1);

  for (const [name, { header, encode }] of Object.entries(encoders)) {
    test(`${name}: a body that inflates to less is taken, one that inflates to more is not`, async () => {
      const server = await serve({ max_body_bytes: LIMIT });
      const headers = { 'content-encoding': header };
      expect((await server.post(encode(small), { headers })).status).toBe(202);
      const response = await server.post(encode(large), { headers });
      expect([response.status, jsonOf(response)['error']]).toEqual([413, 'payload_too_large']);
      expect(jsonOf(response)['message']).toContain(`max_body_bytes ${LIMIT}`);
      expect(await server.counters('total_rows')).toEqual({ total_rows: '1' });
    });
  }

  test('exactly as large is not larger', async () => {
    const server = await serve({ max_body_bytes: small.length });
    expect((await server.post(small)).status).toBe(202);
    expect((await server.post(gzipSync(small), { headers: { 'content-encoding': 'gzip' } })).status).toBe(202);
    expect((await server.post([small])).status).toBe(202);
  });

  const zeros = Buffer.alloc(MiB);
  const BOMB_MIB = 512;
  for (const [name, bomb] of [
    ['gzip', () => Buffer.concat(Array<Buffer>(BOMB_MIB).fill(gzipSync(zeros)))],
    ['deflate as zlib', () => compressed(createDeflate(), zeros, BOMB_MIB)],
    ['deflate without a frame', () => compressed(createDeflateRaw(), zeros, BOMB_MIB)],
    ['zstd', () => zstdZeros(BOMB_MIB * MiB)],
  ] as const) {
    test(`a ${name} bomb does not take its size in memory`, async () => {
      const server = await serve();
      const body = await bomb();
      expect(body.length).toBeLessThan(1 * MiB);
      const peakBytes = Math.max(process.resourceUsage().maxRSS * 1024, process.memoryUsage.rss() + 200 * MiB);
      const response = await server.post(body, { headers: { 'content-encoding': encoders[name]!.header } });
      expect(response.status).toBe(413);
      expect(process.resourceUsage().maxRSS * 1024).toBeLessThanOrEqual(peakBytes);
      expect(await server.counters('admitted_bytes', 'buffered_rows')).toEqual({
        admitted_bytes: '0',
        buffered_rows: '0',
      });
    });
  }

  test('a body without a length is cut off where it passes the limit', async () => {
    const server = await serve({ max_body_bytes: LIMIT });
    const client = await RawConnection.open(server.port);
    client.write(`${postHead({ 'transfer-encoding': 'chunked' })}\r\n`);
    const chunk = Buffer.alloc(40_000);
    for (let sent = 0; sent <= LIMIT; sent += chunk.length) {
      client.write(`${chunk.length.toString(16)}\r\n`);
      client.write(chunk);
      client.write('\r\n');
    }
    // The last chunk is never sent: the answer cannot have waited for it.
    expect(await client.until(/\r\n\r\n\{.*\}/)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await server.counters('admitted_bytes', 'active_requests')).toEqual({
      admitted_bytes: '0',
      active_requests: '0',
    });
  });

  test('a declared length is refused before any of it is sent', async () => {
    const server = await serve({ max_body_bytes: LIMIT });
    const client = await RawConnection.open(server.port);
    client.write(`${postHead({ 'content-length': String(LIMIT + 1) })}\r\n`);
    expect(await client.until(/\r\n\r\n\{.*\}/)).toMatch(/^HTTP\/1\.1 413 /);
  });

  for (const [what, refused, status] of [
    ['too long', { 'content-length': String(100 * LIMIT) }, 413],
    ['of no known length', { 'transfer-encoding': 'chunked', authorization: 'Bearer wrong' }, 401],
  ] as const) {
    test(`a refused body ${what} is not read on for ever`, async () => {
      const server = await serve({ max_body_bytes: LIMIT });
      const client = await RawConnection.open(server.port);
      client.write(`${postHead(refused)}\r\n`);
      const answer = await client.ended();
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    });
  }

  test('a refused body that may be read leaves its connection to the next request', async () => {
    const server = await serve({ max_body_bytes: LIMIT });
    const client = await RawConnection.open(server.port);
    const body = logsRequest(3);
    const length = { 'content-length': String(body.length) };
    client.write(`${postHead({ ...length, authorization: 'Bearer wrong' })}\r\n`);
    client.write(body);
    await client.until(/\r\n\r\n\{.*\}/);
    client.write(`${postHead(length)}\r\n`);
    client.write(body);
    expect(await client.until(/"batches":1\}/)).toMatch(/HTTP\/1\.1 202 Accepted\r\n/);
  });
});

describe('records that are small to send and large to keep', () => {
  const COUNT = 400_000;
  const record = Buffer.from([0x12, 0x00]);
  /** Resource group → scope group → empty records, which are field 2 of a scope group in all signals. */
  const records = inField(1, inField(2, Buffer.alloc(COUNT * record.length, record)));
  // A span's field 11 is an event, which is 76 bytes of JSON.
  const events = inField(1, inField(2, inField(2, Buffer.alloc(2 * COUNT, Buffer.from([0x5a, 0x00])))));
  const groups = (name: string, scope: string, list: string) =>
    `{"${name}":[{"${scope}":[{"${list}":[${Array<string>(COUNT).fill('{}').join()}]}]}]}`;
  const logs = groups('resourceLogs', 'scopeLogs', 'logRecords');
  const points = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[${Array<string>(COUNT).fill('{}').join()}]}}]}]}]}`;

  // It once took more than a gigabyte to decode 16 MiB of empty records, before any limit was looked at.
  for (const [name, path, type, body] of [
    ['logs in protobuf', '/v1/logs', 'application/x-protobuf', records],
    ['events in protobuf', '/v1/traces', 'application/x-protobuf', events],
    ['logs in JSON', '/v1/logs', 'application/json', logs],
    ['spans in JSON', '/v1/traces', 'application/json', groups('resourceSpans', 'scopeSpans', 'spans')],
    ['points in JSON', '/v1/metrics', 'application/json', points],
    ['logs in lines of JSON', '/v1/logs', 'application/x-ndjson', `${logs}\n`],
  ] as const) {
    for (const encoding of ['identity', 'gzip'] as const) {
      test(`${name}, ${encoding}, are refused before they are`, async () => {
        const server = await serve({ max_body_bytes: 2 * MiB });
        const encoded = encoding === 'gzip' ? gzipSync(body) : Buffer.from(body);
        const sent = { path, headers: { 'content-type': type, 'content-encoding': encoding } };
        const response = await server.post(encoded, sent);
        expect([response.status, jsonOf(response)['error']]).toEqual([413, 'payload_too_large']);
        expect(jsonOf(response)['message']).toContain('8 × max_body_bytes');
        expect(await server.counters('admitted_bytes', 'buffered_rows')).toEqual({
          admitted_bytes: '0',
          buffered_rows: '0',
        });
        expect((await server.post(logsRequest(1000))).status).toBe(202);
      });
    }
  }
});

test('a small body that inflates to a large one holds nobody else up', async () => {
  const server = await serve();
  const records = Buffer.alloc(3 * MiB, Buffer.from([0x12, 0x02, 0x10, 0x01]));
  const body = gzipSync(inField(1, inField(2, records)), { level: 9 });
  expect(body.length).toBeLessThan(8192);
  const sender = await RawConnection.open(server.port);
  const other = await RawConnection.open(server.port);
  const head = postHead({ 'content-encoding': 'gzip', 'content-length': String(body.length) });
  sender.write(`${head}\r\n`);
  sender.write(body.subarray(0, -1));
  await eventually(async () => expect(await server.counters('active_requests')).toEqual({ active_requests: '1' }));
  const answers: string[] = [];
  sender.write(body.subarray(-1));
  other.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await Promise.all(
    [sender, other].map(async (client) => answers.push((await client.until(/\r\n\r\n\{.*\}/)).slice(9, 12))),
  );
  expect(answers).toEqual(['200', '413']);
});

test('a body in chunks is one body', async () => {
  const server = await serve();
  const body = logsRequest(100);
  const response = await server.post([body.subarray(0, 7), body.subarray(7, 1000), body.subarray(1000)]);
  expect([response.status, jsonOf(response)['rows']]).toEqual([202, 100]);
  expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: String(body.length) });
});

test('admitted_bytes counts encoded bytes', async () => {
  const server = await serve();
  const body = gzipSync(logsRequest(100));
  await server.post(body, { headers: { 'content-encoding': 'gzip' } });
  expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: String(body.length) });
});

describe('Expect: 100-continue', () => {
  const body = logsRequest(2);
  const length = String(body.length);

  test('is answered once the headers are found good, and then the body is taken', async () => {
    const server = await serve();
    const client = await RawConnection.open(server.port);
    client.write(`${postHead({ expect: '100-continue', 'content-length': length })}\r\n`);
    expect(await client.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.write(body);
    expect(await client.until(/"batches":1\}/)).toMatch(/HTTP\/1\.1 202 Accepted\r\n/);
  });

  for (const [status, headers] of [
    [401, { authorization: 'Bearer wrong', 'content-length': length }],
    [415, { 'content-type': 'text/plain', 'content-length': length }],
    [413, { 'content-length': '1000000' }],
    [503, { 'content-length': '5000' }],
  ] as const) {
    test(`is answered ${status} instead, before the body is sent`, async () => {
      const server = await serve({ max_body_bytes: 10_000, max_buffered_bytes: 1000 });
      const client = await RawConnection.open(server.port);
      client.write(`${postHead({ expect: '100-continue', ...headers })}\r\n`);
      expect(await client.until(/\r\n\r\n\{.*\}/)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    });
  }

  test('404 and 405 need no body either', async () => {
    const server = await serve();
    for (const [line, status] of [
      ['POST /nothing HTTP/1.1', 404],
      ['PUT /v1/logs HTTP/1.1', 405],
    ] as const) {
      const client = await RawConnection.open(server.port);
      client.write(`${line}\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n`);
      expect(await client.until(/\r\n\r\n\{.*\}/)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });
});

test('one connection serves request after request, refused ones between them', async () => {
  const server = await serve();
  const client = await RawConnection.open(server.port);
  const body = logsRequest(1);
  const good = postHead({ 'content-length': String(body.length) });
  const refused = postHead({ 'content-length': String(body.length), authorization: 'Bearer wrong' });
  for (const request of [good, refused, good]) {
    client.write(`${request}\r\n`);
    client.write(body);
  }
  const answers = await client.until(/(HTTP[\s\S]*){3}\}$/);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 202', 'HTTP/1.1 401', 'HTTP/1.1 202']);
});

describe('a receipt', () => {
  const requests: [Signal, Uint8Array, number, number][] = [
    ['logs', logsRequest(3), 3, 1],
    ['traces', spansRequest(4), 4, 1],
    ['metrics', metricsRequest(), 5, 5],
  ];
  for (const [signal, body, rows, batches] of requests) {
    test(`of ${signal} counts rows and the tables that got some`, async () => {
      const response = await (await serve()).post(body, { path: pathOf[signal] });
      expect([response.status, jsonOf(response)]).toEqual([202, { status: 'buffered', rows, batches }]);
    });

    test(`of no bytes of protobuf to ${pathOf[signal]} counts none`, async () => {
      const server = await serve();
      const response = await server.post('', { path: pathOf[signal] });
      expect([response.status, jsonOf(response)]).toEqual([202, { status: 'buffered', rows: 0, batches: 0 }]);
      expect(await server.flush()).toEqual({ status: 'sealed', sealed_rows: '0', seals_total: '0', error: null });
    });
  }

  for (const [signal, rows, batches] of [
    ['logs', 3, 1],
    ['traces', 2, 1],
    ['metrics', 6, 5],
  ] as const) {
    for (const [extension, type, encoding] of [
      ['json', 'application/json', ''],
      ['ndjson', 'application/x-ndjson', ''],
      ['pb', 'application/x-protobuf', ''],
      ['pb.gz', 'application/x-protobuf', 'gzip'],
    ] as const) {
      test(`of ${signal} as ${extension} is JSON of the same shape`, async () => {
        const body = readFileSync(new URL(`../data/${signal}.${extension}`, import.meta.url));
        const headers = { 'content-type': type, 'content-encoding': encoding };
        const response = await (await serve()).post(body, { path: pathOf[signal], headers });
        expect([response.status, jsonOf(response)]).toEqual([202, { status: 'buffered', rows, batches }]);
      });
    }
  }
});

test('one bad record refuses the whole request, and buffers nothing of it', async () => {
  const server = await serve();
  // A metric fans out to several tables; the last one is cut off.
  const body = metricsRequest();
  const response = await server.post(body.subarray(0, body.length - 1), { path: '/v1/metrics' });
  expect([response.status, jsonOf(response)['error']]).toEqual([400, 'bad_request']);
  expect(await server.counters('buffered_rows', 'total_rows', 'admitted_bytes', 'total_requests')).toEqual({
    buffered_rows: '0',
    total_rows: '0',
    admitted_bytes: '0',
    total_requests: '1',
  });
});

/** A piece, compressed as if it stood there so many times. */
async function compressed(stream: Transform, piece: Uint8Array, times: number): Promise<Buffer> {
  return buffer(Readable.from(Array<Uint8Array>(times).fill(piece)).pipe(stream));
}

/** A field of a protobuf message that holds bytes. */
function inField(number: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

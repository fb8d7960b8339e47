// What messages may be compressed with, byte by byte: gRPC libraries do not send most of this.

import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OtelDatabase, type OtelServer } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';
import { zstdFrame, zstdZeros } from '../support/zstd-frame.js';
import { exportPath } from './grpc-client.js';
import { prefixed, type RawAnswer, RawGrpcConnection } from './raw-call.js';

const body = logsRequest(2);
const maxBytes = 100_000;

let database: OtelDatabase;
let server: OtelServer;

beforeAll(async () => {
  database = await OtelDatabase.open();
  server = await database.serve({ transport: 'grpc', max_body_bytes: maxBytes });
});
afterAll(() => database.close());

async function sent(bytes: Uint8Array, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return (await RawGrpcConnection.open(server.port)).unary(exportPath.logs, bytes, headers);
}

function statusOf({ trailers }: RawAnswer): { code: number; message: string } {
  return { code: Number(trailers['grpc-status']), message: decodeURIComponent(String(trailers['grpc-message'] ?? '')) };
}

const zstdNames = ['zstd', ...Array.from({ length: 10 }, (_, i) => `zstdarrow${i + 1}`)];

describe('is understood', () => {
  for (const [name, bytes] of [
    ['identity', prefixed(body)],
    ['gzip', prefixed(gzipSync(body), 1)],
    ['deflate', prefixed(deflateSync(body), 1)],
    ...zstdNames.map((name) => [name, prefixed(zstdFrame(body), 1)] as const),
  ] as const) {
    test(name, async () => {
      const before = Number((await server.counters('total_rows'))['total_rows']);
      const answer = await sent(bytes, { 'grpc-encoding': name });
      expect(statusOf(answer)).toEqual({ code: 0, message: '' });
      expect(answer.headers).toMatchObject({
        ':status': 200,
        'content-type': 'application/grpc+proto',
        'grpc-accept-encoding': 'identity,gzip,deflate,zstd',
      });
      expect(answer.body).toEqual(prefixed(Buffer.alloc(0)));
      expect(await server.counters('total_rows')).toEqual({ total_rows: String(before + 2) });
    });
  }

  test('a message that is not compressed on a call that names a compression', async () => {
    expect(statusOf(await sent(prefixed(body), { 'grpc-encoding': 'gzip' })).code).toBe(0);
  });

  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc; charset=utf-8']) {
    test(`content-type ${type}`, async () => {
      expect(statusOf(await sent(prefixed(body), { 'content-type': type })).code).toBe(0);
    });
  }

  test('a message that comes byte by byte', async () => {
    const call = (await RawGrpcConnection.open(server.port)).call(exportPath.logs);
    for (const byte of prefixed(body)) call.write(Buffer.of(byte));
    call.end();
    expect(statusOf(await call.answer).code).toBe(0);
  });
});

describe('is refused', () => {
  for (const [what, bytes, headers, code, message] of [
    [
      'an encoding that is not known: UNIMPLEMENTED',
      prefixed(body, 1),
      { 'grpc-encoding': 'snappy' },
      12,
      'grpc-encoding must be',
    ],
    [
      'a level that does not exist: UNIMPLEMENTED',
      prefixed(body, 1),
      { 'grpc-encoding': 'zstdarrow11' },
      12,
      'grpc-encoding must be',
    ],
    [
      'a compressed message on a call that names no compression: INTERNAL',
      prefixed(gzipSync(body), 1),
      {},
      13,
      'flagged as compressed',
    ],
    [
      'a compressed message on a call of identity: INTERNAL',
      prefixed(gzipSync(body), 1),
      { 'grpc-encoding': 'identity' },
      13,
      'flagged as compressed',
    ],
    ['a flag that is neither 0 nor 1: INTERNAL', prefixed(body, 2), {}, 13, 'compression flag of 2'],
    [
      'what is not compressed as it says: INVALID_ARGUMENT',
      prefixed(body, 1),
      { 'grpc-encoding': 'gzip' },
      3,
      'cannot decompress gzip',
    ],
    ['no message: INVALID_ARGUMENT', Buffer.alloc(0), {}, 3, 'takes one message, got none'],
    ['two messages: INVALID_ARGUMENT', Buffer.concat([prefixed(body), prefixed(body)]), {}, 3, 'got another'],
    ['half a message: INVALID_ARGUMENT', prefixed(body).subarray(0, -1), {}, 3, 'ended inside'],
    ['half a prefix: INVALID_ARGUMENT', prefixed(body).subarray(0, 3), {}, 3, 'ended inside'],
    [
      'a message longer than max_body_bytes: RESOURCE_EXHAUSTED',
      prefixed(Buffer.alloc(0), 0, maxBytes + 1),
      {},
      8,
      `max_body_bytes ${maxBytes}`,
    ],
    [
      'a length of 4 GiB: RESOURCE_EXHAUSTED',
      prefixed(Buffer.alloc(0), 0, 0xffff_ffff),
      {},
      8,
      'message of 4294967295 bytes',
    ],
    [
      'what inflates beyond max_body_bytes: RESOURCE_EXHAUSTED',
      prefixed(gzipSync(Buffer.alloc(maxBytes + 1)), 1),
      { 'grpc-encoding': 'gzip' },
      8,
      `max_body_bytes ${maxBytes}`,
    ],
    [
      'zstd that inflates beyond max_body_bytes: RESOURCE_EXHAUSTED',
      prefixed(zstdZeros(1 << 20), 1),
      { 'grpc-encoding': 'zstdarrow5' },
      8,
      `max_body_bytes ${maxBytes}`,
    ],
  ] as const) {
    test(what, async () => {
      const answer = await sent(bytes, headers);
      expect(statusOf(answer)).toEqual({ code, message: expect.stringContaining(message) });
      expect(answer.headers[':status']).toBe(200);
      expect(answer.headers['grpc-accept-encoding']).toBe('identity,gzip,deflate,zstd');
      expect(await server.counters('active_requests', 'last_error')).toEqual({
        active_requests: '0',
        last_error: null,
      });
    });
  }

  for (const [what, headers] of [
    ['HTTP that is not gRPC', { 'content-type': 'application/json' }],
    ['no content type', { 'content-type': '' }],
    ['gRPC-Web', { 'content-type': 'application/grpc-web+proto' }],
    ['gRPC of JSON', { 'content-type': 'application/grpc+json' }],
    ['a method other than POST', { ':method': 'PUT' }],
  ] as const) {
    test(`${what}: HTTP status 415`, async () => {
      const { headers: answered } = await sent(prefixed(body), headers as Record<string, string>);
      expect(answered[':status']).toBe(415);
      expect(answered['grpc-status']).toBeUndefined();
    });
  }
});

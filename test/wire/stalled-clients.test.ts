// Clients that stop in the middle: they are cut off, and leave nothing behind. Most of the waiting in here is the
// second at whose pace the listener looks for late requests, so the tests wait side by side.

import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type OtelServer, serve } from '../support/otel-database.js';
import { postHead, RawConnection } from '../support/raw-connection.js';
import { logsRequest } from '../support/telemetry.js';

const body = logsRequest(5);
const declared = postHead({ 'content-length': String(body.length) });
const chunked = postHead({ 'transfer-encoding': 'chunked' });

async function expectNothingHeld(server: OtelServer): Promise<void> {
  await eventually(async () => {
    expect(await server.counters('admitted_bytes', 'active_requests', 'buffered_rows')).toEqual({
      admitted_bytes: '0',
      active_requests: '0',
      buffered_rows: '0',
    });
  });
}

async function expectOneAdmitted(server: OtelServer): Promise<void> {
  await eventually(async () => {
    expect(await server.counters('active_requests', 'admitted_bytes > 0 AS holds')).toEqual({
      active_requests: '1',
      holds: true,
    });
  });
}

describe.concurrent('a client that stalls', () => {
  for (const [where, started] of [
    ['before the end of its headers', declared.slice(0, -20)],
    ['in its request line', 'POST /v1/l'],
    ['before a byte of its body', `${declared}\r\n`],
    ['in the middle of its body', `${declared}\r\nhalf`],
    ['between chunks', `${chunked}\r\n4\r\nhalf\r\n`],
    ['within a chunk', `${chunked}\r\n8\r\nhalf`],
  ] as const) {
    test(`${where} is answered 408, and its connection is closed though the client keeps its end open`, async ({
      onTestFinished,
    }) => {
      const server = await serve({ headers_timeout_ms: 150, request_timeout_ms: 300 }, onTestFinished);
      const client = await RawConnection.open(server.port, onTestFinished);
      client.write(started);
      const answer = await client.ended();
      expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      expect(answer).toMatch(/\r\ncontent-type: application\/json\r\n/i);
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
        error: 'request_timeout',
        message: expect.any(String),
      });
      await expectNothingHeld(server);
    });
  }

  test('has until headers_timeout_ms for its headers and until request_timeout_ms for the rest', async ({
    onTestFinished,
  }) => {
    const server = await serve({ headers_timeout_ms: 150, request_timeout_ms: 20_000 }, onTestFinished);
    const slow = await RawConnection.open(server.port, onTestFinished);
    const stalled = await RawConnection.open(server.port, onTestFinished);
    slow.write(`${declared}\r\n`);
    stalled.write(declared);
    expect(await stalled.ended()).toMatch(/^HTTP\/1\.1 408 /);
    slow.write(body);
    expect(await slow.until(/\r\n\r\n\{.*\}/)).toMatch(/^HTTP\/1\.1 202 /);
  });
});

describe('a client that goes away', () => {
  for (const [where, started] of [
    ['with its body half sent', `${declared}\r\nhalf`],
    ['between chunks', `${chunked}\r\n4\r\nhalf\r\n`],
  ] as const) {
    test(`${where} holds no room`, async () => {
      const server = await serve();
      const client = await RawConnection.open(server.port);
      client.write(started);
      await expectOneAdmitted(server);
      client.reset();
      await expectNothingHeld(server);
      expect(await server.counters('total_requests', 'total_rows')).toEqual({ total_requests: '1', total_rows: '0' });
    });
  }

  test('having sent everything loses no row', async () => {
    const server = await serve();
    const client = await RawConnection.open(server.port);
    client.write(`${declared}\r\n`);
    client.write(body);
    await client.until(/202/);
    client.reset();
    await server.flush();
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('5');
  });

  // Declared lengths were once reserved before a byte had come: for as long as a request may take, nobody else was served.
  test('having declared a body, but sent none of it, takes no room from others', async () => {
    const server = await serve({ max_buffered_bytes: 10 * body.length, max_body_bytes: 10 * body.length });
    for (let i = 0; i < 3; i++) {
      const client = await RawConnection.open(server.port);
      client.write(`${postHead({ 'content-length': String(10 * body.length) })}\r\n`);
    }
    await eventually(async () => expect(await server.counters('active_requests')).toEqual({ active_requests: '3' }));
    expect((await server.post(body)).status).toBe(202);
  });

  test('leaves its room to others, however often', async () => {
    const server = await serve({ max_buffered_bytes: body.length });
    for (let round = 0; round < 20; round++) {
      const client = await RawConnection.open(server.port);
      client.write(`${declared}\r\nhalf`);
      await expectOneAdmitted(server);
      expect((await server.post(body)).status).toBe(503);
      client.reset();
      await expectNothingHeld(server);
    }
    expect((await server.post(body)).status).toBe(202);
  });
});

// Each running query holds a thread of libuv's pool. With the size that the launcher sets, many calls and long queries
// go side by side with ingest.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { messageOf } from '../../src/base/failure.js';
import { QueryDatabase } from '../query/query-database.js';
import { eventually } from '../support/eventually.js';
import { send } from '../support/http-client.js';
import { serve } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

test('the tests run with the size that the launcher sets', () => {
  expect(Number(process.env['UV_THREADPOOL_SIZE'])).toBeGreaterThanOrEqual(32);
});

test('20 flushes at once on 20 connections finish', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await server.post(logsRequest(10));
  const { database } = server;
  const connections = await Promise.all(Array.from({ length: 20 }, () => database.otel.connect()));
  const startMs = performance.now();
  const flushed = await Promise.all(connections.map((each) => database.rows(`FROM otlp_flush('${server.uri}')`, each)));
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect(flushed.map(([row]) => row!['status'])).toEqual(Array(20).fill('sealed'));
  expect(flushed.reduce((rows, [row]) => rows + Number(row!['sealed_rows']), 0)).toBe(10);
  for (const connection of connections) connection.closeSync();
});

test('ingest goes on beside four long queries', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  const { database } = server;
  const connections = await Promise.all(Array.from({ length: 4 }, () => database.instance.connect()));
  let running = connections.length;
  const queries = connections.map((connection) =>
    connection
      .run('SELECT count(*) FROM range(20_000_000) a(i), range(50_000) b(j) WHERE (i * j) % 7 = 3')
      .catch((error: Error) => error.message)
      .finally(() => running--),
  );
  const body = gzipSync(logsRequest(100));
  for (let i = 0; i < 10; i++) {
    const startMs = performance.now();
    expect((await server.post(body, { headers: { 'content-encoding': 'gzip' } })).status).toBe(202);
    expect(performance.now() - startMs).toBeLessThan(5000);
  }
  // Inflating, decoding and answering needs no thread of the pool; committing and listing need one each.
  expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '1000' });
  expect(running).toBe(4);
  for (const connection of connections) connection.interrupt();
  expect(await Promise.all(queries)).toEqual(Array(4).fill(expect.stringContaining('INTERRUPT')));
  for (const connection of connections) connection.closeSync();
});

// Query functions and other calls once had limits that did not know of each other: 14 queries and 18 flushes took all 32 threads, and
// the commit that the flushes waited for got none.
test('ingest and commits go on beside more query functions, and flushes, than there are threads', async () => {
  const database = await QueryDatabase.open({ promql: new URL('../query/holding-engine.mjs', import.meta.url) });
  const threads = Number(process.env['UV_THREADPOOL_SIZE']);
  const connections = await Promise.all(Array.from({ length: threads + 8 }, () => database.connect()));
  const journal = mkdtempSync(join(tmpdir(), 'otelduck-pool-'));
  try {
    const [served] = await database.rows(
      `FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := ${NEVER_MS}, durability := 'journal', journal_path := '${journal}')`,
    );
    const uri = String(served!['listen_uri']);
    const headers = { 'content-type': 'application/x-protobuf' };
    const port = Number(/\d+$/.exec(uri)![0]);
    const post = () => send({ port, path: '/v1/logs', headers, body: logsRequest(10) });
    const ask = (sql: string) => (connection: DuckDBConnection) => database.rows(sql, connection).catch(messageOf);
    const codesOf = async (outcomes: readonly Promise<unknown>[]) =>
      (await Promise.all(outcomes)).map((outcome) => /OTLP_\w+/.exec(String(outcome))?.[0]);
    const waiting = Math.floor(0.6 * Math.floor((5 / 8) * threads));
    // Each that may wait holds a thread until it is canceled.
    const queries = connections.map(ask("FROM promql('up')"));
    await eventually(() => expect(database.runner.running).toHaveLength(waiting));
    const refused = await codesOf(await settled(queries, connections.length - waiting));
    expect(new Set(refused)).toEqual(new Set(['OTLP_POOL_TOO_SMALL']));
    expect((await post()).status).toBe(202);
    const others = await Promise.all(Array.from({ length: threads }, () => database.connect()));
    const flushes = await codesOf(others.map(ask(`SELECT status FROM otlp_flush('${uri}')`)));
    expect(new Set(flushes)).toEqual(new Set([undefined, 'OTLP_POOL_TOO_SMALL']));
    expect((await post()).status).toBe(202);
    expect(await database.rows(`FROM otlp_flush('${uri}')`)).toMatchObject([{ status: 'sealed', sealed_rows: '10' }]);
    for (const { id } of database.runner.running) database.runner.cancel(id, 'by a test');
    const canceled = (await codesOf(queries)).filter((code) => code === 'OTLP_QUERY_CANCELED');
    expect(canceled).toHaveLength(waiting);
    for (const connection of others) connection.closeSync();
  } finally {
    for (const connection of connections) connection.closeSync();
    await database.close();
    rmSync(journal, { recursive: true, force: true });
  }
});

/** The first of these to come to an end. */
async function settled<T>(promises: readonly Promise<T>[], count: number): Promise<Promise<T>[]> {
  const found: Promise<T>[] = [];
  await new Promise<void>((resolve) => {
    for (const promise of promises) {
      void promise.then(() => {
        if (found.push(promise) === count) resolve();
      });
    }
  });
  return found;
}

// Servers of queries, as clients and SQL see them.

import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { jsonOf, send } from '../support/http-client.js';
import { OtelDatabase } from '../support/otel-database.js';
import { QueryDatabase } from './query-database.js';

const TOKEN = 'a-token-that-reads';

async function openDatabase(): Promise<OtelDatabase> {
  const database = await OtelDatabase.open();
  onTestFinished(() => database.close());
  return database;
}

async function serve(database: Pick<OtelDatabase, 'rows'>, options = '') {
  const [row] = await database.rows(`FROM otlp_query_serve('query:127.0.0.1:0', read_token := '${TOKEN}'${options})`);
  const uri = String(row!['listen_uri']);
  const port = Number(/\d+$/.exec(uri)![0]);
  const ask = (path: string, authorization = `Bearer ${TOKEN}`) =>
    send({ port, path, method: 'GET', headers: { authorization } });
  return { uri, port, ask };
}

/** A database in which no PromQL comes to an end by itself. */
async function openHolding(): Promise<QueryDatabase> {
  const database = await QueryDatabase.open({ promql: new URL('./holding-engine.mjs', import.meta.url) });
  onTestFinished(() => database.close());
  return database;
}

const QUERY = 'sum by (job) (rate(requests[5m]))';
const QUERY_PATH = `/api/v1/query?query=${encodeURIComponent(QUERY)}`;

test('it answers those who have the token, in the words of the API', async () => {
  const { ask } = await serve(await openDatabase());
  const answer = await ask('/api/v1/query?query=1%2B1&time=4');
  expect([answer.status, jsonOf(answer)['data']]).toEqual([200, { resultType: 'scalar', result: [4, '2'] }]);
  const basic = `Basic ${Buffer.from(`grafana:${TOKEN}`).toString('base64')}`;
  expect((await ask('/api/v1/query?query=1%2B1', basic)).status).toBe(200);
  const refused = await ask('/api/v1/query?query=1%2B1', 'Bearer of-nothing-at-all');
  expect([refused.status, jsonOf(refused)['status']]).toEqual([401, 'error']);
});

test('a query is listed while it runs, and canceled by its number', async () => {
  const database = await openHolding();
  const { ask } = await serve(database);
  const asked = ask(QUERY_PATH);
  const [listed] = await eventually(async () => {
    const rows = await database.rows(
      'SELECT query_id, kind, query, state, client, elapsed_ms >= 0 AS lasts FROM otlp_query_list()',
    );
    expect(rows).toMatchObject([{ state: 'running' }]);
    return rows;
  });
  expect(listed).toMatchObject({
    kind: 'promql',
    query: QUERY,
    client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    lasts: true,
  });
  const id = listed!['query_id'];
  expect(await database.rows(`FROM otlp_query_cancel(${id})`)).toEqual([{ status: `Canceled query ${id}` }]);
  const answer = await asked;
  expect([answer.status, jsonOf(answer)]).toMatchObject([
    499,
    { errorType: 'canceled', error: `query ${id} was canceled by otlp_query_cancel` },
  ]);
  expect(await database.rows('FROM otlp_query_list()')).toEqual([]);
});

test('queries of a server have its limits', async () => {
  const { ask } = await serve(await openHolding(), ', query_timeout_ms := 50');
  const answer = await ask(QUERY_PATH);
  expect([answer.status, jsonOf(answer)]).toMatchObject([
    503,
    { errorType: 'timeout', error: 'the query took longer than query_timeout_ms = 50' },
  ]);
});

test('what is more than may run and wait is refused, over HTTP and in SQL', async () => {
  const database = await openHolding();
  const { ask } = await serve(database, ', max_concurrent_queries := 1, max_waiting_queries := 1');
  const held = [ask(QUERY_PATH), ask(QUERY_PATH)];
  await eventually(async () =>
    expect(await database.rows('SELECT state FROM otlp_query_list()')).toEqual([
      { state: 'running' },
      { state: 'waiting' },
    ]),
  );
  const text = 'too many queries: 1 are running and 1 are waiting';
  const refused = await ask(QUERY_PATH);
  expect([refused.status, jsonOf(refused)]).toMatchObject([503, { errorType: 'unavailable', error: text }]);
  await expect(database.rows("FROM promql('1')")).rejects.toThrow(`${text} [OTLP_QUERY_OVERLOADED]`);
  for (const { query_id: id } of (await database.rows('SELECT query_id FROM otlp_query_list()')).reverse()) {
    await database.rows(`FROM otlp_query_cancel(${id})`);
  }
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([499, 499]);
});

test('metrics tell of queries, on its own port too', async () => {
  const database = await openDatabase();
  const { ask } = await serve(database);
  await ask('/api/v1/query?query=1%2B1');
  await ask('/api/v1/query?query=vector(1)');
  const { status, headers, text } = await ask('/metrics', '');
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const lines = text.split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'otelduck_queries{state="running"} 0',
      'otelduck_queries{state="waiting"} 0',
      'otelduck_queries_max 20',
      'otelduck_query_reserved_bytes 0',
      'otelduck_queries_total{outcome="answered"} 2',
      'otelduck_query_seconds_count 2',
    ]),
  );
  expect(await database.value("SELECT value FROM otlp_metrics() WHERE name = 'otelduck_queries_total'")).toBe(2);
});

test('a server that is stopped frees its port, and closing the plugin stops the others', async () => {
  const database = await openDatabase();
  const { uri, ask } = await serve(database);
  const other = await serve(database);
  expect(await database.value(`FROM otlp_stop('${uri}')`)).toBe(`Stopped listening on ${uri}`);
  await expect(ask('/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect((await other.ask('/healthz')).status).toBe(200);
  await database.rows(`FROM otlp_query_serve('${uri}')`);
  await database.close();
  await expect(other.ask('/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('no server is started in a database that is kept from the network', async () => {
  const database = await openDatabase();
  database.otel.refuseWork!('this is a test');
  await expect(database.rows("FROM otlp_query_serve('query:127.0.0.1:0')")).rejects.toThrow(
    'servers cannot be started: this is a test [OTLP_SERVING_FORBIDDEN]',
  );
});

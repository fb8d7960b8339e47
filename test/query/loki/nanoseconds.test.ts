// Times of servers that keep nanoseconds, through every door that tells times. They once ended in 000 everywhere.

import { on, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import { LokiServer } from './loki-server.js';

const SECOND = 1767268800n * 1_000_000_000n;
/** Five records, of which three share a microsecond, sent in another order than that of their times. */
const rests = [7n, 1_003n, 1_001n, 1_002n, 900_000_999n];
const sorted = [7n, 1_001n, 1_002n, 1_003n, 900_000_999n].map((rest) => String(SECOND + rest));
const ALL = '{service_name="exact"}';

let server: LokiServer;

beforeAll(async () => {
  server = await LokiServer.start({ fidelity: 'exact' });
  const records = rests.map((rest) => ({
    timeUnixNano: String(SECOND + rest),
    observedTimeUnixNano: String(SECOND + rest + 5_000_000_000n),
    body: { stringValue: `at ${rest}` },
  }));
  // Three are committed, and two are in memory.
  await server.push({ 'service.name': 'exact' }, records.slice(0, 3));
  const { connection } = server.db;
  const [[uri]] = (await connection.runAndReadAll('SELECT listen_uri FROM otlp_server_list()')).getRows() as [[string]];
  await connection.run(`CALL otlp_flush('${uri}')`);
  await server.push({ 'service.name': 'exact' }, records.slice(3));
});
afterAll(() => server.close());

async function asked(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const { status, text } = await server.ask(`${path}?${new URLSearchParams(parameters)}`);
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return JSON.parse(text);
}

interface Streams {
  readonly data: { readonly result: readonly { readonly stream: object; readonly values: readonly string[][] }[] };
}

async function times(parameters: Readonly<Record<string, string>>): Promise<string[]> {
  const { data } = (await asked('query_range', { query: ALL, ...parameters })) as Streams;
  return data.result.flatMap(({ values }) => values.map(([time]) => time!)).sort();
}

describe('lines', () => {
  const second = { start: String(SECOND), end: String(SECOND + 1_000_000_000n) };

  test('have the times that were sent', async () => expect(await times(second)).toEqual(sorted));

  test('from the start, which is included, to the end, which is not', async () => {
    expect(await times({ start: sorted[1]!, end: sorted[3]! })).toEqual(sorted.slice(1, 3));
    expect(await times({ start: String(BigInt(sorted[1]!) + 1n), end: sorted[4]! })).toEqual(sorted.slice(2, 4));
  });

  test('come in the order of their times, in both directions', async () => {
    // What is observed is told in a label, so that each line is a stream of its own: a limit shows the order.
    expect(await times({ ...second, limit: '2', direction: 'forward' })).toEqual(sorted.slice(0, 2));
    expect(await times({ ...second, limit: '3', direction: 'backward' })).toEqual(sorted.slice(2));
  });

  test('say when they were observed', async () => {
    const { data } = (await asked('query_range', { query: `${ALL} |= "at 7"`, ...second })) as Streams;
    expect(data.result[0]!.stream).toMatchObject({ observed_timestamp: String(SECOND + 7n + 5_000_000_000n) });
  });

  test('tell templates their time', async () => {
    const query = `${ALL} |= "at 7" | line_format "{{ __timestamp__ | unixEpochNanos }}"`;
    const { data } = (await asked('query_range', { query, ...second })) as Streams;
    expect(data.result[0]!.values[0]![1]).toBe(sorted[0]);
  });
});

test('windows are cut at nanoseconds, whether DuckDB counts or lines are read', async () => {
  const value = async (query: string, time: string) => {
    const { data } = (await asked('query', { query, time })) as {
      readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
    };
    return data.result.map(({ value: [, count] }) => count);
  };
  for (const stage of ['', '| logfmt']) {
    const query = `sum(count_over_time(${ALL} ${stage} [1s]))`;
    expect(await value(query, sorted[2]!)).toEqual(['3']);
    // A window holds its end, and not its start.
    expect(await value(query, String(BigInt(sorted[2]!) - 1n))).toEqual(['2']);
    expect(await value(query, String(BigInt(sorted[2]!) + 1_000_000_000n))).toEqual(['2']);
  }
});

test('statistics count what is between two nanoseconds', async () => {
  expect(await asked('index/stats', { query: ALL, start: sorted[1]!, end: sorted[3]! })).toMatchObject({ entries: 2 });
});

test('SQL has what microseconds leave out beside the time', async () => {
  const { connection } = server.db;
  const found = await connection.runAndReadAll(
    `SELECT epoch_us("time") * 1000 + time_rest FROM logql('${ALL}', since := TIMESTAMP '2026-01-01 12:00:00', until := TIMESTAMP '2026-01-01 12:00:01')`,
  );
  expect(found.getRows().map(([time]) => String(time))).toEqual(sorted.toReversed());
});

test('a tail has them in its history and in what comes', async () => {
  const socket: WebSocket = server.tail(ALL, `&start=${SECOND}`);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  const frames = on(socket, 'message');
  const next = async () => {
    const { value } = await frames.next();
    const { streams } = JSON.parse(String(value[0])) as { readonly streams: Streams['data']['result'] };
    return streams.flatMap(({ values }) => values.map(([time]) => time)).sort();
  };
  expect(await next()).toEqual(sorted);
  const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n + 123_456n);
  await server.push({ 'service.name': 'exact' }, [{ timeUnixNano, body: { stringValue: 'new' } }]);
  expect(await next()).toEqual([timeUnixNano]);
});

test('a server of standard fidelity beside it has microseconds', async () => {
  const [[listenUrl]] = (
    await server.db.connection.runAndReadAll(
      "SELECT listen_url FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := 3600000)",
    )
  ).getRows() as [[string]];
  const response = await fetch(`${listenUrl}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'standard' } }] },
          scopeLogs: [{ logRecords: [{ timeUnixNano: sorted[4], body: { stringValue: 'rounded' } }] }],
        },
      ],
    }),
  });
  expect(response.status).toBe(202);
  expect(
    await times({ query: '{service_name="standard"}', start: String(SECOND), end: String(SECOND + 1_000_000_000n) }),
  ).toEqual([String(SECOND + 900_000_000n)]);
});

// After a restart with another fidelity. A tail then failed, because rows in memory lack the columns that the table has.
test('a tail has rows of a server that keeps none, where the table has nanoseconds', async () => {
  const standard = await LokiServer.start();
  onTestFinished(() => standard.close());
  for (const time of ['time_unix_nano', 'observed_time_unix_nano']) {
    await standard.db.connection.run(`ALTER TABLE otlp_logs ADD COLUMN ${time}_rest INTEGER`);
  }
  const socket = standard.tail('{service_name="standard"}');
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  const message = once(socket, 'message');
  const timeMs = Date.now();
  await standard.push({ 'service.name': 'standard' }, [
    { timeUnixNano: `${timeMs}000123`, body: { stringValue: 'new' } },
  ]);
  const { streams } = JSON.parse(String((await message)[0])) as { readonly streams: Streams['data']['result'] };
  expect(streams.map(({ values }) => values)).toEqual([[[`${timeMs}000000`, 'new']]]);
});

// The pages about rows before their commit, followed from the top: each sends something, and its first query has rows.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { FIRST_LOG, PAGE_TOKEN, sendFirstLog } from '../support/first-log.js';
import { type OtelServer, serve } from '../support/otel-database.js';

test('docs/live.md', async () => {
  const page = readFileSync('docs/live.md', 'utf8');
  const query = firstQuery(page);
  expect(page.indexOf(FIRST_LOG)).toBeLessThan(page.indexOf(query));
  const server = await serve({ token: PAGE_TOKEN });
  await sendFirstLog(server.port);
  expect(await server.database.rows(query)).toMatchObject([{ service_name: 'checkout' }]);
});

test('docs/summaries.md', async () => {
  const page = readFileSync('docs/summaries.md', 'utf8');
  const [, command] = /^```sh\n(.*?)^```$/ms.exec(page)!;
  expect(page.indexOf(command!)).toBeLessThan(page.indexOf(firstQuery(page)));
  const { stdout: body } = await promisify(execFile)('sh', ['-c', `curl() { cat; }; ${command}`]);
  const server = await serve({ token: PAGE_TOKEN });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${PAGE_TOKEN}` };
  expect((await server.post(body, { path: '/v1/traces', headers })).status).toBe(202);
  const queries = /^```sql\n(.*?)^```$/ms.exec(page)![1]!.match(/^FROM [^;]*/gm)!;
  const rows = await Promise.all(queries.map((query) => server.database.rows(query)));
  expect(rows).toMatchObject([
    [{ service: 'shop', requests: '1', errors: '0', p95_ms: 250 }],
    [{ name: 'charge card', message: 'card declined' }],
    [{ operation: 'POST /checkout' }, { operation: 'charge card' }],
    [
      { depth: 0, self_ms: 50 },
      { depth: 1, name: 'charge card', status: 'error' },
    ],
  ]);
});

test('docs/prometheus.md', async () => {
  const page = readFileSync('docs/prometheus.md', 'utf8');
  const [, command] = /^```sh\n(.*?)^```$/ms.exec(page)!;
  const query = firstQuery(page);
  expect(page.indexOf(command!)).toBeLessThan(page.indexOf(query));
  const { stdout: body } = await promisify(execFile)('sh', [
    '-c',
    `curl() { while [ $# -gt 1 ]; do shift; done; printf %s "$1"; }; ${command}`,
  ]);
  const server = await serve({ token: PAGE_TOKEN });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${PAGE_TOKEN}` };
  expect((await server.post(body, { path: '/v1/metrics', headers })).status).toBe(202);
  // 6 in a minute, extrapolated as Prometheus does.
  expect(await server.database.rows(query)).toEqual([{ service: 'checkout', value: 9 }]);
  const [, ranged] = /^(SELECT time, [^;]*);/ms.exec(page)!;
  // Extrapolated to the end of the window at 00:02, and by half a minute at 00:03, when a sample is overdue.
  expect(await server.database.rows(ranged!)).toEqual([
    { time: '2026-01-01 00:02:00', service: 'checkout', value: 15 },
    { time: '2026-01-01 00:03:00', service: 'checkout', value: 12 },
  ]);
  const answer = await asked(await servedQueries(server, page), /^curl -G .*?(?=^```)/ms.exec(page)![0]);
  expect(answer).toMatchObject({
    status: 'success',
    data: { result: [{ metric: { job: 'checkout' }, value: [1767225660, '9'] }] },
  });
});

test('docs/administration.md', async () => {
  const page = readFileSync('docs/administration.md', 'utf8');
  const server = await serve({ token: PAGE_TOKEN });
  await sendFirstLog(server.port);
  await server.flush();
  const queries = await servedQueries(server, page);
  const answers = [];
  for (const command of page.match(/^curl .*api\/admin.*$/gm)!) {
    const words = await curlWords(command);
    const { pathname, search } = new URL(words.find((word) => word.startsWith('http'))!);
    const [name, value] = words[words.indexOf('-H') + 1]!.split(': ');
    const method = words.includes('-X') ? words[words.indexOf('-X') + 1]! : 'GET';
    answers.push(
      await (await fetch(`${queries}${pathname}${search}`, { method, headers: { [name!]: value! } })).json(),
    );
  }
  expect(answers).toMatchObject([
    { healthy: true, logical_rows: { otlp_logs: 1 } },
    { status: 'ok', retention: { tables: expect.arrayContaining([expect.objectContaining({ matching_rows: 1 })]) } },
  ]);
});

test('docs/loki.md', async () => {
  const page = readFileSync('docs/loki.md', 'utf8');
  const command = /^curl -G .*?(?=^```)/ms.exec(page)![0];
  expect(page.indexOf(FIRST_LOG)).toBeLessThan(page.indexOf(command));
  const server = await serve({ token: PAGE_TOKEN });
  await sendFirstLog(server.port);
  expect(await asked(await servedQueries(server, page), command)).toMatchObject({
    status: 'success',
    data: {
      result: [
        { stream: { service_name: 'checkout', order_items: '3' }, values: [['1767225600000000000', 'order placed']] },
      ],
    },
  });
});

test('docs/sql-over-http.md', async () => {
  const page = readFileSync('docs/sql-over-http.md', 'utf8');
  const command = /^curl -H .*?(?=^```)/ms.exec(page)![0];
  const [, answer] = /^```json\n(.*?)^```$/ms.exec(page)!;
  expect(page.indexOf(FIRST_LOG)).toBeLessThan(page.indexOf(command));
  const server = await serve({ token: PAGE_TOKEN });
  await sendFirstLog(server.port);
  const url = await servedQueries(server, page);
  const words = await curlWords(command);
  const { pathname } = new URL(words.find((word) => word.startsWith('http:'))!);
  const headers = words.flatMap((word, i) => (word === '-H' ? [words[i + 1]!.split(': ') as [string, string]] : []));
  const body = words[words.indexOf('--data-binary') + 1]!;
  const answered = await fetch(`${url}${pathname}`, { method: 'POST', headers, body });
  expect(await answered.json()).toEqual(JSON.parse(answer!));
});

test('docs/mcp.md', async () => {
  const page = readFileSync('docs/mcp.md', 'utf8');
  const { mcpServers } = JSON.parse(/^```json\n(.*?)^```$/ms.exec(page)![1]!) as {
    mcpServers: { otelduck: { url: string; headers: Record<string, string> } };
  };
  const server = await serve({ token: PAGE_TOKEN });
  await sendFirstLog(server.port);
  const { pathname } = new URL(mcpServers.otelduck.url);
  const url = new URL((await servedQueries(server, page)) + pathname);
  const client = new Client({ name: 'guide', version: '1' });
  const { headers } = mcpServers.otelduck;
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  const given = { query: 'placed', start: '2026-01-01T00:00:00Z' };
  const { content } = await client.callTool({ name: 'search_logs', arguments: given });
  await client.close();
  expect((content as { text: string }[])[1]!.text).toContain('order placed');
});

test('docs/tempo.md', async () => {
  const page = readFileSync('docs/tempo.md', 'utf8');
  const [send, ask] = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, command]) => command!);
  const { stdout: body } = await promisify(execFile)('sh', [
    '-c',
    `curl() { while [ $# -gt 1 ]; do shift; done; printf %s "$1"; }; ${send}`,
  ]);
  const server = await serve({ token: PAGE_TOKEN, fidelity: 'exact' });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${PAGE_TOKEN}` };
  expect((await server.post(body, { path: '/v1/traces', headers })).status).toBe(202);
  const url = await servedQueries(server, page);
  expect(await asked(url, ask!)).toMatchObject({
    traces: [{ traceID: '5b8efff798038103d269b633813fc60c', rootServiceName: 'checkout', durationMs: 250 }],
  });
  // Metrics of spans, by the API beside it.
  const query = "--data-urlencode 'query=increase(traces_spanmetrics_calls_total[5m])' -d time=1767225660";
  const metrics = `curl -G -u any:my-read-token-123456 http://localhost:4338/api/v1/query ${query}`;
  expect(await asked(url, metrics)).toMatchObject({
    data: { result: [{ metric: { service: 'checkout', span_name: 'POST /orders' }, value: [1767225660, '1'] }] },
  });
});

/** Serves queries as the page does, on a free port. Resolves to the URL. */
async function servedQueries({ database }: OtelServer, page: string): Promise<string> {
  const { options } = /CALL otlp_query_serve\('query:localhost:4338', (?<options>.*)\);/.exec(page)!.groups!;
  const [row] = await database.rows(`FROM otlp_query_serve('query:127.0.0.1:0', ${options})`);
  return String(row!['listen_url']);
}

/** What a server answers to what a command with curl asks. */
async function asked(server: string, command: string): Promise<unknown> {
  const words = await curlWords(command);
  const { pathname, searchParams } = new URL(words.find((word) => word.startsWith('http'))!);
  const parameters = words.filter((_word, i) => ['-d', '--data-urlencode'].includes(words[i - 1]!));
  for (const parameter of parameters) searchParams.append(...(parameter.split(/=(.*)/s, 2) as [string, string]));
  const user = words[words.indexOf('-u') + 1]!;
  const answer = await fetch(`${server}${pathname}?${searchParams}`, {
    headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
  });
  return answer.json();
}

/** The arguments that a command gives to curl. */
async function curlWords(command: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `curl() { printf '%s\\0' "$@"; }; ${command}`]);
  return stdout.split('\0');
}

function firstQuery(page: string): string {
  return /^(?:SELECT|FROM) [^;]*;/m.exec(page)![0];
}

// No way across: tenants that send the same ids, names and times, each with marks in all texts, and every route, call, websocket
// and SQL function there is. An answer to one has no mark of the other, and is the same whatever the other has sent.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { apisOf } from '../../src/control/known-apis.js';
import { mcpTools } from '../../src/query/api/mcp/mcp-tools.js';
import { readOptions } from '../../src/schema/option-declaration.js';
import { apiNames, queryServeOptions } from '../../src/schema/query-options.js';
import { exportPath, GrpcClient } from '../grpc/grpc-client.js';
import { arrowPath, statusIn } from '../grpc/otap-client.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { eventually } from '../support/eventually.js';
import { send, type TestResponse } from '../support/http-client.js';
import { OtelDatabase, OtelServer } from '../support/otel-database.js';
import { pathOf } from '../support/telemetry.js';
import { markedRequest, TRACE_ID } from './marked-telemetry.js';

const SIGNALS = ['logs', 'traces', 'metrics'] as const;
const NOW_MS = Date.now();
const START_S = Math.floor(NOW_MS / 1000) - 600;
const END_S = START_S + 900;
const START_NS = `${START_S}000000000`;
const END_NS = `${END_S}000000000`;

/** Marks that no other text has, by tenant. */
const marks = { acme: 'quetzal', globex: 'wombat' } as const;
type Tenant = keyof typeof marks;
const other: Readonly<Record<Tenant, Tenant>> = { acme: 'globex', globex: 'acme' };
const token = (tenant: Tenant, use: 'write' | 'read') => `a-token-of-${tenant}-to-${use}`;

let folder: string;
let database: OtelDatabase;
let server: OtelServer;
let queryPort: number;
const ends: (() => void)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'otelduck-isolation-'));
  const file = join(folder, 'tokens.json');
  const tokens = Object.keys(marks).map((name) => {
    const tenant = name as Tenant;
    return [tenant, { write: [token(tenant, 'write')], read: [token(tenant, 'read')] }];
  });
  writeFileSync(file, JSON.stringify(Object.fromEntries(tokens)), { mode: 0o600 });
  database = await OtelDatabase.open();
  const options = `tenants := 'token', tenant_tokens_file := '${file}'`;
  const [row] = await database.rows(
    `FROM otlp_serve('otlp:127.0.0.1:0', grpc := '127.0.0.1:0', fidelity := 'exact', seal_max_age_ms := 3600000, ${options})`,
  );
  server = new OtelServer(database, row!);
  const [query] = await database.rows(
    `FROM otlp_query_serve('query:127.0.0.1:0', apis := '${apiNames.join()}', admin_token := 'a-token-of-an-operator', ${options})`,
  );
  queryPort = Number(/\d+$/.exec(String(query!['listen_uri']))![0]);
});

afterAll(async () => {
  for (const end of ends) end();
  await database.close();
  rmSync(folder, { recursive: true });
});

/** One request of each signal on each wire, half of it committed. */
async function sendAll(tenant: Tenant, first: number): Promise<void> {
  const mark = marks[tenant];
  const headers = { authorization: `Bearer ${token(tenant, 'write')}` };
  const listener = String(await database.value('SELECT listeners[2].uri FROM otlp_server_list()'));
  const client = new GrpcClient(Number(/\d+$/.exec(listener)![0]), (end) => ends.push(end as () => void));
  let number = first;
  for (const signal of SIGNALS) {
    const next = () => markedRequest(signal, mark, NOW_MS - 300_000 + 10_000 * number, number++);
    expect((await server.post(encodeProtobuf(signal, next()), { path: pathOf[signal], headers })).status).toBe(202);
    expect(await client.unary(exportPath[signal], encodeProtobuf(signal, next()), headers)).toMatchObject({
      code: 'OK',
    });
    if (signal === 'logs') await server.flush();
    const stream = client.stream(arrowPath[signal], headers);
    stream.send(new OtapEncoder(signal).encode(next()));
    expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'OK' });
    stream.end();
  }
}

function ask(tenant: Tenant, path: string): Promise<TestResponse> {
  return send({
    port: queryPort,
    method: 'GET',
    path,
    headers: { authorization: `Bearer ${token(tenant, 'read')}` },
  });
}

const enc = encodeURIComponent;
const seconds = `start=${START_S}&end=${END_S}`;
const milliseconds = `start=${START_S}000&end=${END_S}000`;
const nanoseconds = `start=${START_NS}&end=${END_NS}`;

/** What is asked on each route: with which parameters, and whether the answer has texts of whoever asks. */
const requests: Readonly<Record<string, readonly (readonly [parameters: string, shows: 'marks' | 'none'])[]>> = {
  '/api/v1/query': [
    [`query=${enc('{__name__=~".+"}')}&time=${END_S - 500}`, 'marks'],
    [`query=${enc('count(shared_gauge)')}&time=${END_S - 500}`, 'none'],
    [`query=${enc('count({__name__=~"traces_.+"})')}&time=${END_S}`, 'none'],
  ],
  '/api/v1/query_range': [
    [`query=${enc('{__name__=~".+"}')}&${seconds}&step=30`, 'marks'],
    [`query=${enc('sum(shared_sum_total)')}&${seconds}&step=30`, 'none'],
    [`query=${enc('sum by (service, span_name) (traces_spanmetrics_calls_total)')}&${seconds}&step=60`, 'marks'],
    [`query=${enc('traces_service_graph_request_total')}&${seconds}&step=60`, 'marks'],
  ],
  '/api/v1/query_exemplars': [[`query=shared_sum_total&${seconds}`, 'marks']],
  '/api/v1/format_query': [['query=up', 'none']],
  '/api/v1/parse_query': [['query=up', 'none']],
  '/api/v1/labels': [[seconds, 'marks']],
  '/api/v1/label/:name/values': [
    [`name=shared&${seconds}`, 'marks'],
    [`name=__name__&${seconds}`, 'marks'],
    [`name=job&${seconds}`, 'marks'],
  ],
  '/api/v1/series': [[`match[]=${enc('{__name__=~".+"}')}&${seconds}`, 'marks']],
  '/api/v1/metadata': [['', 'marks']],
  '/api/v1/status/tsdb': [['', 'marks']],
  '/loki/api/v1/query': [
    [`query=${enc('count_over_time({service_name=~".+"}[15m])')}&time=${END_NS}`, 'marks'],
    [`query=${enc('sum(count_over_time({service_name=~".+"}[15m]))')}&time=${END_NS}`, 'none'],
  ],
  '/loki/api/v1/query_range': [
    [`query=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'marks'],
    [`query=${enc('{service_name=~".+"} | logfmt')}&${nanoseconds}`, 'marks'],
  ],
  '/loki/api/v1/labels': [[nanoseconds, 'none']],
  '/loki/api/v1/label': [[nanoseconds, 'none']],
  '/loki/api/v1/label/:name/values': [[`name=service_name&${nanoseconds}`, 'marks']],
  '/loki/api/v1/series': [[`match=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'marks']],
  '/loki/api/v1/index/stats': [[`query=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'none']],
  '/loki/api/v1/index/volume': [[`query=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'marks']],
  '/loki/api/v1/index/volume_range': [[`query=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'marks']],
  '/loki/api/v1/patterns': [[`query=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'marks']],
  '/loki/api/v1/detected_labels': [[`query=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'none']],
  '/loki/api/v1/detected_fields': [[`query=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'marks']],
  '/loki/api/v1/detected_field/:name/values': [
    [`name=user&query=${enc('{service_name=~".+"}')}&${nanoseconds}`, 'marks'],
  ],
  '/loki/api/v1/format_query': [[`query=${enc('{a="b"}')}`, 'none']],
  '/api/traces/:id': [[`id=${TRACE_ID}`, 'marks']],
  '/api/v2/traces/:id': [[`id=${TRACE_ID}`, 'marks']],
  '/api/search': [[`q=${enc('{}')}&limit=50&${seconds}`, 'marks']],
  '/api/search/tags': [[seconds, 'marks']],
  '/api/v2/search/tags': [[seconds, 'marks']],
  '/api/search/tag/:tag/values': [[`tag=service.name&${seconds}`, 'marks']],
  '/api/v2/search/tag/:tag/values': [
    [`tag=resource.service.name&${seconds}`, 'marks'],
    [`tag=span.shared&${seconds}`, 'marks'],
  ],
  '/api/metrics/query_range': [[`q=${enc('{} | rate() by (resource.service.name)')}&${seconds}&step=60s`, 'marks']],
  '/ui/api/services': [[milliseconds, 'marks']],
  '/ui/api/operations': [[`service=service-${marks.acme}&${milliseconds}`, 'none']],
  '/ui/api/map': [[milliseconds, 'marks']],
  '/ui/api/causes': [[milliseconds, 'none']],
  '/api/metrics/query': [[`q=${enc('{} | count_over_time() by (resource.service.name)')}&${seconds}`, 'marks']],
};

/** Routes that answer from nothing that anybody has sent. */
const WITHOUT_ROWS =
  /^(?:\/$|\/ui(?:\/(?!api\/[a-z])|$)|\/-\/|\/status\/|\/api\/echo|\/api\/status\/|\/api\/v1\/(?:status\/(?!tsdb)|alert|rules|targets|scrape_pools|features|notifications)|\/loki\/api\/v1\/(?:status|rules|drilldown-limits)|\/prometheus\/)/;
/** They take the token of an operator, who sees all. */
const FOR_OPERATORS = ['/ui/api/servers', '/ui/api/seals', '/ui/api/dead-letters'];
const SQL = '/api/v1/sql';
/** Tools of agents are called by name, below. */
const MCP = '/mcp';
/** Its tools are asked in test/query/mcp/mcp-tenants.test.ts. */
const AGENTS = '/mcp';
/** What runs at the moment differs from one time to the next. */
const LISTS_QUERIES = '/ui/api/queries';

const options = readOptions(queryServeOptions, { apis: apiNames.join() });
const apis = apisOf({
  database: undefined as never,
  registry: undefined as never,
  runner: undefined as never,
  questions: new Map(),
  home: { catalog: 'memory', schema: 'main' },
  options,
  authorization: undefined as never,
  sessions: undefined as never,
});

interface Asked {
  readonly path: string;
  readonly shows: 'marks' | 'none';
}

/** What is asked of each API, with names in paths filled in from the parameters of the same name. */
const asked = apis
  .flatMap(({ routes }) => routes)
  .flatMap(({ path, permission }): Asked[] => {
    if (permission === 'admin') return [];
    if (
      WITHOUT_ROWS.test(path) ||
      FOR_OPERATORS.includes(path) ||
      LISTS_QUERIES === path ||
      path === SQL ||
      path === AGENTS
    )
      return [];
    if (requests[path] === undefined) throw new Error(`nothing is asked of ${path}: an answer of it may cross`);
    return requests[path].map(([parameters, shows]) => {
      const values = new URLSearchParams(parameters);
      const filled = path.replace(/:(\w+)/g, (_, name: string) => enc(values.get(name)!));
      return { path: `${filled}${parameters === '' ? '' : `?${parameters}`}`, shows };
    });
  });

const tempoMessages = new protobuf.Root();
tempoMessages.resolvePath = (_origin, target) =>
  target.includes('/proto/') && target.startsWith('/') ? target : `${process.cwd()}/proto/${target}`;
tempoMessages.loadSync('tempopb/tempo.proto', { keepCase: true });

const calls: Readonly<Record<string, readonly [type: string, message: object]>> = {
  Search: ['SearchRequest', { Query: '{}', Limit: 50, start: START_S, end: END_S }],
  SearchTags: ['SearchTagsRequest', { start: START_S, end: END_S }],
  SearchTagsV2: ['SearchTagsRequest', { start: START_S, end: END_S }],
  SearchTagValues: ['SearchTagValuesRequest', { tagName: 'service.name', start: START_S, end: END_S }],
  SearchTagValuesV2: ['SearchTagValuesRequest', { tagName: 'resource.service.name', start: START_S, end: END_S }],
  MetricsQueryRange: [
    'QueryRangeRequest',
    { query: '{} | rate() by (resource.service.name)', start: START_NS, end: END_NS, step: '60000000000' },
  ],
  MetricsQueryInstant: [
    'QueryInstantRequest',
    { query: '{} | rate() by (resource.service.name)', start: START_NS, end: END_NS },
  ],
};

/** All messages of a call, as text. */
async function call(tenant: Tenant, path: string): Promise<string> {
  const [type, message] = calls[path.split('/').at(-1)!]!;
  const Type = tempoMessages.lookupType(`tempopb.${type}`);
  const client = new GrpcClient(queryPort, (end) => ends.push(end as () => void));
  const stream = client.stream(path, { authorization: `Bearer ${token(tenant, 'read')}` });
  stream.send(Type.encode(Type.fromObject(message)).finish());
  stream.end();
  const parts: Uint8Array[] = [];
  for (let part = await stream.next(); part !== undefined; part = await stream.next()) parts.push(part);
  expect(await stream.ended).toMatchObject({ code: 'OK' });
  return Buffer.concat(parts).toString('latin1');
}

/** An answer without what differs from one time to the next. */
function lasting({ status, text }: TestResponse): unknown {
  return {
    status,
    text: text.replaceAll(
      /"(?:execTime|queueTime|\w*[tT]ime\w*|inspected\w+|bytesProcessed\w*|\w*PerSecond)":"?[\d.e-]+"?/g,
      '',
    ),
  };
}

const allCalls = apis.flatMap(({ calls: made = [] }) => made.map(({ path }) => path));

/** Arguments of each tool of agents, and whether the answer has texts of whoever asks. */
const toolArguments: Readonly<Record<string, readonly [given: object, shows: 'marks' | 'none']>> = {
  get_services: [{}, 'marks'],
  get_anomaly_timeline: [{}, 'none'],
  get_service_map: [{}, 'marks'],
  get_service_health: [{ service_name: `service-${marks.globex}` }, 'none'],
  root_cause_analysis: [{}, 'none'],
  impact_analysis: [{ service: 'none' }, 'none'],
  trace_graph: [{ trace_id: TRACE_ID }, 'marks'],
  search_logs: [{ query: 'failed' }, 'marks'],
  query_promql: [{ query: '{__name__=~".+"}' }, 'marks'],
  query_logql: [{ query: '{service_name=~".+"}' }, 'marks'],
  query_traceql: [{ query: '{}' }, 'marks'],
};

/** The answer of a tool, without what it was asked. */
async function toolAnswer(tenant: Tenant, name: string): Promise<string> {
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: toolArguments[name]![0] } };
  const { status, text } = await send({
    port: queryPort,
    path: MCP,
    headers: {
      authorization: `Bearer ${token(tenant, 'read')}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify(call),
  });
  expect([name, status]).toEqual([name, 200]);
  return text.replaceAll(`service-${marks.globex}`, 'the one that was asked for');
}

/** Requests that are asked at once. */
const AT_ONCE = 6;

/** Everything that a tenant can ask, and what it is answered. */
async function answersTo(tenant: Tenant): Promise<Map<string, unknown>> {
  const answers = new Map<string, unknown>();
  for (let first = 0; first < asked.length; first += AT_ONCE) {
    const some = asked.slice(first, first + AT_ONCE).map(async ({ path, shows }) => {
      const response = await ask(tenant, path);
      expect([path, response.status, response.status === 200 ? '' : response.text]).toEqual([path, 200, '']);
      expect([path, response.text.includes(marks[other[tenant]])]).toEqual([path, false]);
      if (shows === 'marks') expect([path, response.text.includes(marks[tenant])]).toEqual([path, true]);
      answers.set(path, lasting(response));
    });
    await Promise.all(some);
  }
  for (const path of allCalls) {
    const text = await call(tenant, path);
    expect([path, text.includes(marks[other[tenant]]), text.includes(marks[tenant])]).toEqual([path, false, true]);
  }
  return answers;
}

/** Socket on which logs of a tenant come, and the text of all that has come. */
async function tail(tenant: Tenant) {
  const path = `/loki/api/v1/tail?query=${enc('{service_name=~".+"}')}&start=${START_NS}`;
  const socket = new WebSocket(`ws://127.0.0.1:${queryPort}${path}`, {
    headers: { authorization: `Bearer ${token(tenant, 'read')}` },
  });
  ends.push(() => socket.terminate());
  const seen = { text: '' };
  socket.on('message', (data) => {
    seen.text += String(data);
  });
  await new Promise((resolve) => socket.once('open', resolve));
  return seen;
}

/** Every function of SQL that takes a tenant, as a call of it for one. */
async function functionsOfTenants(): Promise<readonly string[]> {
  const rows = await database.rows(
    "SELECT DISTINCT function_name FROM duckdb_functions() WHERE list_contains(parameters, 'tenant') ORDER BY ALL",
  );
  return rows.map((row) => String(row['function_name']));
}

const since = `since := TIMESTAMP '${new Date(START_S * 1000).toISOString().slice(0, 19)}'`;
const until = `until := TIMESTAMP '${new Date(END_S * 1000).toISOString().slice(0, 19)}'`;

/** Arguments besides the tenant's, and whether the answer has texts of its rows. */
const functionArguments: Readonly<Record<string, readonly [given: (mark: string) => string, shows: 'marks' | 'none']>> =
  {
    logql: [() => `'{service_name=~".+"}', ${since}, ${until}`, 'marks'],
    logql_plan: [() => `'{service_name=~".+"}', ${since}, ${until}`, 'none'],
    logql_range: [
      () => `'count_over_time({service_name=~".+"}[5m])', ${since}, ${until}, step := INTERVAL '1 minute'`,
      'marks',
    ],
    promql: [
      () => `'{__name__=~".+"}', at := TIMESTAMP '${new Date((END_S - 500) * 1000).toISOString().slice(0, 19)}'`,
      'marks',
    ],
    promql_plan: [() => `'{__name__=~".+"}', ${since}, ${until}`, 'none'],
    promql_range: [() => `'{__name__=~".+"}', ${since}, ${until}, step := INTERVAL '1 minute'`, 'marks'],
    traceql: [() => `'{}', ${since}, ${until}`, 'marks'],
    traceql_plan: [() => `'{} | rate()', ${since}, ${until}`, 'none'],
    traceql_range: [
      () => `'{} | rate() by (resource.service.name)', ${since}, ${until}, step := INTERVAL '1 minute'`,
      'marks',
    ],
    otlp_anomalies: [() => since, 'none'],
    otlp_errors: [() => since, 'marks'],
    otlp_impact: [(mark) => `'service-${mark}'`, 'none'],
    otlp_root_cause: [() => since, 'none'],
    otlp_search_logs: [() => `'failed', ${since}`, 'marks'],
    otlp_service_health: [(mark) => `'service-${mark}', ${since}`, 'marks'],
    otlp_service_map: [() => since, 'marks'],
    otlp_services: [() => since, 'marks'],
    otlp_slow: [() => since, 'marks'],
    otlp_trace: [() => `'${TRACE_ID}'`, 'marks'],
    otlp_live_logs: [() => '', 'marks'],
    otlp_live_traces: [() => '', 'marks'],
    otlp_live_metrics_gauge: [() => '', 'marks'],
    otlp_live_metrics_sum: [() => '', 'marks'],
    otlp_live_metrics_histogram: [() => '', 'marks'],
    otlp_live_metrics_exp_histogram: [() => '', 'marks'],
    otlp_live_metrics_summary: [() => '', 'marks'],
  };

async function rowsFor(name: string, tenant: Tenant): Promise<string> {
  const [given] = functionArguments[name]!;
  const listed = [given(marks[tenant]), `tenant := '${tenant}'`].filter(Boolean).join(', ');
  const rows = await database.rows(`FROM ${name}(${listed})`);
  // Tables have no order.
  return rows
    .map((row) => JSON.stringify(row))
    .sort()
    .join('\n');
}

describe('tenants', () => {
  test('every route, call and function is asked below', async () => {
    expect(asked.length).toBeGreaterThan(Object.keys(requests).length);
    expect(allCalls.map((path) => path.split('/').at(-1)!).sort()).toEqual(Object.keys(calls).sort());
    expect(apis.flatMap(({ upgrades = [] }) => upgrades.map(({ path }) => path))).toEqual(['/loki/api/v1/tail']);
    expect(await functionsOfTenants()).toEqual(Object.keys(functionArguments).sort());
  });

  test('get answers of their own rows alone, which are the same whatever others send', {
    timeout: 120_000,
  }, async () => {
    await sendAll('acme', 1);
    const alone = await answersTo('acme');
    const functionsAlone = new Map<string, string>();
    for (const name of Object.keys(functionArguments)) functionsAlone.set(name, await rowsFor(name, 'acme'));
    const [tailOfAcme, tailOfGlobex] = [await tail('acme'), await tail('globex')];

    await sendAll('globex', 5);
    await answersTo('globex');
    const beside = await answersTo('acme');
    for (const [name, answer] of alone) expect([name, beside.get(name)]).toEqual([name, answer]);

    for (const [name, [, shows]] of Object.entries(functionArguments)) {
      const rows = await rowsFor(name, 'acme');
      expect([name, rows.includes(marks.globex)]).toEqual([name, false]);
      if (shows === 'marks') expect([name, rows.includes(marks.acme)]).toEqual([name, true]);
      // Scores of a search count in how many rows a word is: those of the tenant.
      if (!name.endsWith('_plan')) expect([name, rows]).toEqual([name, functionsAlone.get(name)]);
      expect([name, (await rowsFor(name, 'globex')).includes(marks.acme)]).toEqual([name, false]);
    }

    expect(Object.keys(toolArguments).sort()).toEqual(mcpTools.map(({ name }) => name).sort());
    for (const [name, [, shows]] of Object.entries(toolArguments)) {
      const text = await toolAnswer('acme', name);
      expect([name, text.includes(marks.globex)]).toEqual([name, false]);
      if (shows === 'marks')
        expect([name, text.slice(0, 2000), text.includes(marks.acme)]).toEqual([name, text.slice(0, 2000), true]);
    }

    await eventually(() => {
      expect(tailOfGlobex.text).toContain(marks.globex);
      expect(tailOfAcme.text).toContain(marks.acme);
      return Promise.resolve();
    });
    expect([tailOfGlobex.text.includes(marks.acme), tailOfAcme.text.includes(marks.globex)]).toEqual([false, false]);
  });

  test('cannot name another, nor use a token for what it is not', async () => {
    const read = (headers: Record<string, string>) =>
      send({ port: queryPort, method: 'GET', path: '/api/v1/labels', headers });
    const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
    for (const header of ['X-Tenant-ID', 'X-Scope-OrgID']) {
      const across = await read({ ...bearer(token('acme', 'read')), [header]: 'globex' });
      expect([across.status, across.text]).toEqual([403, expect.stringContaining('not of tenant \\"globex\\"')]);
      expect((await read({ ...bearer(token('acme', 'read')), [header]: 'acme' })).status).toBe(200);
    }
    const sql = { 'content-type': 'application/json', ...bearer(token('acme', 'read')) };
    const body = JSON.stringify({ sql: 'FROM otlp_logs' });
    expect((await send({ port: queryPort, path: SQL, headers: sql, body })).status).toBe(403);
    for (const path of [...FOR_OPERATORS, '/api/admin/health/storage'])
      expect([path, (await ask('acme', path)).status]).toEqual([path, 403]);
    // The one query that runs is this one.
    expect(JSON.parse((await ask('acme', LISTS_QUERIES)).text)).toMatchObject({ rows: [{ tenant: 'acme' }] });
    const written = await read(bearer(token('acme', 'write')));
    expect([written.status, written.text]).toEqual([403, expect.stringContaining('this token may not read')]);
    const logs = encodeProtobuf('logs', markedRequest('logs', 'none', NOW_MS, 1));
    const as = (headers: Record<string, string>) => server.post(logs, { headers });
    expect((await as(bearer(token('acme', 'read')))).status).toBe(403);
    expect((await as({ ...bearer(token('acme', 'write')), 'X-Tenant-ID': 'globex' })).status).toBe(403);
    expect((await as(bearer('a-token-of-nobody-at-all'))).status).toBe(401);
  });

  test('are all seen by SQL that names none', async () => {
    const rows = JSON.stringify(await database.rows('FROM otlp_live_logs()'));
    expect([rows.includes(marks.acme), rows.includes(marks.globex)]).toEqual([true, true]);
  });

  test('whose name cannot be one are refused by SQL', async () => {
    await expect(database.rows("FROM otlp_services(tenant := 'a b')")).rejects.toThrow(
      /tenant of otlp_services\(\) must be 1 to 64 .*, got "a b" \[OTLP_ARGUMENT_INVALID\]/,
    );
  });
});

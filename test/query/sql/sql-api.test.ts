// SQL over HTTP as clients see it: what it answers. What it refuses is in fence.test.ts.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { jsonOf, send } from '../../support/http-client.js';
import { SqlServer } from './sql-server.js';

let server: SqlServer;
beforeAll(async () => {
  server = await SqlServer.start(', sql_max_rows := 100, sql_max_bytes := 19000');
  await server.sendTelemetry();
});
afterAll(() => server.close());

test('the answer has the columns with their types, and rows that are not committed yet', async () => {
  const answer = await server.post(
    'SELECT body, time_unix_nano FROM otlp_logs ORDER BY body LIMIT 2 -- the first ones',
  );
  expect(answer.status).toBe(200);
  expect(jsonOf(answer)).toEqual({
    columns: [
      { name: 'body', type: 'VARCHAR' },
      { name: 'time_unix_nano', type: 'TIMESTAMP' },
    ],
    rows: [
      ['log 0', expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)],
      ['log 1', expect.any(String)],
    ],
    truncated: null,
  });
});

test('every type has a form, and none loses digits', async () => {
  const cases: [sql: string, value: unknown][] = [
    ['NULL', null],
    ['true', true],
    ['42', 42],
    ['-7::TINYINT', -7],
    ['1.5::DOUBLE', 1.5],
    ['1e300', 1e300],
    ['0.1::FLOAT', expect.closeTo(0.1)],
    ["'NaN'::DOUBLE", 'NaN'],
    ["'Infinity'::DOUBLE", 'Infinity'],
    ["'-Infinity'::FLOAT", '-Infinity'],
    ['9007199254740993', '9007199254740993'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['18446744073709551615::UBIGINT', '18446744073709551615'],
    ['170141183460469231731687303715884105727', '170141183460469231731687303715884105727'],
    ['12.340::DECIMAL(10,3)', '12.340'],
    ['12345678901234567890.123', '12345678901234567890.123'],
    ["TIMESTAMP '2026-01-02 03:04:05.678901'", '2026-01-02T03:04:05.678901Z'],
    ["TIMESTAMP_NS '2026-01-02 03:04:05.678901234'", '2026-01-02T03:04:05.678901234Z'],
    ["TIMESTAMPTZ '2026-01-02 03:04:05+02:00'", '2026-01-02T01:04:05Z'],
    ["TIMESTAMP 'infinity'", 'infinity'],
    ["DATE '2026-01-02'", '2026-01-02'],
    ['INTERVAL 90 MINUTE', '01:30:00'],
    ["'a\"\\\n\u2028é'", 'a"\\\n\u2028é'],
    ["'{{otlp_logs}}'", '{{otlp_logs}}'],
    ['\'{"$number":"5"}\'', '{"$number":"5"}'],
    ["encode('ab')", 'YWI='],
    ['\'{"a":[1,null]}\'::JSON', { a: [1, null] }],
    ['\'{"a":"b"}\'::JSON ->> \'a\'', 'b'],
    ['[1, 2]', [1, 2]],
    ["['nan'::DOUBLE]", expect.any(String)],
    ["{'a': 1, 'b': [true]}", { a: 1, b: [true] }],
    ["MAP {'k': 1}", { k: 1 }],
    ["'0b0f3c2e-6a4b-4c57-8f0f-111111111111'::UUID", '0b0f3c2e-6a4b-4c57-8f0f-111111111111'],
  ];
  const rows = await server.rows(`SELECT ${cases.map(([sql]) => sql).join(', ')}`);
  expect(rows).toEqual([cases.map(([, value]) => value)]);
});

const answers: [sql: string, rows: unknown][] = [
  ['SELECT count(*) FROM otlp_logs', [['5']]],
  ['SELECT count(*) FROM otlp_traces', [['3']]],
  ['SELECT count(*) AS n, 1 AS n FROM "OTLP_METRICS_GAUGE" AS g;', [['1', 1]]],
  ['FROM otlp_logs SELECT body ORDER BY ALL DESC LIMIT 1 OFFSET 1', [['log 3']]],
  [
    'WITH l AS (FROM otlp_logs), otlp_traces AS (SELECT 7 AS a) SELECT count(*), any_value(a) FROM l, otlp_traces',
    [['5', 7]],
  ],
  ["SELECT body FROM otlp_logs WHERE body LIKE '%2' AND body IN (SELECT body FROM otlp_logs)", [['log 2']]],
  ['SELECT l.body FROM otlp_logs l JOIN otlp_logs r USING (body) WHERE r.body = $$log 1$$', [['log 1']]],
  ['SELECT body, row_number() OVER (ORDER BY body DESC) AS n FROM otlp_logs QUALIFY n = 1', [['log 4', '1']]],
  ['SELECT x.a FROM (VALUES (2), (1)) AS x(a) ORDER BY 1', [[1], [2]]],
  ['SELECT * EXCLUDE (b) REPLACE (a + 1 AS a) FROM (SELECT 1 AS a, 2 AS b)', [[2]]],
  [
    "SELECT CASE WHEN body = 'log 0' THEN 'x' ELSE upper(body) END FROM otlp_logs ORDER BY body LIMIT 2",
    [['x'], ['LOG 1']],
  ],
  ['SELECT range FROM range(3) UNION ALL SELECT 9 ORDER BY 1 DESC', [['9'], ['2'], ['1'], ['0']]],
  [
    "SELECT date_trunc('hour', TIMESTAMP '2026-01-02 03:04:05'), extract(day FROM DATE '2026-01-02')",
    [['2026-01-02T03:00:00Z', '2']],
  ],
  [
    'SELECT list(a ORDER BY a DESC), sum(a) FILTER (WHERE a > 1), quantile_cont(a, 0.5) FROM (VALUES (1), (2), (3)) v(a)',
    [[[3, 2, 1], '5', 2]],
  ],
  ["SELECT time_bucket(INTERVAL '1 minute', TIMESTAMP '2026-01-01 00:01:30')", [['2026-01-01T00:01:00Z']]],
  ["SELECT replace('a-b', '-', '_') || regexp_replace('x1', '[0-9]', 'y') || concat('a', 1)", [['a_bxya1']]],
  ['SELECT DISTINCT ON (a % 2) a FROM (VALUES (1), (2), (3)) v(a) ORDER BY a', [[1], [2]]],
  [
    "SELECT unnest([1, 2]), [4, 5][1], [1, 2, 3][1:2], {'a': 1}.a, x.a.b FROM (SELECT {'a': {'b': 5}} AS x)",
    [
      [1, 4, [1, 2], 1, 5],
      [2, 4, [1, 2], 1, 5],
    ],
  ],
  [
    'SELECT current_date = today(), now() IS NOT NULL, (SELECT 1), EXISTS (SELECT 1), try_cast($$x$$ AS INTEGER)',
    [[true, true, 1, true, null]],
  ],
  ["SELECT count(*) FROM otlp_services(INTERVAL '100 years') WHERE requests > 0", [['1']]],
  ['SELECT count(*) FROM otlp_live_logs()', [['5']]],
  ["SELECT count(*) FROM otlp_trace('01010101010101010101010101010101')", [['1']]],
  ['SELECT count(*) > 0 FROM otlp_server_list()', [[true]]],
  ["SELECT count(*) FROM otlp_search_logs('log', since := '100 years')", [['5']]],
];
for (const [sql, rows] of answers) {
  test(sql, async () => {
    expect(await server.rows(sql)).toEqual(rows);
  });
}

test('rows beyond the limits are left out, and the answer says so', async () => {
  const limited = jsonOf(await server.post('SELECT range FROM range(1000)'));
  expect([(limited['rows'] as unknown[]).length, limited['truncated']]).toEqual([100, 'rows']);
  const exact = jsonOf(await server.post('SELECT range FROM range(100)'));
  expect([(exact['rows'] as unknown[]).length, exact['truncated']]).toEqual([100, null]);
  const asked = jsonOf(
    await server.post('{"sql": "FROM range(1000)", "max_rows": 3}', 'application/json; charset=utf-8'),
  );
  expect([asked['rows'], asked['truncated']]).toEqual([[['0'], ['1'], ['2']], 'rows']);
  const more = jsonOf(await server.post('{"sql": "FROM range(1000)", "max_rows": 300}', 'application/json'));
  expect((more['rows'] as unknown[]).length).toBe(100);
  const text = 'x'.repeat(1000);
  const wide = jsonOf(await server.post(`SELECT '${text}' AS a FROM range(50)`));
  expect([(wide['rows'] as unknown[]).length, wide['truncated']]).toEqual([19, 'bytes']);
});

test('what DuckDB does not like of a statement is told to its client', async () => {
  const cases: [sql: string, status: number, says: RegExp][] = [
    ['SELEC 1', 400, /cannot parse the statement: .*SELEC/],
    ['', 400, /one statement is needed, got 0/],
    ['SELECT nobody FROM otlp_logs', 400, /Binder Error: .*"nobody"/],
    ["SELECT 'a'::INTEGER", 400, /Conversion Error: .*'a'/],
    ["FROM otlp_trace('no id')", 400, /trace_id of otlp_trace\(\) must be 32 hex digits/],
    ['SELECT lower()', 400, /Binder Error: .*lower/],
  ];
  for (const [sql, status, says] of cases) {
    const answer = await server.post(sql);
    expect([sql, answer.status, jsonOf(answer)['message']]).toEqual([sql, status, expect.stringMatching(says)]);
  }
});

test('the body has a type that a page of another origin cannot send unasked', async () => {
  // A form or plain text is sent by any page without asking first, where no token is needed.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
    expect([type, (await server.post('SELECT 1', type)).status]).toEqual([type, 415]);
  }
  for (const body of [
    '{',
    'null',
    '{"sql": 1}',
    '{"sql": "SELECT 1", "max_rows": 0}',
    '{"sql": "SELECT 1", "max_rows": "1"}',
  ]) {
    expect([body, (await server.post(body, 'application/json')).status]).toEqual([body, 400]);
  }
  expect((await send({ port: server.port, path: '/api/v1/sql', method: 'GET' })).status).toBe(405);
});

const ENDLESS = 'SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b WHERE a.range + b.range = 3';

test('a statement is listed while it runs, ends when its client goes, and can be canceled', async () => {
  const gone = new AbortController();
  const url = `http://127.0.0.1:${server.port}/api/v1/sql`;
  const ask = (signal?: AbortSignal) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/sql' },
      body: ENDLESS,
      ...(signal && { signal }),
    });
  const left = ask(gone.signal);
  const running = () =>
    server.db.rows("SELECT query_id, query FROM otlp_query_list() WHERE kind = 'sql' AND state = 'running'");
  await eventually(async () => expect(await running()).toMatchObject([{ query: ENDLESS }]));
  gone.abort();
  await expect(left).rejects.toThrow();
  await eventually(async () => expect(await running()).toEqual([]));
  const canceled = ask();
  const [listed] = await eventually(async () => {
    const rows = await running();
    expect(rows).toHaveLength(1);
    return rows;
  });
  await server.db.rows(`FROM otlp_query_cancel(${String(listed!['query_id'])})`);
  expect((await canceled).status).toBe(499);
});

test('with tenants it takes the admin token, and sees the rows of all', async () => {
  const [row] = await server.db.rows(
    "FROM otlp_query_serve('query:127.0.0.1:0', tenants := 'header', read_token := 'a-token-that-reads', admin_token := 'a-token-of-admins', apis := 'sql')",
  );
  const port = Number(/\d+$/.exec(String(row!['listen_uri']))![0]);
  const ask = (token: string) =>
    send({
      port,
      path: '/api/v1/sql',
      headers: { 'content-type': 'application/sql', authorization: `Bearer ${token}`, 'x-tenant-id': 'acme' },
      body: 'SELECT count(*) FROM otlp_logs',
    });
  expect((await ask('a-token-that-reads')).status).toBe(403);
  expect(jsonOf(await ask('a-token-of-admins'))['rows']).toEqual([['5']]);
});

// Texts of clients that mean harm. Each is refused before it runs, or ends within a limit; none reads, writes or changes anything.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statusFunctions, summaryFunctions } from '../../../src/query/sql/allowed-functions.js';
import { jsonOf } from '../../support/http-client.js';
import { SqlServer } from './sql-server.js';

const SECRET = 'what nobody may read';
const folder = mkdtempSync(join(tmpdir(), 'otelduck-fence-'));
const file = join(folder, 'secret.csv');
const out = join(folder, 'out');
let server: SqlServer;
beforeAll(async () => {
  writeFileSync(file, `a\n${SECRET}\n`);
  server = await SqlServer.start(', query_timeout_ms := 700, sql_memory_bytes := 268435456');
  await server.sendTelemetry();
  // What an operator may have in the same database.
  await server.db.connection.run(`
    CREATE TABLE users AS SELECT '${SECRET}' AS password;
    CREATE VIEW people AS FROM users;
    CREATE VIEW files AS FROM read_text('${file}');
    CREATE MACRO lower(x) AS (SELECT content FROM read_text('${file}'));
    CREATE MACRO reads() AS TABLE FROM read_text('${file}');
    CREATE TYPE mood AS ENUM ('${SECRET}');
    CREATE SEQUENCE numbers;
    SET VARIABLE secret = '${SECRET}'`);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const nested = (levels: number, of: (inner: string) => string, innermost: string): string => {
  let sql = innermost;
  for (let i = 0; i < levels; i++) sql = of(sql);
  return sql;
};

const refused: readonly string[] = [
  // Files, by what is read in place of a table that does not exist.
  `FROM '${file}'`,
  `SELECT * FROM "${file}"`,
  `SELECT * FROM '${folder}/*.csv'`,
  "FROM 's3://bucket/key.parquet'",
  "FROM 'https://example.com/x.json'",
  `WITH x AS (FROM '${file}') FROM x`,
  `SELECT (SELECT a FROM '${file}')`,
  `SELECT * FROM otlp_logs WHERE body IN (FROM '${file}')`,
  `SELECT * FROM otlp_logs JOIN '${file}' ON true`,
  `SELECT * FROM otlp_logs, LATERAL (FROM '${file}')`,
  `FROM otlp_logs UNION ALL BY NAME FROM '${file}'`,
  `SELECT 1 ORDER BY (SELECT a FROM '${file}')`,
  `SELECT 1 LIMIT (SELECT count(*) FROM '${file}')`,
  `SELECT sum(1) OVER (PARTITION BY (SELECT a FROM '${file}'))`,
  `SELECT count(*) FILTER (WHERE EXISTS (FROM '${file}'))`,
  `SELECT CASE WHEN true THEN (SELECT a FROM '${file}') END`,
  `SELECT list(1 ORDER BY (SELECT a FROM '${file}'))`,
  `VALUES ((SELECT a FROM '${file}'))`,
  `SELECT * REPLACE ((SELECT a FROM '${file}') AS body) FROM otlp_logs`,
  `SELECT body FROM otlp_logs GROUP BY ROLLUP ((SELECT a FROM '${file}'), body)`,
  `FROM range((SELECT count(*) FROM '${file}'))`,
  `FROM otlp_services((SELECT a FROM '${file}'))`,
  // Files, by functions.
  `FROM read_text('${file}')`,
  `FROM READ_TEXT('${file}')`,
  `FROM "read_text"('${file}')`,
  `/* FROM otlp_logs */ FROM/**/read_text/**/('${file}')`,
  `-- SELECT 1\nFROM read_text('${file}')`,
  `FROM read_blob('${file}')`,
  `FROM read_csv('${file}')`,
  `FROM read_csv_auto(['${file}'])`,
  `FROM read_json('${file}')`,
  `FROM read_parquet('${file}')`,
  `FROM parquet_scan('${file}')`,
  `FROM sniff_csv('${file}')`,
  `FROM glob('${folder}/*')`,
  `SELECT * FROM system.main.read_text('${file}')`,
  `SELECT * FROM main.glob('/*')`,
  `FROM read_otlp_logs('${file}')`,
  `FROM read_otap_logs('${file}')`,
  `SELECT '${file}'.read_text()`,
  `WITH x AS MATERIALIZED (FROM read_text('${file}')) SELECT 1`,
  `SELECT [x FOR x IN (SELECT list(content) FROM read_text('${file}'))]`,
  // Another statement within a text.
  `FROM query('FROM read_text(''${file}'')')`,
  "FROM query_table('users')",
  "FROM query_table(['otlp_logs', 'users'])",
  `SELECT json_serialize_plan('FROM read_text(''${file}'')')`,
  "FROM json_execute_serialized_sql('{}')",
  "SELECT json_serialize_sql('SELECT 1')",
  'FROM __otlp_live_logs()',
  "SELECT __otlp_live_logs('memory', 'main', '0', NULL, NULL)",
  // Tables, views, macros and types of the operator.
  'FROM users',
  'FROM main.users',
  'FROM memory.main.users',
  'FROM people',
  'FROM files',
  'FROM reads()',
  'FROM otelduck.main.otlp_services()',
  'SELECT system.main.upper(body) FROM otlp_logs',
  'SELECT memory.main.lower(body) FROM otlp_logs',
  'FROM main.otlp_logs',
  "SELECT 'x'::mood",
  'SELECT enum_range(NULL::mood)',
  "SELECT nextval('numbers')",
  "SELECT getvariable('secret')",
  'FROM duckdb_secrets()',
  'FROM duckdb_settings()',
  'FROM duckdb_tables()',
  'FROM duckdb_variables()',
  'FROM duckdb_logs()',
  'FROM duckdb_views()',
  'FROM information_schema.tables',
  'FROM pg_catalog.pg_class',
  'FROM sqlite_master',
  "FROM pragma_table_info('users')",
  "SELECT which_secret('s3://x', 's3')",
  'SHOW TABLES',
  'SHOW ALL TABLES',
  'DESCRIBE users',
  'SUMMARIZE users',
  'FROM (DESCRIBE users)',
  'FROM (SHOW TABLES)',
  // The process and its settings.
  "SELECT getenv('HOME')",
  "SELECT current_setting('memory_limit')",
  "SELECT current_setting('s3_secret_access_key')",
  'SELECT current_query()',
  "SELECT write_log('x')",
  'FROM enable_logging()',
  'FROM truncate_duckdb_logs()',
  'FROM checkpoint()',
  'FROM force_checkpoint()',
  'SELECT sleep_ms(100000)',
  'SELECT pg_sleep(100)',
  'SELECT setseed(0.5)',
  // Servers.
  "FROM otlp_stop('otlp:localhost')",
  "SELECT * FROM otlp_stop('otlp:localhost:4318')",
  "FROM otlp_serve('otlp:0.0.0.0:0', allow_other_hostname := true)",
  "FROM otlp_query_serve('query:localhost:0')",
  "FROM otlp_flush('otlp:localhost')",
  "FROM otlp_replay('otlp:localhost')",
  "FROM otlp_tls_reload('otlp:localhost')",
  'FROM otlp_query_cancel(1)',
  'FROM otlp_query_list()',
  "FROM otlp_tail('logs', 'me')",
  "FROM promql('up')",
  "FROM __otlp_stop('memory', 'main', 'otlp:localhost')",
  "FROM otlp_services(catalog := 'other')",
  "FROM otlp_live_logs(SCHEMA := 'other')",
  // Statements that are no SELECT, alone or behind one.
  `COPY otlp_logs TO '${out}'`,
  `COPY (FROM otlp_logs) TO '${out}' (FORMAT parquet)`,
  `EXPORT DATABASE '${out}'`,
  `ATTACH '${out}' AS x`,
  'DETACH memory',
  'USE memory',
  'PRAGMA database_list',
  'SET memory_limit = 1',
  'RESET memory_limit',
  'CREATE TABLE x (a INT)',
  'CREATE MACRO x() AS 1',
  'DROP TABLE users',
  'DELETE FROM otlp_logs',
  'UPDATE otlp_logs SET body = 1',
  "INSERT INTO users VALUES ('x')",
  'INSTALL httpfs',
  'LOAD httpfs',
  'CALL otlp_server_list()',
  'EXPLAIN ANALYZE SELECT 1',
  'BEGIN',
  'COMMIT',
  'PREPARE p AS SELECT 1',
  'EXECUTE p',
  'VACUUM',
  'CHECKPOINT',
  'SELECT 1; SELECT 2',
  `SELECT 1; COPY otlp_logs TO '${out}'`,
  'SELECT 1) AS t; DROP TABLE users; --',
  'SELECT 1) AS answer(c0) UNION ALL (FROM users',
  "SELECT '\\'; DROP TABLE users; --'",
  'WITH x AS (DELETE FROM otlp_logs RETURNING *) FROM x',
  'FROM (DELETE FROM otlp_logs RETURNING *)',
  'SELECT 1 INTO x',
  'SELECT $1',
  'SELECT ?',
  'SELECT $a',
  // Other alphabets and quotes.
  `ＦＲＯＭ read_text('${file}')`,
  `FROM\u00a0read_text('${file}')`,
  `FROM "rea\u200bd_text"('${file}')`,
  `FROM U&"\\0072ead_text"('${file}')`,
  'FROM "otlp_logs; DROP TABLE users"',
  'SELECT * FROM "otlp_logs\u0000"',
  // What makes much of little: as one value, which DuckDB neither counts nor interrupts.
  "SELECT repeat('x', 4000000000)",
  "SELECT length(repeat('x', 4000000000))",
  "SELECT lpad('x', 2000000000, 'y')",
  "SELECT rpad('x', 2000000000, 'y')",
  "SELECT format('{:2000000000}', 1)",
  "SELECT printf('%2000000000d', 1)",
  'SELECT range(1000000000)',
  'SELECT generate_series(1, 1000000000)',
  'SELECT list_resize([1], 1000000000)',
  'SELECT NULL::INTEGER[100000]',
  "SELECT bitstring('1', 2000000000)",
  'SELECT list_transform([1], lambda x: repeat(body, 100000)) FROM otlp_logs',
  "SELECT replace(body, '', body) FROM otlp_logs",
  `SELECT replace(replace(replace(body, 'l', '${'l'.repeat(20)}'), 'l', '${'l'.repeat(20)}'), 'l', 'x') FROM otlp_logs`,
  `SELECT ${nested(30, (x) => `replace(${x}, 'x', 'xxxxxxxx')`, "'x'")}`,
  nested(40, (x) => `SELECT a || a AS a FROM (${x})`, "SELECT 'x' AS a"),
  nested(40, (x) => `SELECT [a, a] AS a FROM (${x})`, 'SELECT 1 AS a'),
  nested(40, (x) => `SELECT {'a': a, 'b': a} AS a FROM (${x})`, 'SELECT 1 AS a'),
  nested(40, (x) => `SELECT to_json(a)::VARCHAR AS a FROM (${x})`, `SELECT '"' AS a`),
  nested(40, (x) => `SELECT hex(a) AS a FROM (${x})`, `SELECT 'a' AS a`),
  nested(40, (x) => `SELECT ['a', a]::VARCHAR AS a FROM (${x})`, `SELECT '''' AS a`),
  // What DuckDB copies while it plans.
  `SELECT 1 AS a0, ${Array.from({ length: 40 }, (_, i) => `a${i} + a${i} AS a${i + 1}`).join(', ')}`,
  `${nested(40, (x) => `SELECT a + a AS a FROM (${x})`, 'SELECT range AS a FROM range(2)')} WHERE a > 1`,
  `WITH a0 AS (SELECT 1 AS x), ${Array.from({ length: 40 }, (_, i) => `a${i + 1} AS (SELECT l.x FROM a${i} l, a${i} r)`).join(', ')} FROM a40`,
  nested(30, (x) => `SELECT *, * FROM (${x})`, 'SELECT 1 AS a'),
  nested(12, (x) => `SELECT * FROM (${x}) l, (${x}) r`, 'SELECT 1 AS a').slice(0, 40_000),
  'SELECT COLUMNS(*) + COLUMNS(*) FROM otlp_logs',
  `SELECT body FROM otlp_logs GROUP BY CUBE (${Array.from({ length: 12 }, (_, i) => `body || '${i}'`).join(', ')})`,
  'PIVOT otlp_logs ON body USING count(*)',
  'FROM otlp_logs UNPIVOT (a FOR b IN (body))',
  `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
  `SELECT ${'-'.repeat(1)}${'- '.repeat(15_000)}1`,
  `SELECT ${Array.from({ length: 40_000 }, () => '1').join('+')}`,
  `SELECT '${'x'.repeat(40_000)}'`,
  // Without an end.
  'WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t',
  "WITH RECURSIVE t AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t",
  'WITH RECURSIVE t USING KEY (i) AS (SELECT 1 AS i UNION SELECT i + 1 FROM t) FROM t',
  'FROM otlp_logs TABLESAMPLE 10%',
  'SELECT * FROM otlp_logs AT (VERSION => 1)',
];

/** What may run, and then ends at a limit. */
const ended: readonly string[] = [
  'SELECT count(*) FROM range(1000000000000)',
  'SELECT max(a.range * b.range) FROM range(10000000) a, range(10000000) b',
  'SELECT quantile_cont(range, 0.5) FROM range(1000000000000)',
  'SELECT mode(range) FROM range(1000000000000)',
  "SELECT length(string_agg(body, '-')) FROM otlp_logs, range(10000000000)",
  'SELECT len(list(range)) FROM range(1000000000000)',
  'SELECT count(*) FROM (SELECT range FROM range(1000000000000) GROUP BY range)',
  'SELECT * FROM range(1000000000000) ORDER BY range DESC',
  'SELECT count(*) FROM otlp_logs a, otlp_logs b, range(1000000000) c, range(1000000000) d WHERE a.body < b.body AND c.range < d.range',
];

test(`${refused.length} texts are refused`, async () => {
  const passed: string[] = [];
  for (const sql of refused) {
    const { status, text } = await server.post(sql);
    if (![400, 403, 422].includes(status) || text.includes(SECRET))
      passed.push(`${status} ${sql.slice(0, 200)}: ${text.slice(0, 300)}`);
    // Refused by the fence or the parser, not because it failed when it ran.
    else if (!/fenced|cannot parse|one statement|at most/.test(text))
      passed.push(`${status} ${sql.slice(0, 200)}: ${text.slice(0, 300)}`);
  }
  expect(passed).toEqual([]);
  expect(refused.length).toBeGreaterThanOrEqual(100);
}, 60_000);

for (const sql of ended) {
  test(`ends at a limit: ${sql}`, async () => {
    const { status, text } = await server.post(sql);
    expect([504, 422], text).toContain(status);
  });
}

test('macros of the database do not stand for functions of DuckDB', async () => {
  expect(await server.rows("SELECT lower('A')")).toEqual([['a']]);
});

test('after all of that nothing has changed', async () => {
  expect(readdirSync(folder)).toEqual(['secret.csv']);
  expect(await server.db.rows('SELECT count(*) AS n FROM otlp_live_logs()')).toEqual([{ n: '5' }]);
  expect(await server.db.rows('SELECT count(*) AS n FROM users')).toEqual([{ n: '1' }]);
  expect(await server.db.rows('SELECT count(*) AS n FROM otlp_query_list()')).toEqual([{ n: '0' }]);
  // Connections are used again, by other queries too.
  const answer = await server.post('SELECT count(*) FROM otlp_logs');
  expect(jsonOf(answer)['rows']).toEqual([['5']]);
});

test('each allowed function of ours exists', async () => {
  const exist = await server.db.rows(
    "SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_name LIKE 'otlp\\_%' ESCAPE '\\'",
  );
  const names = new Set(exist.map(({ name }) => String(name)));
  expect([...summaryFunctions, ...statusFunctions].filter((name) => !names.has(name))).toEqual([]);
});

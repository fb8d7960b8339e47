// Scans against what DuckDB's own API reads of the same queries.

import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/duckdb/database.js';
import type { Scanner, ScanRequest } from '../../src/query/scan/scanner.js';
import { SqlScans } from '../../src/query/scan/sql-scanner.js';
import { StatementSlots } from '../../src/query/scan/statement-slots.js';
import { columnsKept } from '../../src/schema/column-declaration.js';
import { logsTable } from '../../src/schema/logs.js';
import { soleReader } from '../../src/server/identity/principal.js';
import { send } from '../support/http-client.js';
import { ManualClock } from '../support/manual-clock.js';
import { TOKEN } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';
import { type BlockValue, rowsOf } from './block-values.js';
import { MAIN, QueryDatabase } from './query-database.js';

const forever = new AbortController().signal;

let db: QueryDatabase;
let connection: DuckDBConnection;
let scans: SqlScans;
let scanner: Scanner;

beforeAll(async () => {
  db = await QueryDatabase.open();
  connection = db.connection;
  scans = new SqlScans(db.database, db.registry.live, new StatementSlots(2));
  scanner = scans.scanner({ home: MAIN, principal: soleReader });
});

afterAll(async () => {
  await scans.close();
  await db.close();
});

async function scanned(request: ScanRequest, from = scanner): Promise<BlockValue[][]> {
  const rows: BlockValue[][] = [];
  for await (const block of from.scan(request, forever)) rows.push(...rowsOf(block));
  return rows;
}

async function read(sql: string): Promise<BlockValue[][]> {
  const result = await connection.runAndReadAll(sql);
  return result.getRows().map((row) => row.map(plain));
}

function plain(value: DuckDBValue): BlockValue {
  if (typeof value === 'boolean') return Number(value);
  if (value === null || typeof value !== 'object') return value;
  if ('items' in value && Array.isArray(value.items)) return value.items.map(plain);
  for (const unit of ['micros', 'nanos', 'millis', 'seconds']) {
    const time = (value as unknown as Record<string, unknown>)[unit];
    if (typeof time === 'bigint') return time;
  }
  if ('bytes' in value) return Buffer.from(value.bytes as Uint8Array).toString('utf8');
  throw new Error(`no plain form of ${value}`);
}

/** SQL of a value of row `range`, by the type that it has. */
const values = {
  TINYINT: '(range % 200 - 100)::TINYINT',
  UTINYINT: '(range % 256)::UTINYINT',
  SMALLINT: '(range * 7 % 60000 - 30000)::SMALLINT',
  USMALLINT: '(range * 7 % 60000)::USMALLINT',
  INTEGER: '((hash(range) % 4000000000)::BIGINT - 2000000000)::INTEGER',
  UINTEGER: '(hash(range) % 4000000000)::UINTEGER',
  FLOAT: '(range / 3)::FLOAT',
  DOUBLE: "CASE range % 5 WHEN 0 THEN 'inf'::DOUBLE WHEN 1 THEN -0.0 ELSE range / 3 END",
  BOOLEAN: 'range % 3 = 0',
  BIGINT: '(hash(range) >> 1)::BIGINT',
  TIMESTAMP: 'make_timestamp((hash(range) >> 12)::BIGINT)',
  TIMESTAMP_NS: 'make_timestamp_ns((hash(range) >> 2)::BIGINT)',
  'short VARCHAR': 'left(md5(range::VARCHAR), (range % 13)::INTEGER)',
  'long VARCHAR': 'repeat(md5(range::VARCHAR), (range % 9)::INTEGER) || chr(8364 + (range % 100)::INTEGER)',
  'VARCHAR of a dictionary': "'the value of label ' || (range % 7)",
  BLOB: "encode('blob ' || range)",
  'empty VARCHAR': "''",
  'BIGINT[]': 'list_transform(range(range % 5), x -> (x * range)::BIGINT)',
  'VARCHAR[]': "list_transform(range(range % 4), x -> repeat('élan ', x::INTEGER) || range)",
  'DOUBLE[][]': '[[range / 2], [], NULL, [NULL, range]]',
} as const;

for (const [type, sql] of Object.entries(values)) {
  for (const rows of [0, 2500]) {
    test(`${rows} values of ${type} are what DuckDB's API reads, NULLs among them`, async () => {
      const query = `SELECT ${sql} AS plain, CASE WHEN range % 11 <> 3 THEN ${sql} END AS some, CASE WHEN range < 0 THEN ${sql} END AS none
        FROM range(${rows}) ORDER BY range`;
      expect(await scanned({ sql: query })).toEqual(await read(query));
    });
  }
}

test('lists that rows share, or that no row has, are read as those rows have them', async () => {
  await connection.run(
    "CREATE OR REPLACE TABLE lists AS SELECT range AS id, [range, NULL, range + 1] AS numbers, ['text ' || range || ' of a list'] AS texts FROM range(50)",
  );
  const query = `SELECT numbers, texts, [numbers, numbers[2:]] FROM range(5000) AS r JOIN lists ON id = r.range * 7 % 60 ORDER BY r.range`;
  expect(await scanned({ sql: query })).toEqual(await read(query));
});

test('parameters have the type of their value', async () => {
  const sql = 'SELECT $1::VARCHAR, $2::DOUBLE, $3::BIGINT, $4::BOOLEAN, $5::DOUBLE IS NULL';
  const parameters = ["it's {{otlp_logs}}", 0.5, 2n ** 62n, true, null];
  expect(await scanned({ sql, parameters })).toEqual([["it's {{otlp_logs}}", 0.5, 2n ** 62n, 1, 1]]);
});

test('blocks begin small and grow, so that the first rows come at once', async () => {
  const sizes: number[] = [];
  for await (const { rowCount } of scanner.scan({ sql: 'SELECT range FROM range(200000)' }, forever))
    sizes.push(rowCount);
  expect(sizes.slice(0, 5)).toEqual([2048, 4096, 8192, 16384, 32768]);
  expect(Math.max(...sizes)).toBe(32768);
});

test('blocks of long rows have few of them', async () => {
  const sizes: number[] = [];
  const sql = "SELECT repeat('x', 4000) FROM range(20000)";
  for await (const { rowCount } of scanner.scan({ sql }, forever)) sizes.push(rowCount);
  expect(Math.max(...sizes)).toBe(2048);
});

test('a type that blocks do not have is a bug of the engine, and named', async () => {
  await expect(scanned({ sql: 'SELECT 1::HUGEINT AS total' })).rejects.toThrow(/column total has type HUGEINT/);
});

test('a table that does not exist has no rows and all columns', async () => {
  expect(await scanned({ sql: 'SELECT count(*), max(body), max(severity_number) FROM {{otlp_logs}}' })).toEqual([
    [0n, null, null],
  ]);
  const elsewhere = scans.scanner({ home: { catalog: 'memory', schema: 'nowhere' }, principal: soleReader });
  expect(
    await scanned({ sql: 'SELECT l.body FROM {{otlp_logs}} l JOIN {{otlp_traces}} t USING (trace_id)' }, elsewhere),
  ).toEqual([]);
});

test('a table from before a column has NULL there', async () => {
  await connection.run(
    'CREATE SCHEMA IF NOT EXISTS old; CREATE OR REPLACE TABLE old.otlp_logs AS SELECT 7 AS severity_number',
  );
  const old = scans.scanner({ home: { catalog: 'memory', schema: 'old' }, principal: soleReader });
  const sql = 'SELECT severity_number, body, l.trace_id FROM {{otlp_logs}} AS l';
  expect(await scanned({ sql }, old)).toEqual([[7, null, null]]);
  expect(await scanned({ sql }, old)).toEqual([[7, null, null]]);
});

// It once was read as an older one until the process ended.
test('a table that has got the columns is read as it is, some time later', async () => {
  await connection.run('CREATE SCHEMA grown; CREATE TABLE grown.otlp_logs AS SELECT 7 AS severity_number');
  const clock = new ManualClock();
  const later = new SqlScans(db.database, db.registry.live, new StatementSlots(1), clock);
  const grown = later.scanner({ home: { catalog: 'memory', schema: 'grown' }, principal: soleReader });
  const sql = 'SELECT severity_number, body FROM {{otlp_logs}}';
  const plan = async () => String(await scanned({ sql: `EXPLAIN ${sql}` }, grown));
  expect(await scanned({ sql }, grown)).toEqual([[7, null]]);
  const added = columnsKept(logsTable, 'exact').filter(({ name }) => name !== 'severity_number');
  for (const { name, type } of added) await connection.run(`ALTER TABLE grown.otlp_logs ADD COLUMN ${name} ${type}`);
  expect(await plan()).toContain('UNION');
  await clock.advance(60_000);
  expect(await scanned({ sql }, grown)).toEqual([[7, null]]);
  expect(await plan()).not.toContain('UNION');
  await later.close();
});

test('another error of DuckDB is told without the statement', async () => {
  const failure = await scanned({ sql: 'SELECT nonsense FROM {{otlp_logs}}' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    kind: 'internal',
    message: expect.stringMatching(/^cannot read telemetry: Binder Error: .*"nonsense"/),
  });
  expect(String(failure)).not.toContain('SELECT');
});

test('committed and live rows are there, each once', async () => {
  await connection.run('CREATE SCHEMA live');
  const served = await connection.runAndReadAll(
    `FROM otlp_serve('otlp:127.0.0.1:0', schema := 'live', token := '${TOKEN}', seal_max_age_ms := 600000)`,
  );
  const uri = String(served.getRows()[0]![0]);
  const post = (body: Uint8Array) =>
    send({
      port: Number(/\d+$/.exec(uri)![0]),
      path: '/v1/logs',
      headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${TOKEN}` },
      body,
    });
  const live = scans.scanner({ home: { catalog: 'memory', schema: 'live' }, principal: soleReader });
  const count = { sql: 'SELECT count(*), count(DISTINCT body) FROM {{otlp_logs}}' };
  await post(logsRequest(3, 'committed '));
  expect(await scanned(count, live)).toEqual([[3n, 3n]]);
  await connection.run(`CALL otlp_flush('${uri}')`);
  await post(logsRequest(4, 'live '));
  expect(await scanned(count, live)).toEqual([[7n, 7n]]);
  await connection.run(`CALL otlp_stop('${uri}')`);
  expect(await scanned(count, live)).toEqual([[7n, 7n]]);
});

test('memory is planned only where rows of the table wait there', async () => {
  await connection.run('CREATE SCHEMA quiet');
  const served = await connection.runAndReadAll(
    `FROM otlp_serve('otlp:127.0.0.1:0', schema := 'quiet', token := '${TOKEN}', seal_max_age_ms := 600000)`,
  );
  const uri = String(served.getRows()[0]![0]);
  const quiet = scans.scanner({ home: { catalog: 'memory', schema: 'quiet' }, principal: soleReader });
  // Each plan once had the union with what is in memory, which took as long to plan as a query of five minutes takes to run.
  const readsMemory = async (table: string) =>
    JSON.stringify(await scanned({ sql: `EXPLAIN SELECT max(resource_attributes) FROM {{${table}}}` }, quiet)).includes(
      '__OTLP_ROWS',
    );
  expect(await readsMemory('otlp_logs')).toBe(false);
  await send({
    port: Number(/\d+$/.exec(uri)![0]),
    path: '/v1/logs',
    headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${TOKEN}` },
    body: logsRequest(3, 'waiting '),
  });
  expect(await readsMemory('otlp_logs')).toBe(true);
  expect(await readsMemory('otlp_traces')).toBe(false);
  await connection.run(`CALL otlp_flush('${uri}')`);
  // Memory still has the rows, for transactions that began before the commit.
  expect(await readsMemory('otlp_logs')).toBe(false);
  expect(await scanned({ sql: 'SELECT count(*) FROM {{otlp_logs}}' }, quiet)).toEqual([[3n]]);
  await connection.run(`CALL otlp_stop('${uri}')`);
});

test('where memory cannot be read beside the tables, the tables are read', async () => {
  await connection.run('CREATE SCHEMA apart');
  const serve = async (options: string) => {
    const served = await connection.runAndReadAll(`FROM otlp_serve('otlp:127.0.0.1:0', schema := 'apart'${options})`);
    return String(served.getRows()[0]![0]);
  };
  await connection.run(`CALL otlp_stop('${await serve('')}')`);
  await connection.run(
    "ALTER TABLE apart.otlp_seals DROP COLUMN seal_id; INSERT INTO apart.otlp_logs (body) VALUES ('one')",
  );
  const uri = await serve(', create_tables := false');
  await expect(connection.run("FROM otlp_live_logs(schema := 'apart')")).rejects.toThrow('[OTLP_LIVE_UNSUPPORTED]');
  const apart = scans.scanner({ home: { catalog: 'memory', schema: 'apart' }, principal: soleReader });
  expect(await scanned({ sql: 'SELECT body FROM {{otlp_logs}}' }, apart)).toEqual([['one']]);
  await connection.run(`CALL otlp_stop('${uri}')`);
});

test('a statement that a commit got in the way of is tried again', async () => {
  await connection.run('CREATE SEQUENCE tries');
  const conflict = "error('rows were being committed [OTLP_LIVE_CONFLICT]')::BIGINT";
  expect(await scanned({ sql: `SELECT CASE WHEN nextval('tries') < 3 THEN ${conflict} ELSE 42 END` })).toEqual([[42n]]);
});

test('ending the iteration ends the statement, and its snapshot', async () => {
  await connection.run('CREATE OR REPLACE TABLE numbers AS SELECT range AS n FROM range(1000000)');
  for await (const { rowCount } of scanner.scan({ sql: 'SELECT n FROM numbers' }, forever)) {
    expect(rowCount).toBe(2048);
    break;
  }
  // A table that a transaction reads cannot be dropped from under it.
  await connection.run('DROP TABLE numbers');
  expect(await scanned({ sql: 'SELECT 1' })).toEqual([[1]]);
});

test('an abort interrupts what DuckDB is doing, and rejects with its reason', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const endless = scanner.scan(
    { sql: 'SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 1' },
    abort.signal,
  );
  const ended = endless[Symbol.asyncIterator]().next();
  setImmediate(() => abort.abort(reason));
  await expect(ended).rejects.toBe(reason);
  // Its slot and its connection are free.
  expect(await scanned({ sql: 'SELECT 1' })).toEqual([[1]]);
});

test('a column that only some servers keep is NULL in tables that lack it', async () => {
  await connection.run('DROP TABLE IF EXISTS otlp_traces');
  await connection.run("CREATE TABLE otlp_traces AS SELECT 'a' AS span_id");
  const sql = 'SELECT span_id, start_time_unix_nano_rest FROM {{otlp_traces}}';
  expect(await scanned({ sql })).toEqual([['a', null]]);
  await connection.run('ALTER TABLE otlp_traces ADD COLUMN start_time_unix_nano_rest INTEGER DEFAULT 7');
  expect(await scanned({ sql })).toEqual([['a', 7]]);
  await connection.run('DROP TABLE otlp_traces');
});

test('a connection whose statement cannot be ended is closed, and the scan has its rows', async () => {
  const opened: DuckDBConnection[] = [];
  const database = {
    async connect() {
      const connection = await db.database.connect();
      connection.run = () => Promise.reject(new Error('FATAL Error: out of the blue'));
      opened.push(connection);
      return connection;
    },
  } as unknown as Database;
  const failing = new SqlScans(database, db.registry.live, new StatementSlots(1));
  const blocks = failing.scanner({ home: MAIN, principal: soleReader });
  // This once rejected, which nobody could hear, and left the connection open.
  for await (const { rowCount } of blocks.scan({ sql: 'SELECT range FROM range(200000)' }, forever)) {
    expect(rowCount).toBe(2048);
    break;
  }
  expect(opened).toHaveLength(1);
  await expect(opened[0]!.runAndReadAll('SELECT 1')).rejects.toThrow();
  await failing.close();
});

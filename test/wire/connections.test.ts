// The functions on every connection, in every form of statement, and what "the default catalog" is for each.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { otlp } from '../../src/otlp.js';
import { openDatabase, serve, TOKEN } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

/** Rows wait for a flush, however long a test takes on a busy machine. */
const NEVER_MS = 3_600_000;

const ANY = 'otlp:127.0.0.1:0';
const servers = 'SELECT count(*) FROM otlp_server_list()';

describe('otlp_serve, otlp_flush and otlp_stop work', () => {
  test('with SELECT … FROM, which takes columns, conditions and order', async () => {
    const database = await openDatabase();
    const [row] = await database.rows(
      `SELECT upper(auth_token) AS token, listen_uri AS uri FROM otlp_serve('${ANY}', token := '${TOKEN}') AS s
       WHERE s.schema_name = 'main' ORDER BY uri LIMIT 1`,
    );
    expect(row!['token']).toBe(TOKEN.toUpperCase());
    expect(await database.rows(`SELECT error, sealed_rows + 1 AS n FROM otlp_flush('${row!['uri']}')`)).toEqual([
      { error: null, n: '1' },
    ]);
    expect(await database.value(`SELECT status FROM otlp_stop('${row!['uri']}')`)).toContain('Stopped');
  });

  test('with CALL', async () => {
    const database = await openDatabase();
    const [row] = await database.rows(`CALL otlp_serve('${ANY}', schema := 'main')`);
    expect(await database.rows(`CALL otlp_flush('${row!['listen_uri']}')`)).toMatchObject([{ status: 'sealed' }]);
    expect(await database.rows('CALL otlp_server_list()')).toHaveLength(1);
    expect(await database.rows('CALL otlp_seal_list()')).toEqual([]);
    expect(await database.rows(`CALL otlp_stop('${row!['listen_uri']}')`)).toHaveLength(1);
    expect(await database.value(servers)).toBe('0');
  });

  test('in CREATE TABLE … AS and INSERT … SELECT', async () => {
    const database = await openDatabase();
    await database.rows(`CREATE TABLE started AS FROM otlp_serve('${ANY}')`);
    await database.rows(`INSERT INTO started FROM otlp_serve('${ANY}')`);
    expect(await database.rows('SELECT listen_uri FROM started ORDER BY ALL')).toEqual(
      await database.rows('SELECT listen_uri FROM otlp_server_list() ORDER BY ALL'),
    );
  });

  test('several times in one statement', async () => {
    const database = await openDatabase();
    const started = await database.rows(
      `SELECT listen_uri FROM otlp_serve('${ANY}') UNION ALL SELECT listen_uri FROM otlp_serve('${ANY}')`,
    );
    expect(new Set(started.map((row) => row['listen_uri'])).size).toBe(2);
    const [one, two] = started.map((row) => row['listen_uri']);
    const stopped = await database.rows(
      `SELECT a.dropped_rows + b.dropped_rows AS n FROM otlp_stop('${one}') a, otlp_stop('${two}') b`,
    );
    expect(stopped).toEqual([{ n: '0' }]);
    expect(await database.value(servers)).toBe('0');
  });

  test('with prepared parameters, and PREPARE starts nothing', async () => {
    const database = await openDatabase();
    const prepared = await database.connection.prepare('FROM otlp_serve(?, token := ?, seal_max_age_ms := ?)');
    expect(await database.value(servers)).toBe('0');
    prepared.bindVarchar(1, ANY);
    prepared.bindVarchar(2, TOKEN);
    prepared.bindBigInt(3, 1234n);
    const first = (await prepared.runAndReadAll()).getRowObjectsJson();
    expect(first).toMatchObject([{ auth_token: TOKEN }]);
    const second = (await prepared.runAndReadAll()).getRowObjectsJson();
    expect(second[0]!['listen_uri']).not.toBe(first[0]!['listen_uri']);
    expect(await database.value(servers)).toBe('2');
    await database.rows('PREPARE stopping AS FROM otlp_stop(?)');
    expect(await database.value(servers)).toBe('2');
    await database.rows(`EXECUTE stopping('${first[0]!['listen_uri']}')`);
    expect(await database.value(servers)).toBe('1');
    expect(await database.rows('SELECT seal_max_age_ms FROM otlp_server_list()')).toEqual([
      { seal_max_age_ms: '1234' },
    ]);
  });

  test('inside a transaction, whose rollback stops no server', async () => {
    const database = await openDatabase();
    await database.rows('CREATE TABLE mine (i INTEGER)');
    await database.rows('BEGIN');
    await database.rows('INSERT INTO mine VALUES (1)');
    const server = await database.serve({ seal_max_age_ms: NEVER_MS });
    expect((await server.post(logsRequest(2))).status).toBe(202);
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '2' });
    await database.rows('ROLLBACK');
    expect(await database.value(servers)).toBe('1');
    expect(await database.value('SELECT count(*) FROM otlp_logs')).toBe('2');
    await database.rows('BEGIN');
    expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
    await database.rows('COMMIT');
  });

  test('on tables that an open transaction has read: its flush is seen after it', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    await server.post(logsRequest(2));
    await server.database.rows('BEGIN');
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('0');
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '2' });
    await server.database.rows('COMMIT');
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('2');
  });

  test('under EXPLAIN, which starts and stops nothing', async () => {
    const server = await serve();
    await server.database.rows(`EXPLAIN FROM otlp_serve('${ANY}')`);
    await server.database.rows(`EXPLAIN FROM otlp_stop('${server.uri}')`);
    expect(await server.database.value(servers)).toBe('1');
    expect((await server.get('/healthz')).status).toBe(200);
  });

  test('with positional arguments, `=>`, and names in any case', async () => {
    const database = await openDatabase();
    await database.rows(`FROM otlp_serve('${ANY}', token => '${TOKEN}', MAX_BODY_BYTES := 10)`);
    await database.rows(`FROM OTLP_SERVE(uri := '${ANY}', disable_auth := true)`);
    expect(await database.value(servers)).toBe('2');
  });
});

test('without arguments otlp_serve listens at otlp:localhost:4318', async () => {
  const database = await openDatabase();
  // Somebody may listen there on the machine that runs the tests; either way it is there that it listens.
  const outcome = await database.value('SELECT listen_uri FROM otlp_serve()').catch((error: Error) => error.message);
  expect(outcome).toMatch(/^otlp:localhost:4318$|cannot listen on otlp:localhost:4318: address already in use/);
});

describe('the functions exist', () => {
  test('on connections of connect() and on registered ones', async () => {
    const database = await openDatabase();
    const mine = await database.instance.connect();
    await expect(database.rows(`FROM otlp_serve('${ANY}')`, mine)).rejects.toThrow('otlp_serve');
    await database.otel.register(mine);
    await database.rows(`FROM otlp_serve('${ANY}')`, mine);
    await database.otel.register(mine);
    await database.rows(`FROM otlp_serve('${ANY}')`, mine);
    expect(await database.value(servers)).toBe('2');
    mine.closeSync();
  });

  test('as otelduck.<function> on a bare connection, and the lists under their own names', async () => {
    const database = await openDatabase();
    const bare = await database.instance.connect();
    const [row] = await database.rows(`CALL otelduck.otlp_serve('${ANY}', disable_auth := true)`, bare);
    expect(await database.rows('SELECT listen_uri FROM otlp_server_list()', bare)).toEqual([
      { listen_uri: row!['listen_uri'] },
    ]);
    expect(await database.rows(`CALL otelduck.otlp_flush('${row!['listen_uri']}')`, bare)).toMatchObject([
      { status: 'sealed' },
    ]);
    expect(await database.rows(`SELECT (otlp_uri_parser('otlp:')).port AS port`, bare)).toEqual([{ port: 4318 }]);
    expect(await database.rows(`CALL otelduck.otlp_stop('${row!['listen_uri']}')`, bare)).toHaveLength(1);
    bare.closeSync();
  });
});

describe('the target', () => {
  test('is the database that USE chose, which is then a named catalog', async () => {
    const database = await openDatabase();
    await database.rows("ATTACH ':memory:' AS lake");
    await database.rows('USE lake');
    const server = await database.serve();
    expect(server.row).toMatchObject({ catalog_name: 'lake', schema_name: 'main' });
    expect(await server.counters('catalog_name')).toEqual({ catalog_name: 'lake' });
    await server.post(logsRequest(2));
    await server.flush();
    expect(await database.value('SELECT count(*) FROM lake.main.otlp_logs')).toBe('2');
    expect(await database.value("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'memory'")).toBe('0');
  });

  test('is the schema that USE chose', async () => {
    const database = await openDatabase();
    await database.rows('CREATE SCHEMA telemetry');
    await database.rows('USE telemetry');
    const server = await database.serve();
    expect(server.row).toMatchObject({ catalog_name: '', schema_name: 'telemetry' });
    await server.post(logsRequest(2));
    await server.flush();
    expect(await database.value('SELECT count(*) FROM memory.telemetry.otlp_logs')).toBe('2');
  });

  test('is chosen for each connection by itself', async () => {
    const database = await openDatabase();
    await database.rows("ATTACH ':memory:' AS lake");
    const other = await database.otel.connect();
    await database.rows('USE lake', other);
    const sql = `SELECT catalog_name FROM otlp_serve('${ANY}')`;
    expect([await database.rows(sql), await database.rows(sql, other)]).toEqual([
      [{ catalog_name: '' }],
      [{ catalog_name: 'lake' }],
    ]);
    other.closeSync();
  });

  test('is named by catalog and schema, which is made', async () => {
    const database = await openDatabase();
    await database.rows("ATTACH ':memory:' AS lake");
    const server = await database.serve({ catalog: 'lake', schema: 'a "schema"' });
    expect(server.row).toMatchObject({ catalog_name: 'lake', schema_name: 'a "schema"' });
    await server.post(logsRequest(2));
    expect(await server.flush()).toMatchObject({ status: 'sealed' });
    expect(await database.value('SELECT count(*) FROM lake."a ""schema""".otlp_logs')).toBe('2');
  });

  test('is in schema main of a named catalog, whatever the schema in use', async () => {
    const database = await openDatabase();
    await database.rows("ATTACH ':memory:' AS lake");
    await database.rows('CREATE SCHEMA telemetry');
    await database.rows('USE telemetry');
    expect((await database.serve({ catalog: 'lake' })).row).toMatchObject({
      catalog_name: 'lake',
      schema_name: 'main',
    });
  });

  test('is found whatever the case of its name', async () => {
    const database = await openDatabase();
    await database.rows("ATTACH ':memory:' AS Lake");
    for (const catalog of ['Lake', 'lake', 'LAKE']) {
      const server = await database.serve({ catalog });
      await server.post(logsRequest(1));
      expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '1' });
    }
    await database.rows('USE lake');
    expect((await database.serve({ schema: 'MAIN' })).row['catalog_name']).toMatch(/^lake$/i);
    expect(await database.value('SELECT count(*) FROM lake.otlp_logs')).toBe('3');
  });

  test('an empty catalog is the default one', async () => {
    expect((await serve({ catalog: '' })).row['catalog_name']).toBe('');
  });

  test('that is not there, or read-only, is not available', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'otelduck-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'archive.db');
    const archive = await DuckDBInstance.create(path);
    archive.closeSync();
    const database = await openDatabase();
    await database.rows(`ATTACH '${path}' AS archive (READ_ONLY)`);
    await expect(database.serve({ catalog: 'nowhere' })).rejects.toThrow('catalog nowhere is not available');
    await expect(database.serve({ catalog: 'archive' })).rejects.toThrow('catalog archive is not available');
    expect(await database.value(servers)).toBe('0');
  });

  test('several servers may share one, and one server may have one of its own', async () => {
    const database = await openDatabase();
    await database.rows("ATTACH ':memory:' AS lake");
    const all = [await database.serve(), await database.serve(), await database.serve({ catalog: 'lake' })];
    await Promise.all(all.map((server) => server.post(logsRequest(2))));
    for (const server of all) await server.flush();
    expect(await database.value('SELECT count(*) FROM memory.otlp_logs')).toBe('4');
    expect(await database.value('SELECT count(*) FROM lake.otlp_logs')).toBe('2');
  });
});

describe('create_tables', () => {
  const create_tables = false;

  test('makes seven tables, with the documented columns, and leaves existing ones alone', async () => {
    const server = await serve();
    await server.post(logsRequest(2));
    await server.stop();
    const tables = await server.database.rows(
      'SELECT table_name, column_count FROM duckdb_tables() ORDER BY table_name',
    );
    expect(tables.filter(({ table_name }) => table_name !== 'otlp_seals')).toEqual([
      { table_name: 'otlp_logs', column_count: '18' },
      { table_name: 'otlp_metrics_exp_histogram', column_count: '27' },
      { table_name: 'otlp_metrics_gauge', column_count: '17' },
      { table_name: 'otlp_metrics_histogram', column_count: '22' },
      { table_name: 'otlp_metrics_sum', column_count: '19' },
      { table_name: 'otlp_metrics_summary', column_count: '18' },
      { table_name: 'otlp_traces', column_count: '24' },
    ]);
    await server.database.serve();
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('2');
  });

  test(':= false makes none, and says which is missing', async () => {
    const database = await openDatabase();
    await expect(database.serve({ create_tables })).rejects.toThrow(/otlp_\w+ is not available/);
    expect(await database.value('SELECT count(*) FROM duckdb_tables()')).toBe('0');
    expect(await database.value(servers)).toBe('0');
  });

  test(':= false serves when all are there', async () => {
    const first = await serve();
    await first.stop();
    const server = await first.database.serve({ create_tables });
    expect((await server.post(logsRequest(1))).status).toBe(202);
  });

  for (const [change, ...named] of [
    ['DROP TABLE otlp_metrics_sum', 'otlp_metrics_sum is not available'],
    ['ALTER TABLE otlp_traces DROP COLUMN kind', 'otlp_traces is not available', 'kind INTEGER', 'found none'],
    [
      'ALTER TABLE otlp_logs ALTER COLUMN flags TYPE BIGINT',
      'otlp_logs is not available',
      'flags',
      'INTEGER',
      'BIGINT',
    ],
    [
      'ALTER TABLE otlp_logs ALTER COLUMN time_unix_nano TYPE TIMESTAMP_NS',
      'otlp_logs is not available',
      'time_unix_nano',
      'TIMESTAMP',
      'TIMESTAMP_NS',
    ],
    [
      'ALTER TABLE otlp_metrics_histogram ALTER COLUMN bucket_counts TYPE UBIGINT[]',
      'otlp_metrics_histogram is not available',
      'bucket_counts',
      'BIGINT[]',
      'UBIGINT[]',
    ],
  ] as const) {
    test(`${change} is found out`, async () => {
      const { database, ...first } = await serve();
      await database.rows(`FROM otlp_stop('${first.uri}')`);
      await database.rows(change);
      const error = await database.serve({ create_tables }).then(
        () => '',
        (thrown: Error) => thrown.message,
      );
      for (const text of named) expect(error).toContain(text);
      expect(await database.value(servers)).toBe('0');
    });
  }

  test('a table with a column of another type is found out when tables may be made, too', async () => {
    const database = await openDatabase();
    await database.rows('CREATE TABLE otlp_logs (body INTEGER)');
    await expect(database.serve()).rejects.toThrow('otlp_logs is not available');
  });
});

describe('instances', () => {
  test('one is attached to once; the second attempt says so and harms nothing', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    await expect(otlp.attach(server.database.instance)).rejects.toThrow(
      'otelduck has been attached to this DuckDB instance already [OTLP_ALREADY_ATTACHED]',
    );
    expect((await server.post(logsRequest(1))).status).toBe(202);
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '1' });
    const other = await server.database.otel.connect();
    expect(await server.database.rows('FROM otlp_server_list()', other)).toHaveLength(1);
    other.closeSync();
  });

  test('two in one process know nothing of each other', async () => {
    const [one, two] = [await serve({ seal_max_age_ms: NEVER_MS }), await serve({ seal_max_age_ms: NEVER_MS })];
    expect(await one.database.rows('SELECT listen_uri FROM otlp_server_list()')).toEqual([{ listen_uri: one.uri }]);
    await one.post(logsRequest(1, 'one '));
    await two.post(logsRequest(2, 'two '));
    expect(await two.database.rows(`FROM otlp_flush('${one.uri}')`)).toMatchObject([
      { status: `No server found listening on ${one.uri}` },
    ]);
    await expect(two.database.serve({}, one.uri)).rejects.toThrow('address already in use');
    await one.database.close();
    expect(await two.flush()).toMatchObject({ status: 'sealed', sealed_rows: '2' });
    expect(await two.database.value('SELECT min(body) FROM otlp_logs')).toBe('two 0');
  });

  test('one that is closed starts no more servers, and closes twice', async () => {
    const server = await serve();
    const { otel } = server.database;
    expect(await otel.close()).toHaveLength(1);
    expect(await otel.close()).toHaveLength(1);
    await expect(server.get('/healthz')).rejects.toThrow('ECONNREFUSED');
    await expect(server.database.serve()).rejects.toThrow('closed');
    expect(await server.database.rows('FROM otlp_server_list()')).toEqual([]);
  });

  test('one may be read-only: servers then say what is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'otelduck-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'archive.db');
    (await DuckDBInstance.create(path)).closeSync();
    const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
    const otel = await otlp.attach(instance);
    const connection = await otel.connect();
    await expect(connection.run(`FROM otlp_serve('${ANY}')`)).rejects.toThrow('read-only');
    await otel.close();
    connection.closeSync();
    instance.closeSync();
  });
});

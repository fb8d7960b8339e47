// Rows of old days leave every kind of target: what a dry run counts is what a run removes, and what a full scan then misses.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChildProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { type OtelDatabase, type OtelServer, openDatabase, type ServeArguments } from '../support/otel-database.js';
import { pathOf, spansRequest } from '../support/telemetry.js';
import { attachIceberg, fileFolder, openLakeDatabase } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { DAY_NS, FIRST_NS, numberedLogs } from './support/lake-telemetry.js';
import { PostgresServer } from './support/postgres-server.js';
import { SeaweedServer } from './support/seaweed-server.js';

const NEVER_MS = 3_600_000;
const folder = fileFolder();
let names = 0;
const newName = () => `r${++names}`;

/** Rows of each day, which is enough for a file of their own where small inserts stay in the catalog. */
const PER_DAY = 100;
const DAYS = 4;
/** The third of the days. */
const BEFORE = '2023-11-16';

interface Place {
  readonly database: OtelDatabase;
  /** Options of a server that commits there. */
  readonly options: ServeArguments;
  readonly home: string;
  /** Whether rows leave by whole files. */
  readonly dropsFiles: boolean;
}

/** What every target has to do. */
async function keepsItsPromise({ database, options, home, dropsFiles }: Place): Promise<void> {
  const server = await database.serve({ ...options, seal_max_age_ms: NEVER_MS, retention_batch_rows: 30 });
  await sendDays(server);
  const purge = (arguments_ = '') =>
    database.rows(
      `SELECT table_name, cutoff, matching_rows::INTEGER AS matching, deleted_rows::INTEGER AS deleted, files_dropped::INTEGER AS files, bytes_freed AS bytes, error
       FROM otlp_retention('${server.uri}', before := '${BEFORE}'${arguments_}) WHERE matching_rows > 0 OR error IS NOT NULL`,
    );
  const counted = { cutoff: BEFORE, error: null };
  const old = [
    { table_name: 'otlp_logs', matching: 2 * PER_DAY, ...counted },
    { table_name: 'otlp_traces', matching: PER_DAY, ...counted },
  ];
  expect(await purge()).toEqual(old.map((row) => ({ ...row, deleted: 0, files: null, bytes: null })));
  expect(await days(database, home)).toEqual([14, 15, 16, 17]);

  const removed = await purge(', dry_run := false');
  expect(removed).toMatchObject(old.map((row) => ({ ...row, deleted: row.matching })));
  if (dropsFiles) {
    expect(removed.map(({ files }) => files)).toEqual([2, 1]);
    for (const { bytes } of removed) expect(Number(bytes)).toBeGreaterThan(0);
  }
  expect(await days(database, home)).toEqual([16, 17]);
  expect(await database.value(`SELECT count(*)::INTEGER FROM ${home}otlp_logs`)).toBe(2 * PER_DAY);
  expect(await database.value(`SELECT count(*)::INTEGER FROM ${home}otlp_traces`)).toBe(0);
  expect(await purge(', dry_run := false')).toEqual([]);
  // Seals go on, and so do rows of a day that has left.
  await server.post(numberedLogs({ count: 5 }));
  expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });
  expect(await purge(', dry_run := false')).toMatchObject([{ table_name: 'otlp_logs', matching: 5, deleted: 5 }]);
  expect(await days(database, home)).toEqual([16, 17]);
  expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
}

/** Logs of four days, and spans of the first, in one seal. */
async function sendDays(server: OtelServer): Promise<void> {
  const timeNs = (i: number) => FIRST_NS + BigInt(i % DAYS) * DAY_NS;
  expect((await server.post(numberedLogs({ count: PER_DAY * DAYS, timeNs }))).status).toBe(202);
  expect((await server.post(spansRequest(PER_DAY), { path: pathOf.traces })).status).toBe(202);
  expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });
}

/** Days of the month that logs have. */
async function days(database: OtelDatabase, home: string): Promise<unknown[]> {
  const found = await database.rows(
    `SELECT DISTINCT day(time_unix_nano)::INTEGER AS day FROM ${home}otlp_logs ORDER BY day`,
  );
  return found.map(({ day }) => day);
}

test('a database file', async () => {
  const database = await openDatabase(join(folder, `${newName()}.db`));
  await keepsItsPromise({ database, options: {}, home: '', dropsFiles: false });
});

test('Parquet files', async () => {
  const database = await openDatabase();
  const root = join(folder, newName());
  const options = { parquet_export_path: root, maintenance_retention_ms: 1 };
  await keepsItsPromise({ database, options, home: '', dropsFiles: true });
  // What has left is removed a moment later, by the next run.
  const server = await database.serve(options);
  await eventually(async () => {
    await database.rows(`FROM otlp_retention('${server.uri}', dry_run := false, before := '${BEFORE}')`);
    expect(readdirSync(join(root, '_expired'))).toEqual([]);
  });
});

test('Parquet files of tenants', async () => {
  const database = await openDatabase();
  const options = { parquet_export_path: join(folder, newName()), tenants: 'header' };
  await keepsItsPromise({ database, options, home: '', dropsFiles: true });
});

test('views over Parquet files outlive the last file, and come back with the next', async () => {
  const database = await openDatabase();
  const server = await database.serve({ parquet_export_path: join(folder, newName()), seal_max_age_ms: NEVER_MS });
  await server.post(numberedLogs({ count: 3 }));
  await server.flush();
  await database.rows(`FROM otlp_retention('${server.uri}', dry_run := false, before := '2024-01-01')`);
  expect(await database.value('SELECT count(*)::INTEGER FROM otlp_logs')).toBe(0);
  await server.post(numberedLogs({ count: 2 }));
  await server.flush();
  expect(await database.value('SELECT count(*)::INTEGER FROM otlp_logs')).toBe(2);
});

test('rows leave by themselves, after the interval', async () => {
  const database = await openDatabase();
  const server = await database.serve({ retention_days: 7, retention_interval_ms: 20, seal_max_age_ms: NEVER_MS });
  await server.post(numberedLogs({ count: 20 }));
  await server.flush();
  await eventually(async () => expect(await database.value('SELECT count(*)::INTEGER FROM otlp_logs')).toBe(0));
  await eventually(async () =>
    expect(await server.counters('retention_rows_total', 'retention_failures_total')).toEqual({
      retention_rows_total: '20',
      retention_failures_total: '0',
    }),
  );
});

test('a reader of a database file that began before sees all rows to its end', async () => {
  const database = await openDatabase(join(folder, `${newName()}.db`));
  const server = await database.serve({ seal_max_age_ms: NEVER_MS });
  await sendDays(server);
  const reader = await database.instance.connect();
  await reader.run('BEGIN TRANSACTION');
  const count = 'SELECT count(*)::INTEGER AS n FROM otlp_logs';
  expect(await database.rows(count, reader)).toEqual([{ n: PER_DAY * DAYS }]);
  await database.rows(`FROM otlp_retention('${server.uri}', dry_run := false, before := '${BEFORE}')`);
  expect(await database.rows(count)).toEqual([{ n: 2 * PER_DAY }]);
  expect(await database.rows(count, reader)).toEqual([{ n: PER_DAY * DAYS }]);
  reader.closeSync();
});

lakeSuite('a lake in files', ['extensions'], () => {
  const attach = (name: string) =>
    `ATTACH 'ducklake:${join(folder, name)}.ducklake' AS lake (DATA_PATH '${join(folder, name)}/')`;

  test('drops whole files', async () => {
    const database = await openLakeDatabase([attach(newName())]);
    await keepsItsPromise({ database, options: { catalog: 'lake' }, home: 'lake.', dropsFiles: true });
  });

  test('a reader of an older snapshot gets all of its rows', async () => {
    const database = await openLakeDatabase([attach(newName())]);
    const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS });
    await sendDays(server);
    const [snapshot] = await database.rows('SELECT max(snapshot_id)::INTEGER AS id FROM lake.snapshots()');
    await database.rows(`FROM otlp_retention('${server.uri}', dry_run := false, before := '${BEFORE}')`);
    expect(
      await database.value(`SELECT count(*)::INTEGER FROM lake.otlp_logs AT (VERSION => ${snapshot!['id']})`),
    ).toBe(PER_DAY * DAYS);
  });

  test('one of two servers removes rows, and the other says who', async () => {
    const database = await openLakeDatabase([attach(newName())]);
    const options = { catalog: 'lake', seal_max_age_ms: NEVER_MS, retention_days: 36_500 };
    const [one, other] = [await database.serve(options), await database.serve(options)];
    expect(await database.rows('FROM lake.otlp_leases')).toEqual([
      { job: 'retention', holder: null, held_until: null },
    ]);
    await sendDays(one!);
    await database.rows(
      "UPDATE lake.otlp_leases SET holder = 'another host', held_until = now()::TIMESTAMP + INTERVAL 1 HOUR",
    );
    const removal = `FROM otlp_retention('${other!.uri}', dry_run := false, before := '${BEFORE}')`;
    const errors = await database.rows(
      `SELECT DISTINCT error LIKE 'another host removes old rows%' AS held ${removal}`,
    );
    expect(errors).toEqual([{ held: true }]);
    expect(await days(database, 'lake.')).toEqual([14, 15, 16, 17]);
    // It died, and its time is over.
    await database.rows('UPDATE lake.otlp_leases SET held_until = now()::TIMESTAMP - INTERVAL 1 HOUR');
    expect(await database.value(`SELECT sum(deleted_rows)::INTEGER ${removal}`)).toBe(3 * PER_DAY);
    expect(await database.rows('SELECT holder FROM lake.otlp_leases')).toEqual([{ holder: null }]);
  });
});

lakeSuite('lakes on other servers', ['extensions', 'postgres', 'seaweedfs'], () => {
  let postgres: PostgresServer;
  let seaweed: SeaweedServer;
  beforeAll(async () => {
    [postgres, seaweed] = await Promise.all([PostgresServer.start(), SeaweedServer.start()]);
  });
  afterAll(() => Promise.all([postgres?.close(), seaweed?.close()]));

  /** Two hosts that begin at the same moment: each row leaves once, and who came too late knows why. */
  async function agree(attach: readonly string[], options: ServeArguments): Promise<void> {
    const hosts = [await openLakeDatabase(attach), await openLakeDatabase(attach)];
    const servers: OtelServer[] = [];
    for (const host of hosts) servers.push(await host.serve({ ...options, seal_max_age_ms: NEVER_MS }));
    await sendDays(servers[0]!);
    const removed = await Promise.all(
      servers.map(({ database, uri }) =>
        database.rows(
          `SELECT deleted_rows, error FROM otlp_retention('${uri}', dry_run := false, before := '${BEFORE}')`,
        ),
      ),
    );
    expect(removed.flat().reduce((sum, { deleted_rows: rows }) => sum + Number(rows), 0)).toBe(3 * PER_DAY);
    for (const { error } of removed.flat()) expect(error ?? 'removes old rows').toContain('removes old rows');
  }

  test('a DuckLake in PostgreSQL, and two hosts', async () => {
    const name = newName();
    const connection = (await postgres.createDatabase(name))();
    const attach = [`ATTACH 'ducklake:postgres:${connection}' AS lake (DATA_PATH '${join(folder, name)}/')`];
    const database = await openLakeDatabase(attach);
    await keepsItsPromise({ database, options: { catalog: 'lake' }, home: 'lake.', dropsFiles: true });
    await database.close();
    await agree(attach, { catalog: 'lake' });
  });

  test('Iceberg, and two hosts', async () => {
    const database = await openLakeDatabase(attachIceberg(seaweed));
    await eventually(() => database.rows('CREATE SCHEMA IF NOT EXISTS ice.old'));
    const options = { catalog: 'ice', schema: 'old' };
    await keepsItsPromise({ database, options, home: 'ice.old.', dropsFiles: false });
    await database.close();
    await agree(attachIceberg(seaweed), options);
  });
});

// A removal that is killed leaves rows of old days, and nothing else wrong. The next one removes them.
test('kill -9 in a removal of batches loses no row that is kept, and the next run removes the rest', async () => {
  const path = join(folder, `${newName()}.db`);
  const open = `
    const instance = await DuckDBInstance.create(${JSON.stringify(path)}, { threads: '1' });
    const otel = await otlp.attach(instance);
    const connection = await otel.connect();
    const [{ listen_uri: uri }] = await rowsOf(connection, "FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, retention_batch_rows := 100)");
    const remove = () => rowsOf(connection, \`SELECT sum(deleted_rows)::INTEGER AS n FROM otlp_retention('\${uri}', dry_run := false, before := '2020-01-02')\`);
  `;
  const killed = new ChildProgram(`${open}
    await connection.run("INSERT INTO otlp_logs (time_unix_nano, body, dropped_attributes_count, flags) SELECT DATE '2020-01-01' + (i % 2)::INTEGER, i::VARCHAR, 0, 0 FROM range(20000) t(i)");
    void remove();
    const watch = await otel.connect();
    for (;;) {
      const [{ n }] = await rowsOf(watch, "SELECT count(*)::INTEGER AS n FROM otlp_logs");
      if (n < 18000) say(n);
    }
  `);
  const left = await killed.line<number>();
  killed.process.kill('SIGKILL');
  await killed.exited();
  expect(left).toBeGreaterThan(10_000);
  expect(existsSync(path)).toBe(true);

  const next = new ChildProgram(`${open}
    const count = async () => (await rowsOf(connection, "SELECT count(*)::INTEGER AS n, count(*) FILTER (time_unix_nano >= DATE '2020-01-02')::INTEGER AS kept FROM otlp_logs"))[0];
    say(await count());
    say((await remove())[0].n);
    say(await count());
    await otel.close();
    process.exit();
  `);
  const found = await next.line<{ n: number; kept: number }>();
  expect(found.kept).toBe(10_000);
  expect(found.n).toBeGreaterThan(10_000);
  expect(await next.line()).toBe(found.n - 10_000);
  expect(await next.line()).toEqual({ n: 10_000, kept: 10_000 });
});

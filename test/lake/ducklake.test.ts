// DuckLake on every kind of catalog and data path that it has: what a server sets, writes and keeps tidy.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import type { OtelDatabase, OtelServer } from '../support/otel-database.js';
import { metricsRequest, pathOf, spansRequest } from '../support/telemetry.js';
import { expectExactSpan } from './support/exact-span.js';
import { bareRows, fileFolder, openLakeDatabase, s3Path, s3Secret } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, DAY_NS, FIRST_NS, numberedLogs, sums } from './support/lake-telemetry.js';
import { PostgresServer } from './support/postgres-server.js';
import { SeaweedServer } from './support/seaweed-server.js';

const NEVER_MS = 3_600_000;
const folder = fileFolder();
let lakes = 0;

/** Statements that attach a new lake with its catalog and its data in files. */
function localLake(): string[] {
  const name = `lake${++lakes}`;
  return [`ATTACH 'ducklake:${join(folder, name)}.ducklake' AS lake (DATA_PATH '${join(folder, name)}/')`];
}

function parquetFiles(lake: number, table: string): string[] {
  const root = join(folder, `lake${lake}`, 'main', table);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.parquet'))
    .sort()
    .map((file) => join(root, file));
}

/** Posts requests one by one, each of which the server commits by itself before the next. */
async function sealedByAge(server: OtelServer, requests: number, rows = 20): Promise<void> {
  for (let i = 0; i < requests; i++) {
    expect((await server.post(numberedLogs({ first: i * rows, count: rows }))).status).toBe(202);
    await eventually(async () => expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' }));
  }
}

lakeSuite('a lake in files', ['extensions'], () => {
  test('each seal is a snapshot that says who wrote it and how much', async () => {
    const database = await openLakeDatabase(localLake());
    const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS });
    expect(server.row['catalog_name']).toBe('lake');
    for (const count of [30, 5]) {
      await server.post(numberedLogs({ count }));
      await server.flush();
    }
    const commits = await database.rows(
      'SELECT author, commit_message, commit_extra_info FROM lake.snapshots() WHERE author IS NOT NULL ORDER BY snapshot_id',
    );
    expect(commits).toEqual(
      [30, 5].map((rows, i) => ({
        author: 'otelduck',
        commit_message: `${server.uri} seal ${i + 1}: ${rows} rows`,
        commit_extra_info: expect.any(String),
      })),
    );
    expect(JSON.parse(String(commits[1]!['commit_extra_info']))).toMatchObject({
      pid: process.pid,
      server: server.uri,
      seal: 2,
      rows: 5,
    });
  });

  test("fidelity := 'exact' is kept, in rows of memory and of the lake", async () => {
    const database = await openLakeDatabase(localLake());
    const server = await database.serve({ catalog: 'lake', fidelity: 'exact', seal_max_age_ms: NEVER_MS });
    await expectExactSpan(database, server, { catalog: 'lake', schema: 'main' });
  });

  for (const [given, retention] of [
    [undefined, '900000 milliseconds'],
    [7_200_000, '7200000 milliseconds'],
    // With less, CHECKPOINT removes the files of transactions that are still open.
    [1, '300000 milliseconds'],
  ] as const) {
    test(`maintenance_retention_ms := ${given} keeps files and snapshots for ${retention}`, async () => {
      const database = await openLakeDatabase(localLake());
      await database.serve({
        catalog: 'lake',
        target_file_size: 8 << 20,
        ...(given === undefined ? {} : { maintenance_retention_ms: given }),
      });
      const options = await database.rows(
        `SELECT option_name, value FROM lake.options()
         WHERE option_name IN ('target_file_size', 'expire_older_than', 'delete_older_than') ORDER BY 1`,
      );
      expect(options).toEqual([
        { option_name: 'delete_older_than', value: retention },
        { option_name: 'expire_older_than', value: retention },
        { option_name: 'target_file_size', value: String(8 << 20) },
      ]);
    });
  }

  for (const [set, expected] of [
    [[], [{ scope: 'TABLE', scope_entry: 'main.otlp_traces', value: '30720' }]],
    [
      ["CALL lake.set_option('parquet_row_group_size', 50000)"],
      [{ scope: 'GLOBAL', scope_entry: null, value: '50000' }],
    ],
  ] as const) {
    test(`row groups of spans are small unless the lake says otherwise, after ${set.join() || 'nothing was set'}`, async () => {
      const database = await openLakeDatabase([...localLake(), ...set]);
      for (let start = 1; start <= 2; start++) await database.serve({ catalog: 'lake' });
      const options = await database.rows(
        "SELECT scope, scope_entry, value FROM lake.options() WHERE option_name = 'parquet_row_group_size'",
      );
      expect(options).toEqual(expected);
    });
  }

  describe('layout', () => {
    const services = ['c', 'a', 'b'];

    async function writeTwoDays(options: Readonly<Record<string, string>>): Promise<OtelDatabase> {
      const database = await openLakeDatabase(localLake());
      const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS, ...options });
      for (const service of services) {
        // Backwards in time, over midnight.
        const timeNs = (i: number) => FIRST_NS + DAY_NS - (BigInt(i) * DAY_NS) / 50n;
        await server.post(numberedLogs({ count: 100, service, timeNs }));
      }
      expect((await server.flush())['error']).toBeNull();
      return database;
    }

    /** Whether the rows of a file are in order of service and time. */
    async function isSorted(database: OtelDatabase, file: string): Promise<boolean> {
      const rows = await database.rows(
        `SELECT bool_and(key >= before) AS sorted FROM (
           SELECT (service_name, time_unix_nano) AS key, lag(key) OVER (ORDER BY file_row_number) AS before
           FROM read_parquet('${file}', file_row_number = true))`,
      );
      return rows[0]!['sorted'] === true;
    }

    test('tables are partitioned by day, and files are not sorted', async () => {
      const database = await writeTwoDays({});
      const files = parquetFiles(lakes, 'otlp_logs');
      expect(new Set(files.map((file) => file.split('/').slice(-4, -1).join('/')))).toEqual(
        new Set(['year=2023/month=11/day=13', 'year=2023/month=11/day=14', 'year=2023/month=11/day=15']),
      );
      const sorted = await Promise.all(files.map((file) => isSorted(database, file)));
      expect(sorted).toContain(false);
      expect(await database.value('SELECT count(*)::INTEGER FROM lake.otlp_logs')).toBe(300);
    });

    test('files are sorted by service and time when that is wanted, and after CHECKPOINT too', async () => {
      const database = await writeTwoDays({ lake_sort: 'service_time' });
      for (const file of parquetFiles(lakes, 'otlp_logs')) expect(await isSorted(database, file)).toBe(true);
      await database.rows('CHECKPOINT lake');
      for (const file of parquetFiles(lakes, 'otlp_logs')) expect(await isSorted(database, file)).toBe(true);
    });

    test('no partitions when they are not wanted', async () => {
      await writeTwoDays({ lake_partition: 'none' });
      expect(parquetFiles(lakes, 'otlp_logs').join()).not.toContain('day=');
    });

    for (const [set, compression] of [
      [[], 'ZSTD'],
      [["CALL lake.set_option('parquet_compression', 'lz4')"], 'LZ4_RAW'],
    ] as const) {
      test(`files are compressed with ${compression} after ${set.join() || 'nothing was set'}`, async () => {
        const database = await openLakeDatabase([...localLake(), ...set]);
        const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS });
        await server.post(numberedLogs({ count: 50 }));
        await server.flush();
        const [file] = parquetFiles(lakes, 'otlp_logs');
        expect(await database.rows(`SELECT DISTINCT compression FROM parquet_metadata('${file}')`)).toEqual([
          { compression },
        ]);
      });
    }

    test('a table that exists keeps the layout that it has', async () => {
      await writeTwoDays({ lake_partition: 'none' });
      const name = join(folder, `lake${lakes}`);
      const database = await openLakeDatabase([`ATTACH 'ducklake:${name}.ducklake' AS lake`]);
      const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS });
      await server.post(numberedLogs({ count: 50 }));
      await server.flush();
      expect(parquetFiles(lakes, 'otlp_logs').join()).not.toContain('day=');
    });
  });

  describe('maintenance', () => {
    test('CHECKPOINT merges the files of seals, and is counted', async () => {
      const database = await openLakeDatabase(localLake());
      const server = await database.serve({ catalog: 'lake', seal_max_age_ms: 20 });
      await sealedByAge(server, 16);
      await eventually(async () =>
        expect(await server.counters('maintenance_runs_total')).toEqual({ maintenance_runs_total: '1' }),
      );
      const files = Number(await database.value("SELECT count(*) FROM ducklake_list_files('lake', 'otlp_logs')"));
      expect(files).toBeLessThan(8);
      expect(await server.status()).toMatchObject({
        maintenance_failures_total: '0',
        maintenance_last_error: null,
        last_maintenance_age_ms: expect.any(String),
      });
      expect(await database.rows(sums('lake.otlp_logs'))).toEqual([allBelow(16 * 20)]);
    });

    test('seals of otlp_flush and otlp_stop ask for none', async () => {
      const database = await openLakeDatabase(localLake());
      const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS });
      for (let i = 0; i < 20; i++) {
        await server.post(numberedLogs({ count: 20 }));
        await server.flush();
      }
      expect(await server.counters('maintenance_runs_total', 'last_maintenance_age_ms')).toEqual({
        maintenance_runs_total: '0',
        last_maintenance_age_ms: null,
      });
      await server.stop();
      expect(Number(await database.value("SELECT count(*) FROM ducklake_list_files('lake', 'otlp_logs')"))).toBe(20);
    });

    test('none while ingest leaves no headroom', async () => {
      const database = await openLakeDatabase(localLake());
      const body = numberedLogs({ count: 20 });
      // What came in the last minute would fill twice this in the ten seconds that a first run is taken to last.
      const server = await database.serve({
        catalog: 'lake',
        seal_max_age_ms: 20,
        max_buffered_bytes: body.length * 3,
      });
      await sealedByAge(server, 20);
      expect(await server.counters('seals_total', 'maintenance_runs_total')).toEqual({
        seals_total: '20',
        maintenance_runs_total: '0',
      });
    });

    test('a run that fails is counted and told, and seals go on', async () => {
      const database = await openLakeDatabase(localLake());
      const server = await database.serve({ catalog: 'lake', seal_max_age_ms: 20 });
      await sealedByAge(server, 15);
      const lost = parquetFiles(lakes, 'otlp_logs')[0]!;
      rmSync(lost);
      await sealedByAge(server, 1);
      const status = await eventually(async () => {
        const found = await server.status();
        expect(found).toMatchObject({ maintenance_failures_total: '1', maintenance_runs_total: '0' });
        return found!;
      });
      expect(status['maintenance_last_error']).toContain('.parquet');
      await sealedByAge(server, 1);
      expect(await server.counters('seal_failures_total')).toEqual({ seal_failures_total: '0' });
    });

    test('a stop does not wait for a run to end by itself', async () => {
      const database = await openLakeDatabase(localLake());
      const server = await database.serve({ catalog: 'lake', seal_max_age_ms: 20 });
      await sealedByAge(server, 16);
      await server.post(numberedLogs({ first: 16 * 20, count: 20 }));
      expect(await server.stop()).toEqual({ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' });
      expect(await database.rows(sums('lake.otlp_logs'))).toEqual([allBelow(17 * 20)]);
    });
  });

  test('USE lake makes it the catalog, named and with maintenance', async () => {
    const database = await openLakeDatabase([...localLake(), 'USE lake']);
    const server = await database.serve({ seal_max_age_ms: 20 });
    expect(server.row['catalog_name']).toBe('lake');
    await sealedByAge(server, 16);
    await eventually(async () =>
      expect(await server.counters('maintenance_runs_total')).toEqual({ maintenance_runs_total: '1' }),
    );
  });

  test('rows wait while the table is altered or dropped under the server', async () => {
    const database = await openLakeDatabase(localLake());
    const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS });
    await server.post(numberedLogs({ count: 20 }));
    await server.flush();

    await database.rows('ALTER TABLE lake.otlp_logs ADD COLUMN mine INTEGER');
    await server.post(numberedLogs({ first: 20, count: 20 }));
    expect((await server.flush())['status']).toBe('sealed');

    await database.rows('ALTER TABLE lake.otlp_logs DROP COLUMN event_name');
    await server.post(numberedLogs({ first: 40, count: 20 }));
    expect(await server.flush()).toMatchObject({ status: 'failed', error: expect.stringContaining('event_name') });
    await database.rows('ALTER TABLE lake.otlp_logs ADD COLUMN event_name VARCHAR');
    expect((await server.flush())['sealed_rows']).toBe('20');
    expect(await database.rows(sums('lake.otlp_logs'))).toEqual([allBelow(60)]);

    await database.rows('CREATE TABLE lake.kept AS FROM lake.otlp_logs');
    await database.rows('DROP TABLE lake.otlp_logs');
    await server.post(numberedLogs({ first: 60, count: 20 }));
    expect(await server.flush()).toMatchObject({ status: 'failed', error: expect.stringContaining('otlp_logs') });
    await database.rows('ALTER TABLE lake.kept RENAME TO otlp_logs');
    expect((await server.flush())['sealed_rows']).toBe('20');
    expect(await database.rows(sums('lake.otlp_logs'))).toEqual([allBelow(80)]);
  });
});

lakeSuite('a lake whose catalog is SQLite', ['extensions'], () => {
  const attach = (name: string, more = '') =>
    `ATTACH 'ducklake:sqlite:${join(folder, name)}.sqlite' AS lake (DATA_PATH '${join(folder, name)}/'${more})`;

  test('is refused without a write-ahead log', async () => {
    const database = await openLakeDatabase([attach('rollback')]);
    await expect(database.serve({ catalog: 'lake' })).rejects.toThrow(
      "catalog lake is not available: its SQLite file must have journal mode wal, got delete: attach it with META_JOURNAL_MODE 'WAL'",
    );
  });

  // Without the log, the first COMMIT that met CHECKPOINT or a reader locked the catalog for good.
  test('commits beside readers and CHECKPOINT, and no lock stays', async () => {
    const database = await openLakeDatabase([attach('wal', ", META_JOURNAL_MODE 'WAL'")]);
    const server = await database.serve({ catalog: 'lake', seal_max_age_ms: 20 });
    await sealedByAge(server, 1, 500);
    const connections = await Promise.all([database.otel.connect(), database.otel.connect()]);
    const [reader, keeper] = connections as [DuckDBConnection, DuckDBConnection];
    await reader.run('BEGIN TRANSACTION');
    await reader.run('SELECT count(*) FROM lake.otlp_logs');
    let isPosting = true;
    const upkeep = (async () => {
      // Fails where a seal came first. What matters is that it leaves nothing locked.
      while (isPosting) await keeper.run('CHECKPOINT lake').catch(() => undefined);
    })();
    for (let i = 1; i < 30; i++) {
      expect((await server.post(numberedLogs({ first: i * 500, count: 500 }))).status).toBe(202);
      await server.flush();
    }
    isPosting = false;
    await upkeep;
    await reader.run('COMMIT');
    for (const connection of connections) connection.closeSync();
    expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
    expect(await database.rows(sums('lake.otlp_logs'))).toEqual([allBelow(30 * 500)]);
    await database.rows('CHECKPOINT lake');
  });
});

lakeSuite('a lake on other servers', ['extensions', 'postgres', 'seaweedfs'], () => {
  let postgres: PostgresServer;
  let seaweed: SeaweedServer;

  beforeAll(async () => {
    [postgres, seaweed] = await Promise.all([PostgresServer.start(), SeaweedServer.start()]);
  });
  afterAll(() => Promise.all([postgres?.close(), seaweed?.close()]));

  const catalogs: Record<string, (name: string) => Promise<string>> = {
    file: async (name) => `ducklake:${join(folder, name)}.ducklake`,
    SQLite: async (name) => `ducklake:sqlite:${join(folder, name)}.sqlite`,
    PostgreSQL: async (name) => `ducklake:postgres:${(await postgres.createDatabase(name))()}`,
  };
  const dataPaths: Record<string, (name: string) => string> = { disk: (name) => `${join(folder, name)}/`, S3: s3Path };

  for (const [catalog, uri] of Object.entries(catalogs)) {
    for (const [data, path] of Object.entries(dataPaths)) {
      test(`catalog: ${catalog}, data: ${data}`, async () => {
        const name = `on_${catalog}_${data}`.toLowerCase();
        const journal = catalog === 'SQLite' ? ", META_JOURNAL_MODE 'WAL'" : '';
        const attach = [
          s3Secret(seaweed.s3Port),
          `ATTACH '${await uri(name)}' AS lake (DATA_PATH '${path(name)}'${journal})`,
        ];
        const database = await openLakeDatabase(attach);
        const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS });
        // Few rows are kept in the catalog itself, many in files; both ways must hold every type.
        for (const count of [3, 500]) {
          await server.post(numberedLogs({ first: count === 3 ? 0 : 3, count }));
          await server.post(spansRequest(count), { path: pathOf.traces });
          await server.post(metricsRequest(), { path: pathOf.metrics });
          expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });
        }
        await database.close();

        const read = (query: string) => bareRows(attach, query);
        expect(await read(sums('lake.otlp_logs'))).toEqual([allBelow(503)]);
        expect(await read('SELECT sum(length(name))::INTEGER AS n FROM lake.otlp_traces')).toEqual([
          { n: [3, 500].flatMap((n) => Array.from({ length: n }, (_, i) => `span ${i}`)).join('').length },
        ]);
        expect(await read('SELECT count::INTEGER AS n, bucket_counts FROM lake.otlp_metrics_histogram')).toEqual(
          Array.from({ length: 2 }, () => ({ n: 1, bucket_counts: ['1'] })),
        );
        const files = await read("SELECT data_file FROM ducklake_list_files('lake', 'otlp_logs')");
        expect(files.length).toBeGreaterThan(0);
        for (const { data_file } of files) expect(String(data_file).startsWith(path(name))).toBe(true);
      });
    }
  }
});

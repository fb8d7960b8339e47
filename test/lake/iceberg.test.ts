// An Iceberg REST catalog: its tables, commits that others get in the way of, and upkeep that it does not have.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import type { OtelDatabase } from '../support/otel-database.js';
import { metricsRequest, pathOf, spansRequest } from '../support/telemetry.js';
import { expectExactSpan } from './support/exact-span.js';
import { type Fate, HttpProxy, type ProxiedRequest } from './support/faulty-proxy.js';
import { attachIceberg, bareRows, openLakeDatabase } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, numberedLogs, sums } from './support/lake-telemetry.js';
import { SeaweedServer } from './support/seaweed-server.js';

const NEVER_MS = 3_600_000;

lakeSuite('an Iceberg REST catalog', ['extensions', 'seaweedfs'], () => {
  let seaweed: SeaweedServer;
  let catalog: HttpProxy;
  let storage: HttpProxy;

  beforeAll(async () => {
    seaweed = await SeaweedServer.start();
    [catalog, storage] = await Promise.all([HttpProxy.start(seaweed.icebergPort), HttpProxy.start(seaweed.s3Port)]);
  });
  afterAll(() => Promise.all([catalog?.close(), storage?.close()]).then(() => seaweed?.close()));

  const isCommit = ({ method, path }: ProxiedRequest) => method === 'POST' && path.endsWith('/transactions/commit');

  /** A database whose traffic passes the proxies, and a schema of its own in the catalog. */
  async function openIceberg(schema: string): Promise<OtelDatabase> {
    catalog.fate = () => 'passes';
    storage.fate = () => 'passes';
    const database = await openLakeDatabase(
      attachIceberg(seaweed, { catalogPort: catalog.port, s3Port: storage.port }),
    );
    // SeaweedFS makes the table bucket a moment after it is up.
    await eventually(() => database.rows(`CREATE SCHEMA IF NOT EXISTS ice.${schema}`));
    return database;
  }

  /** Makes the snapshot before the last one a table's current one, as its keeper would. */
  async function rollBack(schema: string, table: string, database: OtelDatabase): Promise<void> {
    const snapshots = await database.rows(
      `SELECT snapshot_id FROM iceberg_snapshots(${schema}.${table}) ORDER BY sequence_number DESC LIMIT 2`,
    );
    await seaweed.setSnapshot(schema.replace('ice.', ''), table, String(snapshots[1]!['snapshot_id']));
  }

  test("keeps what fidelity := 'exact' keeps, in rows of memory and of the table", async () => {
    const database = await openIceberg('exact');
    const server = await database.serve({
      catalog: 'ice',
      schema: 'exact',
      fidelity: 'exact',
      seal_max_age_ms: NEVER_MS,
    });
    await expectExactSpan(database, server, { catalog: 'ice', schema: 'exact' });
  });

  test('makes its tables with types that Iceberg has, and any DuckDB reads them', async () => {
    const database = await openIceberg('types');
    const server = await database.serve({ catalog: 'ice', schema: 'types', seal_max_age_ms: NEVER_MS });
    expect(server.row).toMatchObject({ catalog_name: 'ice', schema_name: 'types' });
    await server.post(numberedLogs({ count: 200 }));
    await server.post(spansRequest(200), { path: pathOf.traces });
    await server.post(metricsRequest(), { path: pathOf.metrics });
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '405', error: null });
    await database.close();

    const read = (query: string) => bareRows(attachIceberg(seaweed), query);
    expect(await read(sums('ice.types.otlp_logs'))).toEqual([allBelow(200)]);
    expect(await read('SELECT count(DISTINCT name)::INTEGER AS n FROM ice.types.otlp_traces')).toEqual([{ n: 200 }]);
    expect(await read('SELECT bucket_counts, time_unix_nano FROM ice.types.otlp_metrics_histogram')).toEqual([
      { bucket_counts: ['1'], time_unix_nano: '2023-11-14 22:13:20' },
    ]);
  });

  test('verifies tables that exist, and names the one that is missing', async () => {
    const database = await openIceberg('verified');
    await (await database.serve({ catalog: 'ice', schema: 'verified' })).stop();
    await (await database.serve({ catalog: 'ice', schema: 'verified', create_tables: false })).stop();
    await database.rows('DROP TABLE ice.verified.otlp_traces');
    await expect(database.serve({ catalog: 'ice', schema: 'verified', create_tables: false })).rejects.toThrow(
      /ice\.verified\.otlp_traces is not available/,
    );
  });

  test('a commit that another writer came before is made again whole, and listed as an attempt of its own', async () => {
    const database = await openIceberg('rivals');
    const server = await database.serve({ catalog: 'ice', schema: 'rivals', seal_max_age_ms: NEVER_MS });
    const rival = await openLakeDatabase(attachIceberg(seaweed));
    let isFirst = true;
    catalog.fate = async (request): Promise<Fate> => {
      if (isCommit(request) && isFirst) {
        isFirst = false;
        await rival.rows("INSERT INTO ice.rivals.otlp_logs (body) VALUES ('1000')");
      }
      return 'passes';
    };
    await server.post(numberedLogs({ count: 300 }));
    await server.post(spansRequest(50), { path: pathOf.traces });
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '350' });

    expect(await server.seals()).toMatchObject([
      { seal_sequence: '1', success: false, rows_committed: '0', error: expect.stringContaining('Conflict_409') },
      { seal_sequence: '2', success: true, rows_committed: '350', error: null },
    ]);
    expect(await server.counters('seals_total', 'seal_failures_total', 'seal_last_error')).toEqual({
      seals_total: '1',
      seal_failures_total: '1',
      seal_last_error: null,
    });
    const logs = await database.rows(sums('ice.rivals.otlp_logs'));
    expect(logs).toEqual([{ rows: 301, numbers: 301, total: String(Number(allBelow(300).total) + 1000) }]);
    expect(await database.value('SELECT count(*)::INTEGER FROM ice.rivals.otlp_traces')).toBe(50);
  });

  test('rows wait while another DuckDB alters or drops the table', async () => {
    const database = await openIceberg('changed');
    const server = await database.serve({ catalog: 'ice', schema: 'changed', seal_max_age_ms: NEVER_MS });
    const rival = await openLakeDatabase(attachIceberg(seaweed));
    await server.post(numberedLogs({ count: 100 }));
    expect((await server.flush())['status']).toBe('sealed');

    await rival.rows('ALTER TABLE ice.changed.otlp_logs ADD COLUMN mine INTEGER');
    await server.post(numberedLogs({ first: 100, count: 100 }));
    expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });

    await rival.rows('ALTER TABLE ice.changed.otlp_logs DROP COLUMN event_name');
    await server.post(numberedLogs({ first: 200, count: 100 }));
    expect(await server.flush()).toMatchObject({ status: 'failed', error: expect.stringContaining('event_name') });
    await rival.rows('ALTER TABLE ice.changed.otlp_logs ADD COLUMN event_name VARCHAR');
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '100' });
    expect(await rival.rows(sums('ice.changed.otlp_logs'))).toEqual([allBelow(300)]);

    await rival.rows('CREATE TABLE empty AS FROM ice.changed.otlp_logs LIMIT 0');
    await rival.rows('DROP TABLE ice.changed.otlp_logs');
    await server.post(numberedLogs({ count: 100 }));
    expect(await server.flush()).toMatchObject({ status: 'failed', error: expect.stringContaining('otlp_logs') });
    expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '100' });
    await rival.rows('CREATE TABLE ice.changed.otlp_logs AS FROM empty');
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '100' });
    expect(await rival.rows(sums('ice.changed.otlp_logs'))).toEqual([allBelow(100)]);
  });

  describe('the answer to a commit is lost', () => {
    /** Loses the answer to the next commit, once the catalog has done it. */
    function loseAnswer(): void {
      let isFirst = true;
      catalog.fate = (request) => {
        if (!isCommit(request) || !isFirst) return 'passes';
        isFirst = false;
        return 'answer lost';
      };
    }

    // DuckDB sends the commit again, and is told that it conflicts: with itself.
    for (const retries of [0, 1]) {
      test(`no row is lost or comes twice where the writer may not delete, with http_retries = ${retries}`, async () => {
        const schema = `kept_${retries}`;
        const database = await openIceberg(schema);
        await database.rows(`SET GLOBAL http_retries = ${retries}`);
        const server = await database.serve({ catalog: 'ice', schema, seal_max_age_ms: NEVER_MS });
        // DuckDB deletes the files of a commit that it takes for failed.
        storage.fate = ({ method }) => (method === 'DELETE' ? 'forbidden' : 'passes');
        loseAnswer();
        await server.post(numberedLogs({ count: 300 }));
        expect((await server.flush())['status']).toBe('failed');
        await eventually(async () => expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' }));
        await server.post(numberedLogs({ first: 300, count: 300 }));
        expect((await server.flush())['status']).toBe('sealed');
        expect(await database.rows(sums(`ice.${schema}.otlp_logs`))).toEqual([allBelow(600)]);
      });

      test(`the seal waits where the writer has deleted its files, with http_retries = ${retries}`, async () => {
        const schema = `deleted_${retries}`;
        const database = await openIceberg(schema);
        await database.rows(`SET GLOBAL http_retries = ${retries}`);
        const server = await database.serve({ catalog: 'ice', schema, seal_max_age_ms: NEVER_MS });
        await server.post(numberedLogs({ count: 300 }));
        expect((await server.flush())['status']).toBe('sealed');

        loseAnswer();
        await server.post(numberedLogs({ first: 300, count: 300 }));
        await server.flush();
        expect(await server.flush()).toMatchObject({
          status: 'failed',
          error: expect.stringMatching(
            /^cannot tell whether seal 2 was committed: .*\.parquet.* \(HTTP 404 Not Found\)(?:.|\n)* \[OTLP_COMMIT_UNKNOWN\]$/,
          ),
        });
        // Committing again would hide that the table cannot be read.
        expect(await server.counters('buffered_rows', 'seals_total')).toEqual({
          buffered_rows: '300',
          seals_total: '1',
        });

        for (const table of ['otlp_logs', 'otlp_seals']) await rollBack(`ice.${schema}`, table, database);
        await eventually(
          async () => expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' }),
          60_000,
        );
        const read = (query: string) => bareRows(attachIceberg(seaweed), query);
        expect(await read(sums(`ice.${schema}.otlp_logs`))).toEqual([allBelow(600)]);
      });
    }
  });

  test('maintenance is found to be nothing, disabled once, and said so in the log', async () => {
    const database = await openIceberg('upkeep');
    await database.rows('CALL enable_logging()');
    const server = await database.serve({ catalog: 'ice', schema: 'upkeep', seal_max_age_ms: 20 });
    for (let i = 0; i < 33; i++) {
      await server.post(numberedLogs({ count: 1 }));
      await eventually(async () => expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' }));
    }
    const log = await database.rows(
      "SELECT message FROM duckdb_logs WHERE type = 'otelduck' AND log_level = 'WARNING'",
    );
    expect(log).toEqual([{ message: expect.stringMatching(/ice has no maintenance, so it will not be tried/) }]);
    expect(await server.status()).toMatchObject({
      seals_total: '33',
      seal_failures_total: '0',
      maintenance_runs_total: '0',
      maintenance_failures_total: '0',
      maintenance_last_error: expect.stringContaining('CHECKPOINT does nothing'),
    });
  });
});

// An Iceberg REST catalog: its tables, commits that others get in the way of, and upkeep that it does not have.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import type { OtelDatabase } from '../support/otel-database.js';
import { metricsRequest, pathOf, spansRequest } from '../support/telemetry.js';
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

  test('an answer that was lost makes no row come twice, where the writer may not delete', async () => {
    const database = await openIceberg('lost_answer');
    const server = await database.serve({ catalog: 'ice', schema: 'lost_answer', seal_max_age_ms: NEVER_MS });
    // DuckDB deletes the files of a commit that it takes for failed.
    storage.fate = ({ method }) => (method === 'DELETE' ? 'forbidden' : 'passes');
    let isFirst = true;
    catalog.fate = (request) => {
      if (!isCommit(request) || !isFirst) return 'passes';
      isFirst = false;
      return 'answer lost';
    };
    await server.post(numberedLogs({ count: 300 }));
    expect((await server.flush())['status']).toBe('failed');
    await eventually(async () => expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' }));
    await server.post(numberedLogs({ first: 300, count: 300 }));
    expect((await server.flush())['status']).toBe('sealed');
    expect(await database.rows(sums('ice.lost_answer.otlp_logs'))).toEqual([allBelow(600)]);
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

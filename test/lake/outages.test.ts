// A catalog or its storage is away for a while: ingest goes on to its cap, probes say what is wrong, and once it is back
// everything that was accepted is committed, once.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { jsonOf } from '../support/http-client.js';
import { HttpProxy } from './support/faulty-proxy.js';
import { attachIceberg, bareRows, openLakeDatabase, s3Path, s3Secret } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, numberedLogs, sums } from './support/lake-telemetry.js';
import { PostgresServer } from './support/postgres-server.js';
import { SeaweedServer } from './support/seaweed-server.js';

const ROWS = 100;
const CAP_REQUESTS = 5;
/** Pauses between attempts grow while the catalog is away. */
const RECOVERY_MS = 60_000;

lakeSuite('a catalog that is away', ['extensions', 'postgres', 'seaweedfs'], () => {
  let postgres: PostgresServer;
  let seaweed: SeaweedServer;
  let catalog: HttpProxy;
  let storage: HttpProxy;

  beforeAll(async () => {
    [postgres, seaweed] = await Promise.all([PostgresServer.start(), SeaweedServer.start()]);
    [catalog, storage] = await Promise.all([HttpProxy.start(seaweed.icebergPort), HttpProxy.start(seaweed.s3Port)]);
  });
  afterAll(async () => {
    await Promise.all([catalog?.close(), storage?.close()]);
    await Promise.all([postgres?.close(), seaweed?.close()]);
  });

  interface Lake {
    readonly options: Readonly<Record<string, string>>;
    readonly logs: string;
    /** Statements that attach it, through the proxies or past them. */
    attach(s3Port: number, catalogPort: number): string[];
  }

  async function duckLake(): Promise<Lake> {
    const uri = await postgres.createDatabase('away');
    const attached = `ATTACH 'ducklake:postgres:${uri()}' AS lake (DATA_PATH '${s3Path('away')}')`;
    return {
      options: { catalog: 'lake' },
      logs: 'lake.main.otlp_logs',
      attach: (s3Port) => [s3Secret(s3Port), attached],
    };
  }
  async function iceberg(): Promise<Lake> {
    const attach = (s3Port: number, catalogPort: number) => attachIceberg(seaweed, { s3Port, catalogPort });
    const database = await openLakeDatabase(attach(seaweed.s3Port, seaweed.icebergPort));
    await eventually(() => database.rows('CREATE SCHEMA IF NOT EXISTS ice.away'));
    await database.close();
    return { options: { catalog: 'ice', schema: 'away' }, logs: 'ice.away.otlp_logs', attach };
  }
  async function parquet(): Promise<Lake> {
    const path = s3Path('away-parquet');
    return {
      options: { parquet_export_path: path },
      logs: `read_parquet('${path}otlp_logs/**/*.parquet')`,
      attach: (s3Port) => [s3Secret(s3Port)],
    };
  }

  interface Outage {
    readonly name: string;
    begin(): Promise<void> | void;
    end(): Promise<void> | void;
  }

  /** Requests to a proxy meet a fate. */
  const outage = (name: string, proxy: () => HttpProxy, fate: 'reset' | 'unavailable'): Outage => ({
    name,
    begin: () => {
      proxy().fate = () => fate;
    },
    end: () => {
      proxy().fate = () => 'passes';
    },
  });
  const storageOutages = [
    outage('storage refuses connections', () => storage, 'reset'),
    outage('storage answers 503', () => storage, 'unavailable'),
  ];

  const lakes: readonly (readonly [string, () => Promise<Lake>, readonly Outage[]])[] = [
    [
      'DuckLake',
      duckLake,
      [
        { name: 'PostgreSQL is stopped', begin: () => postgres.halt(), end: () => postgres.resume() },
        ...storageOutages,
      ],
    ],
    [
      'Iceberg',
      iceberg,
      [
        outage('the catalog refuses connections', () => catalog, 'reset'),
        outage('the catalog answers 503', () => catalog, 'unavailable'),
        ...storageOutages,
      ],
    ],
    ['Parquet', parquet, storageOutages],
  ];

  for (const [kind, make, outages] of lakes) {
    test(`${kind}: ${outages.map(({ name }) => name).join(', ')}`, async () => {
      const lake = await make();
      const request = (first: number) => numberedLogs({ first, count: ROWS });
      const database = await openLakeDatabase(lake.attach(storage.port, catalog.port));
      const server = await database.serve({
        ...lake.options,
        seal_max_age_ms: 50,
        max_buffered_bytes: request(1_000_000).length * CAP_REQUESTS,
      });
      const isCommitted = () =>
        eventually(
          async () => expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' }),
          RECOVERY_MS,
        );
      let accepted = 0;
      const post = async () => {
        const response = await server.post(request(accepted));
        if (response.status === 202) accepted += ROWS;
        return response;
      };

      for (const { name, begin, end } of outages) {
        expect((await post()).status).toBe(202);
        await isCommitted();
        const before = accepted;

        await begin();
        let response = await post();
        while (response.status === 202) response = await post();
        expect([response.status, response.headers['retry-after']], name).toEqual([503, expect.stringMatching(/^\d+$/)]);
        expect(accepted - before, name).toBeGreaterThanOrEqual((CAP_REQUESTS - 1) * ROWS);
        await eventually(async () => {
          const ready = await server.get('/readyz');
          expect([ready.status, jsonOf(ready)['status']], name).toEqual([503, 'degraded']);
        });
        expect((await server.get('/healthz')).status).toBe(200);

        await end();
        await isCommitted();
        expect((await server.get('/readyz')).status, name).toBe(200);
        const read = bareRows(lake.attach(seaweed.s3Port, seaweed.icebergPort), sums(lake.logs));
        expect(await read, name).toEqual([allBelow(accepted)]);
      }
    });
  }
});

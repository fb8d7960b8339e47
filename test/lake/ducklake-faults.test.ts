// DuckLake on PostgreSQL when the connection breaks in the middle of a COMMIT, or another writer comes first: whatever the
// catalog made of it, each row is there once, and every file that the catalog names can be read.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import type { JsonRow, OtelServer } from '../support/otel-database.js';
import { type SentFate, TcpProxy } from './support/faulty-proxy.js';
import { bareRows, fileFolder, openLakeDatabase } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, numberedLogs, sums } from './support/lake-telemetry.js';
import { PostgresServer } from './support/postgres-server.js';

const NEVER_MS = 3_600_000;
/** Too many to be kept in the catalog itself. */
const ROWS = 300;

lakeSuite('a lake whose catalog breaks during COMMIT', ['extensions', 'postgres'], () => {
  const folder = fileFolder();
  let postgres: PostgresServer;
  let proxy: TcpProxy;
  let uri: (port?: number) => string;
  let tests = 0;

  beforeAll(async () => {
    postgres = await PostgresServer.start();
    proxy = await TcpProxy.start(postgres.port);
    uri = await postgres.createDatabase('broken');
  });
  afterAll(() => Promise.all([proxy?.close(), postgres?.close()]));

  const attach = (port?: number) =>
    `ATTACH 'ducklake:postgres:${uri(port)}' AS lake (DATA_PATH '${join(folder, 'broken')}/')`;

  /** Past the proxy, as any DuckDB. */
  const read = (query: string) => bareRows([attach()], query);

  interface Writer {
    readonly server: OtelServer;
    post(first: number, count: number): Promise<unknown>;
    /** What a full scan finds of what was posted. */
    found(): Promise<JsonRow[]>;
    isCommitted(): Promise<unknown>;
  }

  /** A server on a database of its own, and on the lake that all tests share. */
  async function openWriter(): Promise<Writer> {
    proxy.fate = () => 'passes';
    const service = `service-${++tests}`;
    const database = await openLakeDatabase([attach(proxy.port)]);
    const server = await database.serve({ catalog: 'lake', seal_max_age_ms: NEVER_MS });
    return {
      server,
      post: (first, count) => server.post(numberedLogs({ first, count, service })),
      found: () => read(`${sums('lake.otlp_logs')} WHERE service_name = '${service}'`),
      isCommitted: () =>
        eventually(async () => expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' })),
    };
  }

  /** Has the next COMMIT of a transaction that writes a snapshot meet a fate. */
  function nextCommit(decide: () => SentFate | Promise<SentFate>): void {
    let isWriting = false;
    proxy.harmed = 0;
    proxy.fate = (sent) => {
      isWriting ||= sent.includes('ducklake_snapshot VALUES');
      if (!isWriting || !/^Q[\s\S]{4}COMMIT/.test(sent)) return 'passes';
      proxy.fate = () => 'passes';
      return decide();
    };
  }

  for (const fate of ['answer lost', 'reset'] as const) {
    for (const rows of [ROWS, 3]) {
      test(`${fate}, ${rows} rows`, async () => {
        const { server, post, found, isCommitted } = await openWriter();
        await post(0, rows);
        nextCommit(() => fate);
        expect((await server.flush())['status']).toBe('failed');
        expect(proxy.harmed).toBe(1);

        // Tried again by itself.
        await isCommitted();
        await post(rows, rows);
        expect((await server.flush())['status']).toBe('sealed');
        expect(await found()).toEqual([allBelow(2 * rows)]);
        expect(
          await read(
            `SELECT row_count::INTEGER AS rows FROM lake.otlp_seals
             WHERE server_id = (SELECT arg_max(server_id, committed_at) FROM lake.otlp_seals)`,
          ),
        ).toEqual([{ rows }, { rows }]);
      });
    }
  }

  test('a COMMIT that arrives when the seal is being tried again', async () => {
    const { server, post, found, isCommitted } = await openWriter();
    await post(0, ROWS);
    nextCommit(() => 'late');
    expect((await server.flush())['status']).toBe('failed');
    const again = server.flush();
    await eventually(async () => expect(await postgres.waitingConnections()).toBeGreaterThan(0));
    proxy.deliverLate();
    await again;
    await isCommitted();
    expect(await found()).toEqual([allBelow(ROWS)]);
  });

  for (const [moment, stop] of [
    ['before it commits', (): Promise<SentFate> => postgres.halt().then(() => 'reset')],
    [
      'after it has committed',
      async (): Promise<SentFate> => {
        proxy.onAnswerLost = () => void postgres.halt();
        return 'answer lost';
      },
    ],
  ] as const) {
    test(`PostgreSQL stops ${moment}`, async () => {
      const { server, post, found, isCommitted } = await openWriter();
      await post(0, ROWS);
      nextCommit(stop);
      expect((await server.flush())['status']).toBe('failed');
      await eventually(() => expect(postgres.isHalted).toBe(true));
      expect((await server.flush())['status']).toBe('failed');
      await postgres.resume();
      await isCommitted();
      expect(await found()).toEqual([allBelow(ROWS)]);
    });
  }

  /** Has somebody else do something between our INSERTs and our COMMIT. */
  function beforeNextCommit(intrude: () => Promise<unknown>): void {
    proxy.fate = async (sent): Promise<SentFate> => {
      if (!sent.includes('ducklake_snapshot VALUES')) return 'passes';
      proxy.fate = () => 'passes';
      await intrude();
      return 'passes';
    };
  }

  for (const [name, sql] of [
    ['writes to the same table', "INSERT INTO lake.otlp_logs (service_name, body) VALUES ('rival', '1')"],
    ['adds a column', 'ALTER TABLE lake.otlp_logs ADD COLUMN added INTEGER'],
    [
      'renames the table and makes it anew',
      'CREATE TABLE lake.kept AS FROM lake.otlp_logs; DROP TABLE lake.otlp_logs; ALTER TABLE lake.kept RENAME TO otlp_logs',
    ],
  ] as const) {
    test(`another DuckDB ${name} before the COMMIT`, async () => {
      const { server, post, found } = await openWriter();
      const rival = await openLakeDatabase([attach()]);
      await post(0, ROWS);
      let intrusions = 0;
      beforeNextCommit(async () => {
        intrusions++;
        await rival.rows(sql);
      });
      await server.flush();
      expect(intrusions).toBe(1);
      await post(ROWS, ROWS);
      expect(await server.flush()).toMatchObject({ status: 'sealed', error: null });
      expect(await found()).toEqual([allBelow(2 * ROWS)]);
    });
  }

  test('another DuckDB drops the table before the COMMIT: the rows wait for it', async () => {
    const { server, post, found, isCommitted } = await openWriter();
    const rival = await openLakeDatabase([attach()]);
    await post(0, ROWS);
    beforeNextCommit(async () => {
      await rival.rows('CREATE TABLE lake.kept AS FROM lake.otlp_logs');
      await rival.rows('DROP TABLE lake.otlp_logs');
    });
    expect(await server.flush()).toMatchObject({ status: 'failed', error: expect.stringContaining('otlp_logs') });
    await rival.rows('ALTER TABLE lake.kept RENAME TO otlp_logs');
    await isCommitted();
    expect(await found()).toEqual([allBelow(ROWS)]);
  });
});

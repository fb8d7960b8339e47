// A journal on an Iceberg catalog is exactly once where the server commits several tables at once, which is tried out.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { attachIceberg, fileFolder, openLakeDatabase } from '../lake/support/lake-database.js';
import { lakeSuite } from '../lake/support/lake-suite.js';
import { OneByOneCatalog } from '../lake/support/one-by-one-catalog.js';
import { SeaweedServer } from '../lake/support/seaweed-server.js';
import { eventually } from '../support/eventually.js';
import type { OtelDatabase } from '../support/otel-database.js';
import { logsRequest, spansRequest } from '../support/telemetry.js';

lakeSuite('a journal before an Iceberg catalog', ['extensions', 'seaweedfs'], () => {
  const folder = fileFolder();
  let seaweed: SeaweedServer;
  beforeAll(async () => {
    seaweed = await SeaweedServer.start();
  });
  afterAll(() => seaweed?.close());

  async function opened(port?: number): Promise<OtelDatabase> {
    const database = await openLakeDatabase(attachIceberg(seaweed, port === undefined ? {} : { catalogPort: port }));
    await eventually(() => database.rows('CREATE SCHEMA IF NOT EXISTS ice.otel'));
    return database;
  }
  const target = (name: string) => ({
    catalog: 'ice',
    schema: 'otel',
    durability: 'journal',
    journal_path: join(folder, name),
  });

  test('records each seal in its own transaction where the server commits tables together', async () => {
    const database = await opened();
    const server = await database.serve(target('together'));
    expect((await server.post(logsRequest(3))).status).toBe(202);
    expect((await server.post(spansRequest(2), { path: '/v1/traces' })).status).toBe(202);
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '5' });
    expect(
      await database.rows(
        `SELECT table_name, row_count, last_journal_sequence FROM ice.otel.otlp_seals
         WHERE server_id = (SELECT max(server_id) FROM ice.otel.otlp_seals) ORDER BY table_name`,
      ),
    ).toEqual([
      { table_name: 'otlp_logs', row_count: '3', last_journal_sequence: '2' },
      { table_name: 'otlp_traces', row_count: '2', last_journal_sequence: '2' },
    ]);
    expect(await database.rows(`SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%probe%'`)).toEqual([]);
  });

  test('is refused where the server commits tables one by one, unless that is accepted', async () => {
    const catalog = await OneByOneCatalog.start(seaweed.icebergPort);
    onTestFinished(() => catalog.close());
    const database = await opened(catalog.port);
    await expect(database.serve(target('one-by-one'))).rejects.toThrow(
      "durability := 'journal' is not exactly once on catalog ice, which does not commit several tables at once: pass allow_at_least_once := true to accept that rows may come twice after a crash [OTLP_EXACTLY_ONCE_UNSUPPORTED]",
    );
    const server = await database.serve({ ...target('one-by-one'), allow_at_least_once: true });
    expect((await server.post(logsRequest(1, 'at least once '))).status).toBe(202);
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '1' });
    expect(await database.rows("SELECT body FROM ice.otel.otlp_logs WHERE body LIKE 'at least%'")).toHaveLength(1);
  });

  test('is refused where it cannot be tried out', async () => {
    const database = await opened();
    await database.serve({ catalog: 'ice', schema: 'otel' });
    await expect(database.serve({ ...target('untried'), create_tables: false })).rejects.toThrow(
      'which without create_tables cannot be seen to commit several tables at once',
    );
  });
});

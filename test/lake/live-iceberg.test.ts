// Live functions over an Iceberg catalog, which shows each table as it was when a transaction first read it: a query that a
// commit comes across is refused, and every other one has each row once.

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectEachOnce, NumberingWriter, readWhileWriting } from '../support/live-readers.js';
import { attachIceberg, openLakeDatabase } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { numberedLogs } from './support/lake-telemetry.js';
import { SeaweedServer } from './support/seaweed-server.js';

const REFUSAL = 'rows were being committed since the transaction began';

lakeSuite('live rows of an Iceberg catalog', ['extensions', 'seaweedfs'], () => {
  let seaweed: SeaweedServer;
  beforeAll(async () => {
    seaweed = await SeaweedServer.start();
  });
  afterAll(() => seaweed?.close());

  async function openIceberg(schema: string) {
    const database = await openLakeDatabase(attachIceberg(seaweed));
    // SeaweedFS makes the table bucket a moment after it is up.
    await eventually(() => database.rows(`CREATE SCHEMA IF NOT EXISTS ice.${schema}`));
    return database;
  }

  test('a query that no commit comes across has each row once', async () => {
    const database = await openIceberg('quiet');
    const server = await database.serve({ catalog: 'ice', schema: 'quiet', seal_max_age_ms: 1000 });
    const writers = [new NumberingWriter('a', server), new NumberingWriter('b', server)];
    const connection = await database.otel.connect();
    let answered = 0;
    let refused = 0;
    await readWhileWriting(writers, { rows: 5, reads: 25 }, [
      async () => {
        await pause(100);
        try {
          await expectEachOnce(database, connection, "otlp_live_logs(catalog := 'ice', schema := 'quiet')", writers);
          answered++;
        } catch (error) {
          if (!String(error).includes(REFUSAL)) throw error;
          refused++;
        }
      },
    ]);
    expect(answered + refused).toBe(25);
    expect(answered).toBeGreaterThan(0);
    await server.stop();
    await eventually(() =>
      expectEachOnce(database, connection, "otlp_live_logs(catalog := 'ice', schema := 'quiet')", writers),
    );
    connection.closeSync();
  });

  test('a transaction that a commit came after is refused, and the next one is not', async () => {
    const database = await openIceberg('later');
    const server = await database.serve({ catalog: 'ice', schema: 'later', seal_max_age_ms: 3_600_000 });
    const live = "SELECT count(*) FROM otlp_live_logs(catalog := 'ice', schema := 'later')";
    await server.post(numberedLogs({ count: 3 }));
    const reader = await database.otel.connect();
    await reader.run('BEGIN TRANSACTION');
    expect(await database.rows(live, reader)).toEqual([{ 'count_star()': '3' }]);
    await server.flush();
    await expect(reader.run(live)).rejects.toThrow(REFUSAL);
    await reader.run('ROLLBACK');
    await eventually(async () => expect(await database.rows(live, reader)).toEqual([{ 'count_star()': '3' }]));
    reader.closeSync();
  });
});

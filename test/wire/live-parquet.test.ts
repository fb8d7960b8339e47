// Live functions over Parquet export, which has no transactions: a query leaves out files of rows that are in memory.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { expectEachOnce, NumberingWriter, readWhileWriting } from '../support/live-readers.js';
import { openDatabase, SEVERAL_THREADS } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

function newRoot(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-live-parquet-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'root');
}

test('each row of Parquet export is read once while two servers write files', async () => {
  const database = await openDatabase(undefined, undefined, SEVERAL_THREADS);
  const options = { parquet_export_path: newRoot(), seal_max_age_ms: 20 };
  const servers = [await database.serve(options), await database.serve(options)];
  const writers = ['a', 'b', 'c', 'd'].map((name, i) => new NumberingWriter(name, servers[i % 2]!));
  const connection: DuckDBConnection = await database.otel.connect();
  let refused = 0;
  await readWhileWriting(writers, { rows: 10, reads: 25 }, [
    async () => {
      try {
        await expectEachOnce(database, connection, 'otlp_live_logs()', writers);
      } catch (error) {
        // Allowed where an export came between, and only then.
        if (!String(error).includes('were exported while the query was being planned')) throw error;
        refused++;
      }
    },
  ]);
  expect(refused).toBeLessThan(25);
  for (const server of servers) {
    expect(Number((await server.counters('seals_total'))['seals_total'])).toBeGreaterThan(2);
    await server.stop();
  }
  await expectEachOnce(database, connection, 'otlp_live_logs()', writers);
  await expectEachOnce(database, connection, 'otlp_logs', writers);
  connection.closeSync();
});

test('live rows of Parquet export have the columns of its view, before and after the first file', async () => {
  const database = await openDatabase();
  const server = await database.serve({ parquet_export_path: newRoot(), seal_max_age_ms: 3_600_000 });
  const columns = 'SELECT column_name FROM (DESCRIBE FROM otlp_live_logs()) ORDER BY ALL';
  const day = 'SELECT year, month, day, count(*) AS rows FROM otlp_live_logs() GROUP BY ALL';
  const view = await database.rows('SELECT column_name FROM (DESCRIBE otlp_logs) ORDER BY ALL');
  expect(await database.rows(columns)).toEqual(view);
  await server.post(logsRequest(3));
  const expected = [{ year: '2023', month: '11', day: '14', rows: '3' }];
  expect(await database.rows(day)).toEqual(expected);
  await server.flush();
  expect(await database.rows(columns)).toEqual(view);
  expect(await database.rows(day)).toEqual(expected);
  expect(await database.rows('SELECT count(*) AS rows FROM otlp_logs')).toEqual([{ rows: '3' }]);
});

test('the servers of a schema export to one root, and are told so before anything is changed', async () => {
  const database = await openDatabase();
  const [root, other] = [newRoot(), newRoot()];
  const first = await database.serve({ parquet_export_path: root });
  await first.post(logsRequest(2));
  await first.flush();
  for (const schema of ['main', 'MAIN']) {
    await expect(database.serve({ schema, parquet_export_path: other })).rejects.toThrow(
      `must be the same for all servers of schema ${schema}, whose views show one folder: it is ${root}, got ${other}`,
    );
  }
  expect(await database.value('SELECT count(*) FROM otlp_logs')).toBe('2');
  // The same root in another form, and another root in another schema.
  await database.serve({ parquet_export_path: `file://${root}/` });
  await database.serve({ schema: 'apart', parquet_export_path: other });
});

test('servers that start at once export to one root', async () => {
  const database = await openDatabase();
  const results = await Promise.allSettled([1, 2].map(() => database.serve({ parquet_export_path: newRoot() })));
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('live rows are those of the view right after a server of the schema has exported to another root', async () => {
  const root = newRoot();
  const earlier = await openDatabase();
  const writer = await earlier.serve({ parquet_export_path: root });
  await writer.post(logsRequest(3, 'earlier '));
  await writer.stop();
  const database = await openDatabase();
  const stopped = await database.serve({ parquet_export_path: newRoot() });
  await stopped.post(logsRequest(2, 'elsewhere '));
  await stopped.stop();
  await database.serve({ parquet_export_path: root });
  expect(await database.value('SELECT count(*) FROM otlp_logs')).toBe('3');
  expect(await database.rows('SELECT body FROM otlp_logs EXCEPT SELECT body FROM otlp_live_logs()')).toEqual([]);
});

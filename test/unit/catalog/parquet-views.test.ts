// Views over Parquet files that come and go at the same moment.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { ParquetTarget } from '../../../src/catalog/parquet/parquet-target.js';
import { Database } from '../../../src/duckdb/database.js';
import { readOptions } from '../../../src/schema/option-declaration.js';
import { serveOptions } from '../../../src/schema/serve-options.js';
import { tablesBySignal } from '../../../src/schema/tables.js';

// The view over no rows was installed after the rename, and hid the rows until the table was viewed anew.
test('a file that arrives while the last one leaves is seen', async () => {
  const root = mkdtempSync(join(tmpdir(), 'parquet-views-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const database = await Database.open(instance);
  const reader = await instance.connect();
  onTestFinished(async () => {
    reader.closeSync();
    await database.close();
    instance.closeSync();
    rmSync(root, { recursive: true });
  });
  const write = async (day: string) => {
    const folder = join(root, 'otlp_logs', 'year=2023', 'month=11', `day=${day}`);
    mkdirSync(folder, { recursive: true });
    await reader.run(`COPY (SELECT 'of ${day}' AS body) TO '${folder}/0.parquet'`);
  };
  await write('14');
  // A seal renames its file in just before the first view over no rows of logs.
  let isSealed = false;
  const connect = database.connect.bind(database);
  database.connect = async () => {
    const connection = await connect();
    const run = connection.run.bind(connection);
    connection.run = async (...given: Parameters<DuckDBConnection['run']>) => {
      if (!isSealed && given[0].includes('otlp_logs') && given[0].endsWith('WHERE false')) {
        isSealed = true;
        await write('20');
      }
      return run(...given);
    };
    return connection;
  };

  const place = { root, isLocal: true, schema: 'main' };
  const target = await ParquetTarget.open(database, place, readOptions(serveOptions, { parquet_export_path: root }));
  onTestFinished(() => target.close());
  const [logs] = tablesBySignal.logs;
  const pace = { batchRows: 1, turn: async () => {} };
  await target.retention!.remove(logs!, Date.UTC(2023, 10, 15), pace);
  expect(isSealed).toBe(true);
  const found = await reader.runAndReadAll('SELECT body FROM otlp_logs');
  expect(found.getRows()).toEqual([['of 20']]);
});

// A column alone has the values that it has among all others, and nothing of what is not wanted is looked at.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { telemetryTables } from '../../src/schema/tables.js';
import { OtelDatabase } from '../support/otel-database.js';

const folder = mkdtempSync(join(tmpdir(), 'otel-projection-'));
let database: OtelDatabase;

beforeAll(async () => {
  database = await OtelDatabase.open();
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

for (const extension of ['json', 'ndjson', 'pb', 'otap']) {
  for (const { name, signal, columns } of telemetryTables) {
    const reader = `${extension === 'otap' ? 'read_otap' : 'read_otlp'}_${name.replace('otlp_', '')}`;
    test(`each column of ${reader}, ${extension}`, async () => {
      const relation = `${reader}('test/data/${signal}.${extension}')`;
      await database.rows(`CREATE OR REPLACE TABLE whole AS FROM ${relation}`);
      const rows = Number(await database.value('SELECT count(*) FROM whole'));
      expect(rows).toBeGreaterThan(0);
      expect(Number(await database.value(`SELECT count(*) FROM ${relation}`))).toBe(rows);
      for (const column of columns) {
        const alone = await database.rows(`SELECT "${column.name}" AS value FROM ${relation}`);
        expect(alone, column.name).toEqual(await database.rows(`SELECT "${column.name}" AS value FROM whole`));
      }
    });
  }
}

test('each column of read_otlp_metrics, whose tables lack some', async () => {
  await database.rows(`CREATE OR REPLACE TABLE whole AS FROM read_otlp_metrics('test/data/metrics.pb')`);
  for (const { column } of await database.rows('SELECT column_name AS column FROM (DESCRIBE whole)')) {
    const alone = await database.rows(`SELECT "${column}" AS value FROM read_otlp_metrics('test/data/metrics.json')`);
    expect(alone, String(column)).toEqual(await database.rows(`SELECT "${column}" AS value FROM whole`));
  }
});

test('what is not wanted is passed without being read', async () => {
  const record =
    '"body":{"stringValue":"b"},"attributes":[{"key":"k","value":{"stringValue":"]}\\"{["}},{"odd":{]}],"traceId":"short"';
  const path = join(folder, 'odd.json');
  writeFileSync(path, `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${record}},{"body":{"stringValue":"c"}}]}]}]}`);
  expect(await database.rows(`SELECT body FROM read_otlp_logs('${path}')`)).toEqual([{ body: 'b' }, { body: 'c' }]);
  await expect(database.rows(`SELECT trace_id FROM read_otlp_logs('${path}')`)).rejects.toThrow('32 hex digits');
  await expect(database.rows(`SELECT log_attributes FROM read_otlp_logs('${path}')`)).rejects.toThrow('expected');
});

test('an end that is missing is found, however little is wanted', async () => {
  const path = join(folder, 'cut.json');
  writeFileSync(
    path,
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"k","value":{"stringValue":"',
  );
  await expect(database.rows(`SELECT count(*) FROM read_otlp_logs('${path}')`)).rejects.toThrow('Parse failed');
});

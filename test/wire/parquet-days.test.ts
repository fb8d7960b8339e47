// Which files an export writes: the rows of one day go to one file at once, those of several days are partitioned.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { numberedLogs } from '../lake/support/lake-telemetry.js';
import { serve } from '../support/otel-database.js';

const LAST_OF_DAY_NS = 1_700_006_399_999_999_999n; // 2023-11-14T23:59:59.999999999Z
const NEVER_MS = 3_600_000;
const DAY_MS = 86_400_000;

const cases: readonly (readonly [string, (i: number) => bigint, Readonly<Record<string, number>>])[] = [
  ['one day', (i) => LAST_OF_DAY_NS - BigInt(i), { 'year=2023/month=11/day=14': 20 }],
  ['one day, the next', (i) => LAST_OF_DAY_NS + 1n + BigInt(i), { 'year=2023/month=11/day=15': 20 }],
  [
    'two days',
    (i) => LAST_OF_DAY_NS + BigInt(i % 2),
    { 'year=2023/month=11/day=14': 10, 'year=2023/month=11/day=15': 10 },
  ],
];
for (const [name, timeNs, rowsByPartition] of cases) {
  test(`rows of ${name} are in the partitions of ${Object.keys(rowsByPartition).join(' and ')}`, async () => {
    const root = mkdtempSync(join(tmpdir(), 'otelduck-days-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const server = await serve({ parquet_export_path: root, seal_max_age_ms: NEVER_MS });
    await server.post(numberedLogs({ count: 10, timeNs }));
    await server.post(numberedLogs({ count: 10, timeNs }));
    expect((await server.flush())['error']).toBeNull();
    const files = readdirSync(join(root, 'otlp_logs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.parentPath.slice(join(root, 'otlp_logs/').length));
    expect(files.sort()).toEqual(Object.keys(rowsByPartition));
    const partitions = await server.database.rows(
      `SELECT format('year={}/month={}/day={}', year, month, day) AS partition, count(*)::INTEGER AS rows
       FROM otlp_logs GROUP BY ALL ORDER BY ALL`,
    );
    expect(Object.fromEntries(partitions.map((row) => [row['partition'], row['rows']]))).toEqual(rowsByPartition);
    expect(await server.database.value('SELECT count(DISTINCT body)::INTEGER FROM otlp_logs')).toBe(10);
  });
}

test('rows that have no time go to the day on which they arrived, whenever they are written', async () => {
  const root = mkdtempSync(join(tmpdir(), 'otelduck-days-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const server = await serve({ parquet_export_path: root, seal_max_age_ms: NEVER_MS });
  const { now } = Date;
  const yesterday = () => new Date(now() - DAY_MS).toISOString().slice(0, 10);
  const before = yesterday();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - DAY_MS);
  onTestFinished(() => clock.mockRestore());
  await server.post(numberedLogs({ count: 3, timeNs: () => 0n }));
  clock.mockRestore();
  await server.flush();
  const [row] = await server.database.rows('SELECT make_date(year, month, day)::VARCHAR AS day FROM otlp_logs LIMIT 1');
  expect([before, yesterday()]).toContain(row!['day']);
});

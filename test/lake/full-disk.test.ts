// A disk that is full: the seal fails and says why, no reader sees a part of it, and it is made whole once there is room.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type OtelDatabase, openDatabase } from '../support/otel-database.js';
import { fullDisks } from './support/full-disk.js';
import { openLakeDatabase } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { allBelow, numberedLogs, sums } from './support/lake-telemetry.js';

const NEVER_MS = 3_600_000;
const ROWS = 4_000;

interface Target {
  open(folder: string): Promise<OtelDatabase>;
  options(folder: string): Readonly<Record<string, string>>;
  readonly table: string;
}

const targets: Readonly<Record<string, Target>> = {
  'the opened database': {
    open: (folder) => openDatabase(join(folder, 'telemetry.duckdb')),
    options: () => ({}),
    table: 'otlp_logs',
  },
  Parquet: {
    open: () => openDatabase(),
    options: (folder) => ({ parquet_export_path: join(folder, 'export') }),
    table: 'otlp_logs',
  },
};
const lake: Target = {
  open: (folder) =>
    openLakeDatabase([`ATTACH 'ducklake:${folder}/lake.ducklake' AS lake (DATA_PATH '${folder}/lake/')`]),
  options: () => ({ catalog: 'lake' }),
  table: 'lake.otlp_logs',
};

// Limits and small file systems are Linux's.
const isLinux = process.platform === 'linux';

for (const [name, makeDisk] of Object.entries(fullDisks)) {
  describe.skipIf(!isLinux)(`${name}:`, () => {
    for (const [target, parts] of Object.entries(targets)) test(target, () => testTarget(makeDisk(), parts));
  });
  lakeSuite(`${name}:`, ['extensions'], () => {
    test('DuckLake', () => testTarget(makeDisk(), lake));
  });
}

async function testTarget(disk: ReturnType<(typeof fullDisks)[string]>, target: Target): Promise<void> {
  const database = await target.open(disk.folder);
  const server = await database.serve({ seal_max_age_ms: NEVER_MS, ...target.options(disk.folder) });
  const post = async (first: number) =>
    expect((await server.post(numberedLogs({ first, count: ROWS }))).status).toBe(202);
  await post(0);
  expect((await server.flush())['error']).toBeNull();

  disk.fill();
  for (let attempt = 1; attempt <= 2; attempt++) {
    await post(attempt * ROWS);
    expect(await server.flush()).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/No space left on device|File too large/),
    });
  }
  expect(await database.rows(sums(target.table))).toEqual([allBelow(ROWS)]);
  expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: String(2 * ROWS) });

  disk.free();
  await post(3 * ROWS);
  expect((await server.flush())['error']).toBeNull();
  await post(4 * ROWS);
  expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
  expect(await database.rows(sums(target.table))).toEqual([allBelow(5 * ROWS)]);
  await database.close();

  if (target === targets['Parquet']) return;
  const reopened = await target.open(disk.folder);
  expect(await reopened.rows(sums(target.table))).toEqual([allBelow(5 * ROWS)]);
}

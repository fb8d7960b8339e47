// Kills without a journal: what a seal had committed is there whole, and what came after it is gone, without a hole.

import { afterAll, expect, test } from 'vitest';
import { crashRounds } from '../manual/crash/crash-rounds.js';
import { absence, type CrashTargetName, CrashTargets, isExactlyOnce } from '../manual/crash/crash-targets.js';
import { writeReference } from '../manual/harness/reference-rows.js';
import { type WireName, wires } from '../manual/harness/wires.js';
import { fileFolder } from './support/lake-database.js';

const folder = fileFolder();
const targets = new CrashTargets();
afterAll(() => targets.close());
const reference = await writeReference(folder, 20);

const runs: readonly (readonly [CrashTargetName, WireName])[] = [
  ['file', 'grpc'],
  ['ducklake', 'http'],
  ['postgres', 'otap'],
  ['iceberg', 'grpc'],
  ['parquet', 'http'],
];
for (const [target, wire] of runs) {
  const missing = absence(target);
  test.skipIf(missing !== undefined)(
    `kills under load over ${wire} into ${target}, without a journal${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      const report = await crashRounds({
        wire: wires[wire],
        target: await targets.open(target),
        isAtomic: isExactlyOnce(target),
        durability: 'memory',
        tenants: 0,
        clients: 8,
        rounds: 3,
        reference,
        folder: `${folder}/run`,
      });
      const { duplicated, unexpected, corrupt, holes, unrecorded } = report;
      expect({ duplicated, unexpected, corrupt, holes, unrecorded }).toEqual({
        ...{ duplicated: 0, unexpected: 0, corrupt: 0 },
        ...{ holes: 0, unrecorded: 0 },
      });
      // A request of metrics fills several tables, of which Parquet may have got some.
      if (isExactlyOnce(target)) expect(report.torn).toBe(0);
      expect(report.committed).toBeGreaterThan(0);
      // Clients were promised no more than this, and a test that loses nothing shows nothing.
      expect(report.lost).toBeGreaterThan(0);
      expect(report.inSeal + report.inCommit).toBeGreaterThan(0);
    },
    120_000,
  );
}

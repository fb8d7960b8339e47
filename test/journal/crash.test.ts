// The short form of `npm run crash`: servers that are killed under load, and what their targets hold in the end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { crashRounds } from '../manual/crash/crash-rounds.js';
import { absence, type CrashTargetName, CrashTargets, isExactlyOnce } from '../manual/crash/crash-targets.js';
import { writeReference } from '../manual/harness/reference-rows.js';
import { type WireName, wires } from '../manual/harness/wires.js';

const CLIENTS = 8;
const ROUNDS = 3;
const folder = mkdtempSync(join(tmpdir(), 'otelduck-crash-'));
const targets = new CrashTargets();
afterAll(async () => {
  await targets.close();
  rmSync(folder, { recursive: true, force: true });
});
const reference = await writeReference(folder, 20);

const runs: readonly (readonly [CrashTargetName, WireName, tenants: number])[] = [
  ['file', 'both', 3],
  ['ducklake', 'otap', 0],
  ['postgres', 'grpc', 0],
  ['iceberg', 'otap', 0],
  ['iceberg-one-by-one', 'http', 0],
  ['parquet', 'grpc', 3],
];
for (const [target, wire, tenants] of runs) {
  const missing = absence(target);
  test.skipIf(missing !== undefined)(
    `kills under load over ${wire} into ${target}${tenants ? `, of ${tenants} tenants` : ''}${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      const report = await crashRounds({
        wire: wires[wire],
        target: await targets.open(target),
        isAtomic: isExactlyOnce(target),
        durability: 'journal',
        tenants,
        clients: CLIENTS,
        rounds: ROUNDS,
        reference,
        folder: join(folder, 'run'),
      });
      const { kills, accepted, lost, unexpected, torn, corrupt, duplicated } = report;
      expect({ lost, unexpected, torn, corrupt }).toEqual({ lost: 0, unexpected: 0, torn: 0, corrupt: 0 });
      expect([report.unrecorded, report.misplaced]).toEqual([0, 0]);
      expect(kills).toBeGreaterThanOrEqual(ROUNDS);
      expect(accepted).toBeGreaterThan(0);
      expect(report.inSeal + report.inCommit).toBeGreaterThan(0);
      if (isExactlyOnce(target)) expect(duplicated).toBe(0);
    },
  );
}

// The short form of `npm run crash`: servers that are killed under load, and what their targets hold in the end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { missingReason } from '../lake/support/test-servers.js';
import { crashRounds } from '../manual/crash/crash-rounds.js';
import { writeReference } from '../manual/harness/reference-rows.js';
import { type TargetName, targets } from '../manual/harness/targets.js';
import { type WireName, wires } from '../manual/harness/wires.js';

const CLIENTS = 8;
const ROUNDS = 3;
const folder = mkdtempSync(join(tmpdir(), 'otelduck-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const reference = await writeReference(folder, 20);

const runs: readonly (readonly [TargetName, WireName])[] = [
  ['file', 'http'],
  ['ducklake', 'otap'],
  ['parquet', 'grpc'],
];
for (const [target, wire] of runs) {
  const missing = target === 'ducklake' ? missingReason('extensions') : undefined;
  test.skipIf(missing !== undefined)(
    `kills under load over ${wire} into ${target}${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      const report = await crashRounds({
        wire: wires[wire],
        target: targets[target],
        clients: CLIENTS,
        rounds: ROUNDS,
        reference,
        folder: join(folder, 'run'),
      });
      const { kills, accepted, lost, unexpected, torn, corrupt, duplicated } = report;
      expect({ lost, unexpected, torn, corrupt }).toEqual({ lost: 0, unexpected: 0, torn: 0, corrupt: 0 });
      expect(kills).toBeGreaterThanOrEqual(ROUNDS);
      expect(accepted).toBeGreaterThan(0);
      expect(report.inSeal + report.inCommit).toBeGreaterThan(0);
      // Parquet has no transactions: at least once.
      if (target !== 'parquet') expect(duplicated).toBe(0);
    },
  );
}

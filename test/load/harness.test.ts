// The short form of `npm run harness`: every scenario into every target, over wires in turn, so that each scenario meets
// each wire.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lakeSuite } from '../lake/support/lake-suite.js';
import { feed } from '../manual/harness/feed.js';
import { HarnessDatabase, TOKEN } from '../manual/harness/harness-database.js';
import { Ledger } from '../manual/harness/ledger.js';
import { reconcile } from '../manual/harness/reconcile.js';
import { type Reference, writeReference } from '../manual/harness/reference-rows.js';
import { runScenario } from '../manual/harness/run-scenario.js';
import { scenarios } from '../manual/harness/scenarios.js';
import { type TargetName, targetNames, targets } from '../manual/harness/targets.js';
import { wireNames, wires } from '../manual/harness/wires.js';

const RECORDS = 50;
const size = { connections: 4, requests: 4 };

const folder = mkdtempSync(join(tmpdir(), 'otelduck-harness-'));
let reference: Reference;
beforeAll(async () => {
  reference = await writeReference(folder, RECORDS);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const [place, targetName] of targetNames.entries()) {
  if (targetName === 'ducklake') lakeSuite(targetName, ['extensions'], () => testScenarios(targetName, place));
  else testScenarios(targetName, place);
}

function testScenarios(targetName: TargetName, place: number): void {
  for (const [index, scenario] of scenarios.entries()) {
    // Those of one target take long; test/lake has shorter forms of them.
    if (scenario.targets !== undefined) continue;
    const wireName = wireNames[(index + place) % wireNames.length]!;
    test(`${scenario.name}, ${wireName} into ${targetName}`, async () => {
      const run = { scenario, wire: wires[wireName], target: targets[targetName] };
      const { complaints, reconciliation } = await runScenario(run, size, reference, folder);
      expect(complaints).toEqual([]);
      expect(reconciliation.accepted).toBeGreaterThan(0);
    });
  }
}

test('the harness sees rows that are lost, doubled, changed, half there, and there without having been sent', async () => {
  const database = await HarnessDatabase.open(targets.memory, folder);
  try {
    const server = await database.serve(wires.http);
    const ledger = new Ledger();
    const { forms } = wires.http;
    await feed(ledger, {
      ...server,
      token: TOKEN,
      forms,
      connections: 4,
      recordsPerRequest: RECORDS,
      requests: 1,
      signals: ['logs'],
    });
    await database.stop(server);
    const found = () => reconcile(database, 'main', ledger, reference);
    const good = { accepted: 200, committed: 200, lost: 0, duplicated: 0, unexpected: 0, torn: 0, corrupt: 0 };
    expect(await found()).toEqual(good);

    await database.rows(`INSERT INTO otlp_logs FROM otlp_logs LIMIT 3`);
    expect(await found()).toEqual({ ...good, committed: 203, duplicated: 3 });
    await database.rows('CREATE TABLE kept AS SELECT DISTINCT * FROM otlp_logs');
    const restore = async () => {
      await database.rows('DELETE FROM otlp_logs');
      await database.rows('INSERT INTO otlp_logs FROM kept');
    };
    await restore();

    await database.rows(`DELETE FROM otlp_logs WHERE body LIKE '%=000000000007 %'`);
    expect(await found()).toEqual({ ...good, committed: 196, lost: 4 });
    await restore();

    for (const change of [
      `body = replace(body, 'handled', 'hondled')`,
      `log_attributes = replace(log_attributes, 'seq=000000000007', 'seq=000000000008')`,
      'severity_number = 1',
      `service_instance_id = NULL`,
      `trace_id = upper(trace_id)`,
    ]) {
      await database.rows(`UPDATE otlp_logs SET ${change} WHERE body LIKE '%=000000000007 %'`);
      expect(await found(), change).toMatchObject({ lost: 0, corrupt: 4 });
      await restore();
    }

    ledger.entries.sort((a, b) => a.service - b.service);
    const [first, ...others] = ledger.entries;
    ledger.entries.splice(0, 4, { ...first!, outcome: 'unanswered' }, ...others);
    expect(await found()).toEqual({ ...good, accepted: 150 });
    await database.rows(`DELETE FROM otlp_logs WHERE service_name = 'service-000000' AND body LIKE '%=000000000007 %'`);
    expect(await found()).toEqual({ ...good, accepted: 150, committed: 199, torn: 1 });
    ledger.entries.splice(0, 4, ...others);
    expect(await found()).toEqual({ ...good, accepted: 150, committed: 199, unexpected: 49 });
  } finally {
    await database.close();
  }
});

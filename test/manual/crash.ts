// Kills a server under load, again and again, and compares what its clients were told with what is committed. Exit code
// 1 when anything that was acknowledged is missing, or there twice where the target has transactions.
//
// npm run crash [-- --rounds 100 --clients 8 --targets file,ducklake,postgres,parquet --wires http,grpc,otap --batch 20]
//
// Each wire and target gets `rounds` kills; after every `batch` of them the target is read, and a new one is made.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PostgresServer } from '../lake/support/postgres-server.js';
import { missingReason } from '../lake/support/test-servers.js';
import { type CrashReport, crashRounds } from './crash/crash-rounds.js';
import { writeReference } from './harness/reference-rows.js';
import { type Target, targets } from './harness/targets.js';
import { type WireName, wires } from './harness/wires.js';

// A running statement holds a thread of libuv's pool, whose size is read before this file is.
if (process.env['UV_THREADPOOL_SIZE'] === undefined) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: '32' };
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    env,
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const RECORDS_PER_REQUEST = 20;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    batch: { type: 'string', default: '20' },
    clients: { type: 'string', default: '8' },
    targets: { type: 'string', default: 'file,ducklake,postgres,parquet' },
    wires: { type: 'string', default: 'http,grpc,otap' },
  },
});
const [rounds, batch, clients] = [flags.rounds, flags.batch, flags.clients].map(Number) as [number, number, number];

const folder = mkdtempSync(join(tmpdir(), 'otelduck-crash-'));
let postgres: PostgresServer | undefined;
let isWrong = false;
const columns = [
  ...['kills', 'inRecovery', 'inSeal', 'inCommit', 'afterRotation', 'replayedRows', 'accepted', 'unanswered'],
  ...['committed', 'lost', 'duplicated', 'unexpected', 'torn', 'corrupt'],
] as const satisfies readonly (keyof CrashReport)[];
try {
  const reference = await writeReference(folder, RECORDS_PER_REQUEST);
  printRow('target', 'wire', ...columns);
  for (const targetName of flags.targets.split(',')) {
    for (const wireName of flags.wires.split(',') as WireName[]) {
      const sum = new Map<string, number>();
      for (let done = 0; done < rounds; done += batch) {
        const target = await targetOf(targetName, `${wireName}_${done}`);
        if (target === undefined) break;
        const report = await crashRounds({
          wire: wires[wireName],
          target,
          clients,
          rounds: Math.min(batch, rounds - done),
          reference,
          folder: join(folder, 'run'),
        });
        for (const column of columns) sum.set(column, (sum.get(column) ?? 0) + report[column]);
      }
      if (sum.size === 0) continue;
      printRow(targetName, wireName, ...columns.map((column) => String(sum.get(column))));
      const duplicated = targetName === 'parquet' ? 0 : sum.get('duplicated')!;
      const wrong = duplicated + sum.get('lost')! + sum.get('unexpected')! + sum.get('torn')! + sum.get('corrupt')!;
      isWrong ||= wrong > 0 || sum.get('inSeal')! + sum.get('inCommit')! === 0;
    }
  }
} finally {
  await postgres?.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  isWrong ? 'WRONG' : 'nothing that was acknowledged is missing, or there twice where the target has transactions',
);
process.exitCode = isWrong ? 1 : 0;

/** A target with nothing in it; undefined where it cannot be had. */
async function targetOf(name: string, id: string): Promise<Target | undefined> {
  if (name !== 'postgres') return targets[name as Target['name']];
  const reason = missingReason('postgres', 'extensions');
  if (reason !== undefined) {
    console.log(`postgres is left out: ${reason}`);
    return undefined;
  }
  postgres ??= await PostgresServer.start();
  const connection = (await postgres.createDatabase(id))();
  return {
    ...targets.ducklake,
    setUp: (folder) => [
      ...targets.ducklake.setUp(folder).slice(0, -1),
      'LOAD postgres_scanner',
      `ATTACH 'ducklake:postgres:${connection}' AS lake (DATA_PATH '${join(folder, 'lake')}')`,
    ],
  };
}

function printRow(...cells: readonly string[]): void {
  console.log(cells.map((cell) => cell.padStart(14)).join(''));
}

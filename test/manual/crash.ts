// Kills a server under load, again and again, and compares what its clients were told with what is committed. Exit code
// 1 when anything that was acknowledged is missing, or there twice where that must not be; when no kill hit an open seal;
// and when a target that was asked for cannot be had. Without --targets, those that cannot be had are left out and named.
//
// npm run crash [-- --rounds 100 --clients 8 --targets postgres,iceberg --wires http,grpc,otap,both --batch 20]
//                  [--durability memory] [--tenants 3]
//
// With --tenants, connections are of that many tenants in turn, and rows must be of whoever sent them.
//
// With --durability memory, what was acknowledged may be missing, as long as nothing that came later is there.
//
// Targets: file, ducklake, postgres, iceberg, iceberg-one-by-one, parquet. Each wire and target gets `rounds` kills; after
// every `batch` of them the target is read, and a new one is made.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type CrashReport, crashRounds } from './crash/crash-rounds.js';
import { absence, CrashTargets, crashTargetNames, isExactlyOnce } from './crash/crash-targets.js';
import { writeReference } from './harness/reference-rows.js';
import { wireNames, wires } from './harness/wires.js';

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
    targets: { type: 'string' },
    wires: { type: 'string', default: wireNames.join() },
    durability: { type: 'string', default: 'journal' },
    tenants: { type: 'string', default: '0' },
  },
});
const [rounds, batch, clients, tenants] = [flags.rounds, flags.batch, flags.clients, flags.tenants].map(Number) as [
  number,
  number,
  number,
  number,
];
const targetNames = known('targets', flags.targets ?? crashTargetNames.join(), crashTargetNames);
const chosenWires = known('wires', flags.wires, wireNames);

const [durability] = known('durability', flags.durability, ['journal', 'memory'] as const);

const leftOut = targetNames.flatMap((name) => {
  const reason = absence(name);
  return reason === undefined ? [] : [{ name, reason }];
});
if (flags.targets !== undefined && leftOut.length > 0) {
  throw new Error(leftOut.map(({ name, reason }) => `cannot have target ${name}: ${reason}`).join('\n'));
}

const folder = mkdtempSync(join(tmpdir(), 'otelduck-crash-'));
const targets = new CrashTargets();
const complaints: string[] = [];
const columns = [
  ...['kills', 'inRecovery', 'inSeal', 'inCommit', 'inRotation', 'replayedRows', 'accepted', 'unanswered'],
  ...['committed', 'lost', 'duplicated', 'unexpected', 'torn', 'corrupt', 'holes', 'unrecorded', 'misplaced'],
] as const satisfies readonly (keyof CrashReport)[];
try {
  const reference = await writeReference(folder, RECORDS_PER_REQUEST);
  printRow('target', 'wire', ...columns);
  for (const targetName of targetNames.filter((name) => leftOut.every((absent) => absent.name !== name))) {
    for (const wireName of chosenWires) {
      const sum = new Map<string, number>();
      for (let done = 0; done < rounds; done += batch) {
        const report = await crashRounds({
          wire: wires[wireName],
          target: await targets.open(targetName),
          isAtomic: isExactlyOnce(targetName),
          durability: durability!,
          tenants,
          clients,
          rounds: Math.min(batch, rounds - done),
          reference,
          folder: join(folder, 'run'),
        });
        for (const column of columns) sum.set(column, (sum.get(column) ?? 0) + report[column]);
      }
      printRow(targetName, wireName, ...columns.map((column) => String(sum.get(column))));
      const wrong = ['unexpected', 'corrupt', 'holes', 'unrecorded', 'misplaced'];
      if (durability === 'journal') wrong.push('lost', 'torn', ...(isExactlyOnce(targetName) ? ['duplicated'] : []));
      else wrong.push('duplicated', ...(isExactlyOnce(targetName) ? ['torn'] : []));
      for (const column of wrong) {
        if (sum.get(column)! > 0) complaints.push(`${targetName} over ${wireName}: ${column} ${sum.get(column)}`);
      }
      if (sum.get('inSeal')! + sum.get('inCommit')! === 0) {
        complaints.push(`${targetName} over ${wireName}: no kill hit an open seal`);
      }
    }
  }
} finally {
  await targets.close();
  rmSync(folder, { recursive: true, force: true });
}
const verdict =
  durability === 'journal'
    ? 'nothing that was acknowledged is missing, or there twice where the target has transactions'
    : 'nothing is there twice, or before something that is missing';
const without = leftOut.map(({ name, reason }) => `${name} (${reason})`).join(', ');
console.log(
  (complaints.length === 0 ? verdict : `WRONG: ${complaints.join('; ')}`) +
    (without === '' ? '' : `; left out: ${without}`),
);
process.exitCode = complaints.length === 0 ? 0 : 1;

/** The names in a list with commas; throws at one that there is not. */
function known<T extends string>(flag: string, list: string, names: readonly T[]): T[] {
  return list.split(',').map((given) => {
    const name = names.find((one) => one === given);
    if (name === undefined) throw new Error(`--${flag} must be of ${names.join(', ')}, got ${given}`);
    return name;
  });
}

function printRow(...cells: readonly string[]): void {
  console.log(cells.map((cell) => cell.padStart(14)).join(''));
}

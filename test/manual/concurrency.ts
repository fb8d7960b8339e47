// The harness: every scenario, over every wire, into every target; each reconciles what was accepted with what is
// committed, record by record, and looks at every byte of every row. Exit code 1 when anything is not as it should be.
//
// npm run harness [-- --wires http,grpc,otap,both --targets memory,file,ducklake,parquet --scenarios "restart,several"
//   --connections 16 --requests 30 --records 200 --rounds 1 --payload file.jsonl --ducklake-dir folder]
//
// OTLP_CONCURRENCY means --connections, OTLP_PAYLOAD --payload: a file of OTLP/JSON lines that is sent over HTTP besides,
// whose rows are counted. OTLP_DUCKLAKE_DIR means --ducklake-dir: where lakes are made, in folders that are removed again.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sendPayload } from './harness/payload-scenario.js';
import { writeReference } from './harness/reference-rows.js';
import { runScenario } from './harness/run-scenario.js';
import { scenarios } from './harness/scenarios.js';
import { type TargetName, targetNames, targets } from './harness/targets.js';
import { type WireName, wireNames, wires } from './harness/wires.js';

// A running statement holds a thread of libuv's pool, whose size is read before this file is.
if (process.env['UV_THREADPOOL_SIZE'] === undefined) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: '32' };
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    env,
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const { values: flags } = parseArgs({
  options: {
    wires: { type: 'string', default: wireNames.join() },
    targets: { type: 'string', default: targetNames.join() },
    scenarios: { type: 'string', default: '' },
    connections: { type: 'string', default: process.env['OTLP_CONCURRENCY'] ?? '16' },
    requests: { type: 'string', default: '30' },
    records: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '1' },
    payload: { type: 'string', default: process.env['OTLP_PAYLOAD'] ?? '' },
    'ducklake-dir': { type: 'string', default: process.env['OTLP_DUCKLAKE_DIR'] ?? '' },
  },
});
const size = { connections: count('connections'), requests: count('requests') };
const wanted = flags.scenarios.split(',').map((text) => text.trim());

const folder = mkdtempSync(join(tmpdir(), 'otelduck-harness-'));
const lakeFolder = flags['ducklake-dir'] === '' ? folder : flags['ducklake-dir'];
mkdirSync(lakeFolder, { recursive: true });
let runs = 0;
let failed = 0;
try {
  const reference = await writeReference(folder, count('records'));
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores; ${size.connections} connections, ${size.requests} requests of ${reference.recordsPerRequest} records each`,
  );
  printRow('', 'wire', 'target', 'scenario', 'seconds', 'accepted', 'committed', 'refused', 'unanswered');
  for (let round = 0; round < count('rounds'); round++) {
    for (const scenario of scenarios.filter(({ name }) => wanted.some((part) => name.includes(part)))) {
      for (const wire of named(flags.wires, wires)) {
        for (const target of named(flags.targets, targets)) {
          if (scenario.targets?.includes(target.name as TargetName) === false) continue;
          await report(wire.name, target.name, scenario.name, async () => {
            const place = target.name === 'ducklake' ? lakeFolder : folder;
            const { ledger, reconciliation, complaints } = await runScenario(
              { scenario, wire, target },
              size,
              reference,
              place,
            );
            const { accepted, committed } = reconciliation;
            return { accepted, committed, refused: ledger.overloaded, unanswered: ledger.unanswered, complaints };
          });
        }
      }
    }
    if (flags.payload !== '') {
      for (const target of named(flags.targets, targets)) {
        const place = target.name === 'ducklake' ? lakeFolder : folder;
        await report('http', target.name, `payload ${flags.payload}`, () =>
          sendPayload(flags.payload, target, size, place),
        );
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed === 0 ? `${runs} runs, every row as it should be` : `${failed} of ${runs} runs FAILED`);
process.exitCode = failed === 0 && runs > 0 ? 0 : 1;

interface Counts {
  readonly accepted: number;
  readonly committed: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly complaints: readonly string[];
}

async function report(wire: string, target: string, scenario: string, run: () => Promise<Counts>): Promise<void> {
  runs++;
  const startMs = performance.now();
  let complaints: readonly string[];
  let counts: (string | number)[] = [];
  try {
    const found = await run();
    complaints = found.complaints;
    counts = [found.accepted, found.committed, found.refused, found.unanswered];
  } catch (error) {
    complaints = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  printRow(complaints.length === 0 ? 'ok' : 'FAILED', wire, target, scenario, seconds, ...counts);
  for (const complaint of complaints) console.log(`         ${complaint}`);
  if (complaints.length > 0) failed++;
}

function printRow(...cells: readonly (string | number)[]): void {
  const widths = [-7, -5, -9, -31, 8, 10, 10, 8, 11];
  console.log(
    cells
      .map((cell, i) => {
        const text = typeof cell === 'number' ? cell.toLocaleString('en') : cell;
        const width = widths[i]!;
        return width < 0 ? text.padEnd(-width) : text.padStart(width);
      })
      .join(' ')
      .trimEnd(),
  );
}

function named<Name extends WireName | TargetName, T>(list: string, all: Readonly<Record<Name, T>>): T[] {
  return list.split(',').map((name) => {
    const found = (all as Readonly<Record<string, T>>)[name.trim()];
    if (found === undefined) throw new Error(`there is no "${name}", only ${Object.keys(all).join(', ')}`);
    return found;
  });
}

function count(name: 'connections' | 'requests' | 'records' | 'rounds'): number {
  const value = Number(flags[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number, got ${flags[name]}`);
  return value;
}

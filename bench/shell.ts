// How long the shell takes to start, beside a bare script that opens DuckDB; and to write three million rows as CSV, beside
// DuckDB's own shell. Both take turns in one run, so that what else the machine does meets both; CPU time suffers least.
//
// npm run bench:shell [-- rounds (7) [path of DuckDB's own command, such as that of PyPI's duckdb-cli]]

import { spawnSync } from 'node:child_process';
import { median } from './median.js';

const [rounds = '7', duckdb] = process.argv.slice(2);
const otelduck = ['node', 'bin/otelduck.cjs'];

const bareScript = `
  import { DuckDBInstance } from '@duckdb/node-api';
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.runAndReadAll('SELECT 1');
  process.exit(0);`;
compare('start', {
  'bare script': ['node', '--input-type=module', '-e', bareScript],
  'otelduck -c': [...otelduck, '-c', 'SELECT 1'],
});

const rows = `SELECT range AS id, 'service-' || (range % 50) AS service, range / 7 AS value, range % 2 = 0 AS ok,
  TIMESTAMP '2026-01-01' + INTERVAL (range) SECOND AS at FROM range(3000000)`;
compare('CSV of 3,000,000 rows', {
  ...(duckdb === undefined ? {} : { duckdb: [duckdb, '-csv', '-c', rows] }),
  otelduck: [...otelduck, '-csv', '-c', rows],
});

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Runs all commands in turn, round after round, and prints each beside the first. */
function compare(title: string, commands: Readonly<Record<string, readonly string[]>>): void {
  const costs = new Map<string, Cost[]>(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round < Number(rounds); round++) {
    for (const [name, command] of Object.entries(commands)) costs.get(name)!.push(costOf(command));
  }
  console.log(`${title}: median of ${rounds} rounds`);
  const first = [...costs.values()][0]!;
  for (const [name, measured] of costs) {
    const part = (key: keyof Cost) => {
      const ratio = median(measured.map((cost, round) => cost[key] / first[round]![key]));
      return `${median(measured.map((cost) => cost[key]))
        .toFixed(0)
        .padStart(7)} ms (${ratio.toFixed(2)} ×)`;
    };
    console.log(`  ${name.padEnd(12)} ${part('wallMs')} ${part('cpuMs')} of CPU`);
  }
}

/** Runs a command to its end. What it writes is read by nobody. */
function costOf(command: readonly string[]): Cost {
  const { stderr, status } = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null', 'bench', ...command],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  const [wall, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number) as [number, number, number];
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}

// How much memory `otelduck serve` takes with its defaults, beside ingest that is held at a rate and the upkeep of what it commits to.
//
// npm run bench:serve-memory [-- --target ducklake --seconds 180 --rate 100000 --seal-ms 5000]
//
// Exit code 1 where the resident memory has passed 2 GB, a request was refused, or upkeep failed or never ran. Linux only.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { extensionSettings } from './end-to-end/our-server.js';
import { acknowledgements, load, ServedCommand } from './served-command.js';

const { values: flags } = parseArgs({
  options: {
    target: { type: 'string', default: 'ducklake' },
    seconds: { type: 'string', default: '180' },
    rate: { type: 'string', default: '100000' },
    'seal-ms': { type: 'string', default: '5000' },
  },
});
const MAX_RSS_BYTES = 2e9;
const SERVICES = 20;

const folder = mkdtempSync(join(tmpdir(), 'otelduck-serve-memory-'));
const isLake = flags.target === 'ducklake';
const complaints: string[] = [];
try {
  const init = join(folder, 'init.sql');
  const attach = `ATTACH 'ducklake:${folder}/l.ducklake' AS lake (DATA_PATH '${folder}/data/')`;
  // With a script, the service starts no server by itself unless it is told where, as it is here.
  writeFileSync(
    init,
    [...extensionSettings('ducklake'), ...(isLake ? [attach] : [])].map((sql) => `${sql};\n`).join(''),
  );
  const server = await ServedCommand.start([
    ...[join(folder, 'bench.duckdb'), '--uri', 'otlp:127.0.0.1:0', '--disable-auth', '--init', init],
    ...['--seal-max-age-ms', flags['seal-ms'], ...(isLake ? ['--catalog', 'lake'] : [])],
  ]);
  try {
    const [url] = server.urls;
    const report = await load(
      url!,
      ...[
        '--services',
        String(SERVICES),
        '--rate',
        String(Number(flags.rate) / SERVICES),
        '--records-per-request',
        '1000',
      ],
      ...['--signal', 'logs', '--compression', 'gzip', '--warm-up', '0s', '--duration', `${flags.seconds}s`],
    );
    const told = await (await fetch(`${url}/metrics`)).text();
    const metric = (name: string) => Number(new RegExp(`^otelduck_${name}\\{.*\\} (\\S+)$`, 'm').exec(told)?.[1] ?? 0);
    const [runs, failures] = [metric('maintenance_runs_total'), metric('maintenance_failures_total')];
    const { maxRssBytes } = server;
    console.log(
      `${flags.target}: ${acknowledgements(report)}, ${JSON.stringify(report.total.statuses)}; ${metric('seals_total')} seals, ${runs} runs of upkeep, ${failures} failed; RSS ${Math.round(maxRssBytes / 1e6)} MB at most`,
    );
    if (maxRssBytes > MAX_RSS_BYTES) complaints.push('resident memory has passed 2 GB');
    if (Object.keys(report.total.statuses).some((status) => status !== '202')) complaints.push('requests were refused');
    if (isLake && runs === 0) complaints.push('upkeep never ran');
    if (failures > 0) complaints.push('upkeep has failed');
  } finally {
    await server.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const complaint of complaints) console.log(`WRONG: ${complaint}`);
process.exitCode = complaints.length === 0 ? 0 : 1;

// Ten minutes of ingest into a DuckLake on this disk, with its maintenance on: files and bytes over time, before and after
// CHECKPOINT, and whether every accepted record is there once. Exit code 1 when one is not, or when no maintenance ran.
// Linux only.
//
// npm run lake:soak [-- --seconds 600 --services 20 --rate 100 --seal-ms 1000]

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from '../../bench/end-to-end/load-client.js';
import { OurServer, type Row, type Served, TOKEN } from '../../bench/end-to-end/our-server.js';
import { UsageMeter } from '../../bench/end-to-end/process-usage.js';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    services: { type: 'string', default: '20' },
    rate: { type: 'string', default: '100' },
    'seal-ms': { type: 'string', default: '1000' },
  },
});
const seconds = Number(flags.seconds);
/** Lines of the table while ingest runs. */
const INTERVALS = 10;
/** The shortest that a server accepts, so that old files are seen to go. */
const RETENTION_MS = 300_000;
const RECORDS_PER_REQUEST = 100;

const columns = ['rows', 'live files', 'live MB', 'files on disk', 'MB on disk', 'snapshots', 'checkpoints', 'RSS MB'];
const folder = mkdtempSync(join(tmpdir(), 'otelduck-lake-soak-'));
const complaints: string[] = [];
const server = await OurServer.start('ducklake', folder);
try {
  const served = await server.serve(
    `seal_max_age_ms := ${flags['seal-ms']}, maintenance_retention_ms := ${RETENTION_MS}`,
  );
  const meter = new UsageMeter(server.pid);
  printRow('', ...columns);
  const samples = sampled(served);
  const report = await load([
    ...['--uri', served.uri, '--token', TOKEN, '--duration', `${seconds}s`, '--warm-up', '0s', '--compression', 'gzip'],
    ...['--services', flags.services, '--rate', flags.rate, '--records-per-request', RECORDS_PER_REQUEST, '--numbered'],
  ]);
  await samples;
  await server.sql(`FROM otlp_flush('${served.uri}')`);
  await printState('all committed', served);
  const status = await server.status(served);
  const { maxRssBytes, cpuSeconds } = meter.stop();
  await server.sql(`FROM otlp_stop('${served.uri}')`);
  await server.sql('CHECKPOINT lake');
  await printState('CHECKPOINT');
  // Nothing is in progress any more, so nothing is too young to go.
  await server.sql("CALL ducklake_expire_snapshots('lake', older_than => now())");
  await server.sql("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)");
  await printState('old files removed');

  const accepted = report.total.accepted_records;
  console.log(
    `\n${accepted} records accepted, ${JSON.stringify(report.total.statuses)}, p99 ${report.latency_ms.p99} ms; ` +
      `${status['seals_total']} seals, ${status['seal_failures_total']} failed; ` +
      `${status['maintenance_runs_total']} checkpoints, ${status['maintenance_failures_total']} failed; ` +
      `RSS ${(maxRssBytes / 1e6).toFixed(0)} MB at most, ${cpuSeconds.toFixed(0)} CPU-s`,
  );
  await reconcile(accepted);
  if (status['maintenance_runs_total'] === '0') complaints.push('no maintenance ran');
  if (status['maintenance_failures_total'] !== '0') complaints.push(`maintenance: ${status['maintenance_last_error']}`);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
for (const complaint of complaints) console.log(`WRONG: ${complaint}`);
process.exitCode = complaints.length === 0 ? 0 : 1;

/** Prints a line at the end of each interval. */
async function sampled(served: Served): Promise<void> {
  const startMs = performance.now();
  for (let interval = 1; interval <= INTERVALS; interval++) {
    const atMs = startMs + (interval * seconds * 1000) / INTERVALS;
    await new Promise((resolve) => setTimeout(resolve, atMs - performance.now()));
    await printState(`${Math.round((interval * seconds) / INTERVALS)} s`, served);
  }
}

async function printState(name: string, served?: Served): Promise<void> {
  const status = served === undefined ? undefined : await server.status(served);
  const [live] = await server.sql(
    "SELECT count(*) AS files, sum(data_file_size_bytes) AS bytes FROM ducklake_list_files('lake', 'otlp_logs')",
  );
  const [found] = await server.sql('SELECT count(body) AS n FROM lake.otlp_logs');
  const [snapshots] = await server.sql('SELECT count(*) AS n FROM lake.snapshots()');
  const onDisk = readdirSync(join(folder, 'lake'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.parquet'),
  );
  printRow(
    name,
    number(found, 'n'),
    number(live, 'files'),
    megabytes(number(live, 'bytes')),
    onDisk.length,
    megabytes(onDisk.reduce((sum, file) => sum + sizeOf(join(folder, 'lake', file)), 0)),
    number(snapshots, 'n'),
    status === undefined ? '' : String(status['maintenance_runs_total']),
    status === undefined ? '' : megabytes(new UsageMeter(server.pid).stop().maxRssBytes),
  );
}

/** Each accepted record has to be there once, by the number that it carries. Reads every row. */
async function reconcile(accepted: number): Promise<void> {
  const [found] = await server.sql(
    `SELECT count(*) AS rows, count(DISTINCT (service_name, regexp_extract(body, 'seq=(\\d+)', 1))) AS records
     FROM lake.otlp_logs`,
  );
  const [rows, records] = [number(found, 'rows'), number(found, 'records')];
  console.log(`${rows} rows in the lake, ${records} different records, ${accepted} accepted`);
  if (rows !== accepted) complaints.push(`${rows} rows, ${accepted} accepted`);
  if (records !== rows) complaints.push(`${rows - records} records are there twice`);
}

/** Files go while they are counted. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function number(row: Row | undefined, column: string): number {
  return Number(row![column]);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function printRow(...cells: (string | number)[]): void {
  console.log(`| ${cells.map(String).join(' | ')} |`);
}

// How long after its 202 a row is in the result of a query, and what queries cost ingest.
//
// npm run bench:freshness [-- --seconds 20 --rates 0,5000,20000]
//
// A server commits to a database file with default seals, while `otelduck load` sends records at a rate. Beside it, one
// log at a time is posted; as soon as it is acknowledged, a query looks for it, which must have it. The plain version is the
// table, which is asked again and again until the row is there after the next seal. For ingest: the load's 99th percentile with no query, and
// with one after the other.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { otlp } from '../src/otlp.js';
import { encodedLog } from './freshness/encoded-log.js';

const { values: flags } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, rates: { type: 'string', default: '0,5000,20000' } },
});
const seconds = Number(flags.seconds);
/** Time between two probes, at random up to twice this. */
const PROBE_PAUSE_MS = 50;

/** Queries by what they read; `$since` is the time of the row that they look for. */
const queries = {
  table: 'SELECT count(*) FROM otlp_logs WHERE time_unix_nano >= $since AND body = $body',
  live: 'SELECT count(*) FROM otlp_live_logs() WHERE time_unix_nano >= $since AND body = $body',
  buffer: "SELECT count(*) FROM otlp_buffer('logs') WHERE time_unix_nano >= $since AND body = $body",
} as const;

interface LoadReport {
  readonly accepted_records_per_second: number;
  readonly latency_ms: Readonly<Record<'p50' | 'p99', number>>;
}

for (const rate of flags.rates.split(',').map(Number)) {
  for (const name of [undefined, ...(Object.keys(queries) as (keyof typeof queries)[])]) {
    await withServer(async (url, connection) => {
      let isOver = false;
      const loading = load(url, rate).finally(() => {
        isOver = true;
      });
      const waits: number[] = [];
      for (let i = 0; name !== undefined && !isOver; i++) {
        waits.push(await probe(url, connection, queries[name], `probe ${i}`, () => isOver));
        await pause(Math.random() * 2 * PROBE_PAUSE_MS);
      }
      report(rate, name ?? 'no queries', waits.slice(0, -1), await loading);
    });
  }
}

/** Milliseconds from the acknowledgement of a row to the end of the query that has it. */
async function probe(
  url: string,
  connection: DuckDBConnection,
  sql: string,
  body: string,
  isOver: () => boolean,
): Promise<number> {
  const nowMs = Date.now();
  const headers = { 'content-type': 'application/x-protobuf' };
  const { status } = await fetch(`${url}/v1/logs`, { method: 'POST', headers, body: encodedLog(body, nowMs) });
  if (status !== 202) throw new Error(`a probe was answered ${status}`);
  const acknowledgedMs = performance.now();
  const since = `make_timestamp(${nowMs * 1000})`;
  const query = sql.replace('$since', since).replace('$body', `'${body}'`);
  while (!isOver()) {
    const [[count]] = (await connection.runAndReadAll(query)).getRows() as [[bigint]];
    if (count === 1n) break;
    if (count === 0n && sql === queries.live) throw new Error(`${body} is not in the first query`);
    // Committed since it was acknowledged.
    if (count === 0n && sql === queries.buffer) break;
    if (count > 1n) throw new Error(`${body} is there ${count} times`);
  }
  return performance.now() - acknowledgedMs;
}

async function withServer(work: (url: string, connection: DuckDBConnection) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-freshness-'));
  const instance = await DuckDBInstance.create(join(folder, 'bench.db'), { storage_compatibility_version: 'latest' });
  const otel = await otlp.attach(instance);
  const connection = await otel.connect();
  try {
    const served = await connection.runAndReadAll(
      "SELECT listen_url FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true)",
    );
    await work(String(served.getRows()[0]![0]), connection);
  } finally {
    await otel.close();
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sends logs at a rate for the time of a measurement. Resolves with the report of the load, if there was any. */
async function load(url: string, rate: number): Promise<LoadReport | undefined> {
  if (rate === 0) {
    await pause(seconds * 1000);
    return undefined;
  }
  const args = ['--url', url, '--services', '50', '--rate', String(rate / 50), '--records-per-request', '100'];
  const child = spawn(
    process.execPath,
    ['bin/otelduck.cjs', 'load', ...args, '--warm-up', '2s', '--duration', `${seconds}s`, '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(child, 'close');
  return JSON.parse(text) as LoadReport;
}

function report(rate: number, name: string, waits: readonly number[], loaded: LoadReport | undefined): void {
  const sorted = [...waits].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]?.toFixed(1) ?? '-';
  console.log(
    `${rate} records/s, ${name}: ${waits.length} rows; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms` +
      (loaded === undefined
        ? ''
        : `; load: p50 ${loaded.latency_ms.p50} ms, p99 ${loaded.latency_ms.p99} ms, ${loaded.accepted_records_per_second} records/s`),
  );
}

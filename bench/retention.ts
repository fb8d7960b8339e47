// What removing old rows costs ingest: the time until logs are acknowledged, with and without a removal, by turns on one server.
//
// npm run bench:retention [-- --rows 10000000 --turns 3 --seconds 20 --rate 50000]
//
// `otelduck serve` takes in logs at a rate, into a database file. Before every second turn, rows of an old day are added, and the
// turn is over once they are gone: the load lasts as long as the removal, or the time of a turn. The aim is 1.2 times the 99th
// percentile of the turn before.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { median } from './median.js';
import { acknowledgements, type LoadReport, load, ServedCommand } from './served-command.js';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    turns: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '50000' },
  },
});
const SERVICES = 50;
const RECORDS_PER_REQUEST = 100;
const ADMIN = 'a-token-that-administers';

const folder = mkdtempSync(join(tmpdir(), 'otelduck-retention-'));
const path = join(folder, 'bench.duckdb');
try {
  const ratios: number[] = [];
  for (let turn = 1; turn <= Number(flags.turns); turn++) {
    await addOldRows();
    const server = await ServedCommand.start([
      ...[path, '--uri', 'otlp:127.0.0.1:0', '--disable-auth'],
      ...['--query-uri', 'query:127.0.0.1:0', '--query-apis', 'admin', '--query-admin-token', ADMIN],
    ]);
    try {
      const [ingest, queries] = server.urls;
      const alone = await sent(ingest!);
      const removal = removed(queries!);
      const beside = await sent(ingest!);
      const { deleted_rows: rows, duration_ms: tookMs } = await removal;
      ratios.push(beside.latency_ms.p99 / alone.latency_ms.p99);
      console.log(
        `turn ${turn}: alone ${acknowledgements(alone)}; beside ${acknowledgements(beside)}; ${rows} rows gone in ${(tookMs / 1000).toFixed(1)} s, RSS ${Math.round(server.maxRssBytes / 1e6)} MB at most`,
      );
      if (rows !== Number(flags.rows)) throw new Error(`${flags.rows} rows were old, and ${rows} have gone`);
    } finally {
      await server.stop();
    }
  }
  console.log(`p99 of acknowledgements beside a removal, over that alone, turn by turn: ${median(ratios).toFixed(2)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Logs of one old day, as wide as those of the load. */
async function addOldRows(): Promise<void> {
  const instance = await DuckDBInstance.create(path, { storage_compatibility_version: 'latest', memory_limit: '2GB' });
  const connection = await instance.connect();
  try {
    await connection.run(`CREATE TABLE IF NOT EXISTS otlp_logs (
      time_unix_nano TIMESTAMP, observed_time_unix_nano TIMESTAMP, trace_id VARCHAR, span_id VARCHAR, service_name VARCHAR,
      service_namespace VARCHAR, service_instance_id VARCHAR, severity_number INTEGER, severity_text VARCHAR,
      event_name VARCHAR, body VARCHAR, resource_attributes VARCHAR, scope_name VARCHAR, scope_version VARCHAR,
      scope_attributes VARCHAR, log_attributes VARCHAR, dropped_attributes_count INTEGER, flags INTEGER)`);
    await connection.run(`
      INSERT INTO otlp_logs (time_unix_nano, trace_id, service_name, severity_number, body, log_attributes, dropped_attributes_count, flags)
      SELECT TIMESTAMP '2024-01-01' + to_microseconds(i), md5(i::VARCHAR), 'service-' || i % 50, 9, 'order ' || i || ' placed',
        '{"order.id":' || i || '}', 0, 0 FROM range(${flags.rows}) t(i)`);
    await connection.run('CHECKPOINT');
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function sent(url: string): Promise<LoadReport> {
  const rate = Number(flags.rate) / SERVICES;
  return load(
    url,
    ...['--services', String(SERVICES), '--rate', String(rate), '--records-per-request', String(RECORDS_PER_REQUEST)],
    ...['--signal', 'logs', '--warm-up', '2s', '--duration', `${flags.seconds}s`],
  );
}

/** Has rows of before 2025 removed, and tells what became of logs. */
async function removed(url: string) {
  const answer = await fetch(`${url}/api/admin/maintenance/retention/run?before=2025-01-01`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  const { retention, duration_ms } = (await answer.json()) as {
    readonly retention: {
      readonly tables: readonly { readonly deleted_rows: number; readonly error: string | null }[];
    };
    readonly duration_ms: number;
  };
  const [logs] = retention.tables;
  if (logs!.error !== null) throw new Error(logs!.error);
  return { deleted_rows: logs!.deleted_rows, duration_ms };
}

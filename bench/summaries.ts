// How long otlp_services, otlp_errors, otlp_slow and otlp_trace take on many spans.
//
// npm run bench:summaries [-- --spans 5000000]
//
// Spans of 50 services with 200 operations each, all of the last hour, in a database file; each tenth is a request, each
// fiftieth an error. Each function is run five times; the median of the times, and of the CPU times, which other processes
// disturb less, is printed. The plain version is a scan that only counts spans by service.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { otlp } from '../src/otlp.js';
import { median } from './median.js';

const RUNS = 5;
const { values: flags } = parseArgs({ options: { spans: { type: 'string', default: '5000000' } } });

const statements = {
  'plain scan': 'SELECT service_name, count(*) FROM otlp_traces GROUP BY ALL',
  otlp_services: 'FROM otlp_services()',
  otlp_errors: 'FROM otlp_errors()',
  'otlp_errors, 20 rows': 'FROM otlp_errors() LIMIT 20',
  otlp_slow: 'FROM otlp_slow()',
  otlp_trace: "FROM otlp_trace(md5('77'))",
} as const;

const folder = mkdtempSync(join(tmpdir(), 'otelduck-summaries-'));
try {
  const instance = await DuckDBInstance.create(join(folder, 'spans.duckdb'));
  const otel = await otlp.attach(instance);
  const connection = await otel.connect();
  await connection.run("CALL otlp_serve('otlp:127.0.0.1:0')");
  await connection.run(`
    INSERT INTO otlp_traces BY NAME
    SELECT make_timestamp(epoch_us(now())) - INTERVAL 50 MINUTES + to_microseconds(i * 600) AS start_time_unix_nano,
      1000000 + hash(i) % 900000000 AS duration_time_unix_nano,
      md5((i // 10)::VARCHAR) AS trace_id, left(md5('s' || i), 16) AS span_id,
      CASE WHEN i % 10 > 0 THEN left(md5('s' || (i // 10 * 10)), 16) END AS parent_span_id,
      'service ' || hash(i // 3) % 50 AS service_name, 'GET /' || hash(i) % 200 AS name,
      CASE WHEN i % 10 = 0 THEN 2 ELSE 3 END AS kind,
      CASE WHEN hash(i, 3) % 50 = 0 THEN 2 END AS status_code,
      '{"i":' || i || '}' AS span_attributes
    FROM range(${Number(flags.spans)}) t(i)`);
  await connection.run('CHECKPOINT');
  for (const [name, sql] of Object.entries(statements)) {
    const timesMs: number[] = [];
    const cpuTimesMs: number[] = [];
    let rows = 0;
    for (let run = 0; run < RUNS; run++) {
      const startMs = performance.now();
      const cpuStart = process.cpuUsage();
      rows = (await connection.run(sql)).rowCount;
      timesMs.push(performance.now() - startMs);
      const { user, system } = process.cpuUsage(cpuStart);
      cpuTimesMs.push((user + system) / 1000);
    }
    console.log(
      `${name}: ${Math.round(median(timesMs))} ms, ${Math.round(median(cpuTimesMs))} ms of CPU, ${rows} rows`,
    );
  }
  connection.closeSync();
  await otel.close();
  instance.closeSync();
} finally {
  rmSync(folder, { recursive: true });
}

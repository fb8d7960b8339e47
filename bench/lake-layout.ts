// What the layout of a DuckLake's tables costs and buys: logs of many services over two days, committed seal by seal in the
// order in which they happened, into tables that are partitioned by day or not, and sorted by service and time or not. Each
// layout gets a process of its own. Linux only.
//
// npm run bench:lake-layout [-- --thousands 960 --seals 64 --runs 15]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OurServer, type Row, TOKEN } from './end-to-end/our-server.js';
import { UsageMeter } from './end-to-end/process-usage.js';
import { requestType } from './payloads.js';

const { values: flags } = parseArgs({
  options: {
    thousands: { type: 'string', default: '960' },
    seals: { type: 'string', default: '64' },
    runs: { type: 'string', default: '15' },
  },
});
const seals = Number(flags.seals);
const requestsPerSeal = Math.ceil(Number(flags.thousands) / seals);
const runs = Number(flags.runs);

const SERVICES = 50;
const RECORDS_OF_SERVICE = 20; // in a request, so that it has a thousand
const RECORDS_OF_TRACE = 8;
const RECORDS = SERVICES * RECORDS_OF_SERVICE;
const FIRST_MS = Date.UTC(2026, 0, 5);
const SPAN_MS = 2 * 86_400_000;

const queries: Readonly<Record<string, string>> = {
  'one service, one hour': `SELECT count(*), max(length(body)), max(length(log_attributes)) FROM lake.otlp_logs
    WHERE service_name = 'service-17' AND time_unix_nano >= '2026-01-06 10:00' AND time_unix_nano < '2026-01-06 11:00'`,
  'one service, one day': `SELECT count(*), max(length(body)), max(length(log_attributes)) FROM lake.otlp_logs
    WHERE service_name = 'service-17' AND time_unix_nano >= '2026-01-06'`,
  'one trace': `SELECT count(*), max(length(body)), max(length(log_attributes)) FROM lake.otlp_logs
    WHERE trace_id = '${traceId(Math.floor((requestsPerSeal * seals * RECORDS) / RECORDS_OF_TRACE / 2))}'`,
  'count by service': 'SELECT service_name, count(*) FROM lake.otlp_logs GROUP BY ALL',
  'errors of a day, by hour': `SELECT date_trunc('hour', time_unix_nano) AS hour, count(*), max(length(body))
    FROM lake.otlp_logs WHERE time_unix_nano >= '2026-01-06' AND severity_text = 'ERROR' GROUP BY ALL`,
};

const type = requestType('logs');
const bodies = Array.from({ length: seals * requestsPerSeal }, (_, request) => body(request, seals * requestsPerSeal));
console.log(
  `${bodies.length * RECORDS} log records of ${SERVICES} services over two days, ${(size(bodies) / 1e6).toFixed(0)} MB of protobuf, ${seals} seals; queries: best of ${runs}`,
);
printRow(
  'partition, sort',
  ...['s', 'CPU-s', 'RSS MB', 'files', 'MB', ...Object.keys(queries).map((name) => `${name} ms`)],
);
for (const partition of ['day', 'none']) {
  for (const sort of ['service_time', 'none']) await measure(partition, sort);
}

async function measure(partition: string, sort: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-lake-layout-'));
  const server = await OurServer.start('ducklake', folder);
  try {
    const served = await server.serve(
      // Seals are made by the flushes below; maintenance, which counts only others, by the statement below.
      `lake_partition := '${partition}', lake_sort := '${sort}', seal_max_age_ms := 3600000`,
    );
    const ingest = new UsageMeter(server.pid);
    for (let seal = 0; seal < seals; seal++) {
      for (const sent of bodies.slice(seal * requestsPerSeal, (seal + 1) * requestsPerSeal)) {
        const response = await fetch(`http://127.0.0.1:${served.port}/v1/logs`, {
          method: 'POST',
          headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-protobuf' },
          body: sent,
        });
        if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      }
      const [flushed] = await server.sql(`FROM otlp_flush('${served.uri}')`);
      if (flushed!['status'] !== 'sealed') throw new Error(`cannot flush: ${flushed!['error']}`);
    }
    const [sealing] = await server.sql('SELECT sum(duration_ms) / 1000 AS seconds FROM otlp_seal_list()');
    await report(`${partition}, ${sort}`, server, number(sealing, 'seconds'), ingest);
    const checkpoint = new UsageMeter(server.pid);
    const startedMs = performance.now();
    await server.sql('CHECKPOINT lake');
    await report('after CHECKPOINT', server, (performance.now() - startedMs) / 1000, checkpoint);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function report(name: string, server: OurServer, seconds: number, meter: UsageMeter): Promise<void> {
  const { maxRssBytes, cpuSeconds } = meter.stop();
  const [files] = await server.sql(
    "SELECT count(*) AS files, sum(data_file_size_bytes) AS bytes FROM ducklake_list_files('lake', 'otlp_logs')",
  );
  const times: string[] = [];
  for (const sql of Object.values(queries)) {
    await server.sql(sql);
    const measured: number[] = [];
    for (let run = 0; run < runs; run++) {
      const startedMs = performance.now();
      await server.sql(sql);
      measured.push(performance.now() - startedMs);
    }
    times.push(Math.min(...measured).toFixed(0)); // what else the machine does only adds to it
  }
  printRow(
    name,
    seconds.toFixed(1),
    cpuSeconds.toFixed(1),
    (maxRssBytes / 1e6).toFixed(0),
    String(number(files, 'files')),
    (number(files, 'bytes') / 1e6).toFixed(1),
    ...times,
  );
}

/** A request of all services. Requests follow one another in time, and so do the records of a service in each. */
function body(request: number, requests: number): Uint8Array {
  const timeOf = (record: number) => FIRST_MS + ((request + record / RECORDS) / requests) * SPAN_MS;
  return type
    .encode(
      type.fromObject({
        resourceLogs: Array.from({ length: SERVICES }, (_, service) => ({
          resource: {
            attributes: [
              attribute('service.name', `service-${service}`),
              attribute('host.name', `node-${service % 7}`),
            ],
          },
          scopeLogs: [
            {
              scope: { name: 'bench' },
              logRecords: Array.from({ length: RECORDS_OF_SERVICE }, (_, i) => {
                const place = i * SERVICES + service;
                return logRecord(request * RECORDS + place, timeOf(place));
              }),
            },
          ],
        })),
      }),
    )
    .finish();
}

function logRecord(n: number, timeMs: number) {
  const noise = ((n * 2654435761) >>> 0).toString(16);
  const isError = n % 53 === 0;
  return {
    timeUnixNano: `${Math.floor(timeMs * 1000)}000`,
    severityNumber: isError ? 17 : 9,
    severityText: isError ? 'ERROR' : 'INFO',
    body: {
      stringValue: `request ${noise} handled in ${n % 997} ms: session refreshed, cache ${n % 3 ? 'hit' : 'miss'}`,
    },
    attributes: [
      attribute('http.route', `/api/v1/products/${n % 17}`),
      attribute('url.path', `/api/v1/products/${noise}`),
      attribute('user.id', `u-${n % 100_003}`),
      attribute('http.request.method', n % 3 === 0 ? 'POST' : 'GET'),
    ],
    traceId: Buffer.from(traceId(Math.floor(n / RECORDS_OF_TRACE)), 'hex').toString('base64'),
    spanId: Buffer.from(noise.padStart(16, '1'), 'hex').toString('base64'),
  };
}

function traceId(trace: number): string {
  return [trace * 2654435761, trace * 40503, trace * 69069, trace * 1664525]
    .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    .join('');
}

function attribute(key: string, value: string) {
  return { key, value: { stringValue: value } };
}

function size(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function number(row: Row | undefined, column: string): number {
  return Number(row![column]);
}

function printRow(...cells: string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

// What the compression of texts and the order of rows cost seals of metrics and buy queries: gauges of 100 metrics and 10,000 series go
// into a file of the latest storage version, seal by seal. Afterwards one metric, a hundredth of the rows, and the series of all are read.
//
// npm run bench:metric-layout [-- scrapes (240) scrapes in a seal (1)]

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { gaugeTable } from '../src/schema/metrics.js';
import { median } from './median.js';

const scrapes = Number(process.argv[2] ?? 240);
const perSeal = Number(process.argv[3] ?? 1);
const RUNS = 7;

const folder = mkdtempSync(join(tmpdir(), 'otelduck-bench-metrics-'));
const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const connection = await instance.connect();
await connection.run(`CREATE TABLE rows (${declared('')}, seal INTEGER)`);
// In the order in which Collectors send: resource, metric, point.
await connection.run(`INSERT INTO rows BY NAME SELECT TIMESTAMP '2026-11-21 00:00:00' + INTERVAL (scrape * 15) SECOND AS time_unix_nano,
    'http.server.metric.' || (metric * 37 % 100) AS name, 'How long requests take' AS description, 's' AS unit,
    (random() * 1000 + scrape) AS double_value, 'checkout-' || host AS service_name, 'shop' AS service_namespace,
    'checkout-7d9c6bd7f8-' || host AS service_instance_id,
    '{"host.name":"host-' || host || '","k8s.cluster.name":"production-eu","k8s.container.name":"app","k8s.deployment.name":"checkout","k8s.namespace.name":"shop","k8s.node.name":"ip-10-0-0-' || host || '.eu-west-1.compute.internal","k8s.pod.name":"checkout-7d9c6bd7f8-' || host || '","service.instance.id":"checkout-7d9c6bd7f8-' || host || '","service.name":"checkout-' || host || '","service.namespace":"shop"}' AS resource_attributes,
    'go.opentelemetry.io/contrib' AS scope_name, '1.2.3' AS scope_version,
    '{"http.request.method":"GET","http.response.status_code":' || (200 + point) || ',"http.route":"/api/v1/orders/{id}/items","server.address":"api.example.com"}' AS metric_attributes,
    0 AS flags, scrape // ${perSeal} AS seal
  FROM range(${scrapes}) AS s (scrape), range(10) AS h (host), range(100) AS m (metric), range(10) AS p (point)
  ORDER BY scrape, host, metric, point`);

console.log(`${scrapes * 10_000} rows in seals of ${perSeal * 10_000}, ${RUNS} runs of each query, median`);
for (const compression of ['zstd', 'auto']) {
  for (const order of ['arrival', 'name'])
    console.log(`${compression}, by ${order}:`, await measured(compression, order));
}
connection.closeSync();
instance.closeSync();
rmSync(folder, { recursive: true });

function declared(clause: string): string {
  return gaugeTable.columns.map(({ name, type }) => `${name} ${type}${type === 'VARCHAR' ? clause : ''}`).join(', ');
}

async function measured(compression: string, order: string): Promise<Record<string, number>> {
  const path = join(folder, `${compression}-${order}.duckdb`);
  await connection.run(`ATTACH '${path}' AS file (STORAGE_VERSION 'latest')`);
  await connection.run(
    `CREATE TABLE file.points (${declared(compression === 'zstd' ? ' USING COMPRESSION zstd' : '')})`,
  );
  const started = process.cpuUsage();
  for (let seal = 0; seal < Math.ceil(scrapes / perSeal); seal++) {
    await connection.run(`INSERT INTO file.points SELECT * EXCLUDE seal FROM rows WHERE seal = ${seal}
      ${order === 'name' ? 'ORDER BY name' : ''}`);
  }
  await connection.run('CHECKPOINT file');
  const cpu = process.cpuUsage(started);
  const id = 'hash(name, unit, resource_attributes, metric_attributes)';
  const result = {
    'seals, CPU seconds': Math.round((cpu.user + cpu.system) / 1e4) / 100,
    MB: Math.round(statSync(path).size / 1e5) / 10,
    'one metric, ms': await timed(
      connection,
      `SELECT bit_xor(${id}), sum(double_value), max(epoch_ms(time_unix_nano)) FROM file.points WHERE name = 'http.server.metric.3'`,
    ),
    'all series, ms': await timed(connection, `SELECT count(*) FROM (SELECT DISTINCT ${id} FROM file.points)`),
  };
  await connection.run('DETACH file');
  return result;
}

async function timed(connection: DuckDBConnection, sql: string): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    await connection.runAndReadAll(sql);
    times.push(performance.now() - started);
  }
  return Math.round(median(times));
}

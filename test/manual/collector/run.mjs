// telemetrygen → OpenTelemetry Collector → otelduck, over every wire and compression that the Collector's exporters
// have, and then: did SQL see as many rows as were sent?
//
//   npm run build && node test/manual/collector/run.mjs [part of a run's name]
//
// Builds the two programs with Go first, which takes minutes once; they stay in OTELDUCK_COLLECTOR_CACHE, or else in a
// folder of the system's temporary one. Everything talks over loopback, on free ports. docs/interop.md shows a run.

import { execFileSync } from 'node:child_process';
import { DuckDBInstance } from '@duckdb/node-api';
import { otlp } from '../../../dist/otlp.js';
import { collectorBinary, finished, portOf, startCollector, telemetrygen, versions } from './programs.mjs';

const ARROW_EXPORTER = 'github.com/open-telemetry/opentelemetry-collector-contrib/exporter/otelarrowexporter v0.161.0';
const TOKEN = 'a-token-for-interop-runs';

const SENT_WITHIN_MS = 120_000;

const LOGS = 10_000;
const TRACES = 1_000;
const METRICS = 2_000;
/**
 * What telemetrygen is told to send, and the rows that it comes to. A trace has two spans. They are sent one by one: the
 * SDK in telemetrygen drops spans that come faster than its batches leave.
 */
const sendings = [
  { args: ['logs', '--logs', LOGS], table: 'otlp_logs', rows: LOGS },
  { args: ['traces', '--batch=false', '--traces', TRACES], table: 'otlp_traces', rows: 2 * TRACES },
  ...[
    ['Gauge', 'otlp_metrics_gauge'],
    ['Sum', 'otlp_metrics_sum'],
    ['Histogram', 'otlp_metrics_histogram'],
    ['ExponentialHistogram', 'otlp_metrics_exp_histogram'],
  ].map(([type, table]) => ({ args: ['metrics', '--metric-type', type, '--metrics', METRICS], table, rows: METRICS })),
];

const httpServer = "otlp_serve('otlp:127.0.0.1:0'";
const grpcServer = "otlp_serve('otlp:127.0.0.1:0', transport := 'grpc'";
const otapServer = "otap_serve('otap:127.0.0.1:0'";
const bothServer = "otlp_serve('otlp:127.0.0.1:0', grpc := '127.0.0.1:0'";
const headers = { authorization: `Bearer ${TOKEN}` };
const compressions = ['none', 'gzip', 'zstd'];

/** The Collector's exporters, to the listeners of a server. */
const httpExporter = ({ http }, settings = {}) => [
  'otlp_http',
  { endpoint: `http://127.0.0.1:${http}`, headers, ...settings },
];
const grpcExporter = ({ grpc }, settings = {}) => [
  'otlp_grpc',
  { endpoint: `127.0.0.1:${grpc}`, tls: { insecure: true }, headers, ...settings },
];
const otapExporter = ({ grpc }) => ['otelarrow', { endpoint: `127.0.0.1:${grpc}`, tls: { insecure: true }, headers }];
const forAll = (exporter) => ({ logs: exporter, traces: exporter, metrics: exporter });

const runs = [
  { name: 'telemetrygen, http/protobuf', serve: httpServer, direct: ['--otlp-http'] },
  { name: 'telemetrygen, gRPC', serve: grpcServer, direct: [] },
  ...['proto', 'json'].flatMap((encoding) =>
    compressions.map((compression) => ({
      name: `Collector, http/${encoding === 'proto' ? 'protobuf' : encoding}, ${compression}`,
      serve: httpServer,
      exporters: (ports) => forAll(httpExporter(ports, { encoding, compression })),
    })),
  ),
  ...compressions.map((compression) => ({
    name: `Collector, gRPC, ${compression}`,
    serve: grpcServer,
    exporters: (ports) => forAll(grpcExporter(ports, { compression })),
  })),
  {
    name: 'Collector, OTAP, defaults',
    serve: otapServer,
    needsArrow: true,
    exporters: (ports) => forAll(otapExporter(ports)),
  },
  // Logs are half of the rows.
  {
    name: 'Collector, one server, half over HTTP and half over gRPC',
    serve: bothServer,
    exporters: (ports) => ({ ...forAll(grpcExporter(ports)), logs: httpExporter(ports) }),
  },
  {
    name: 'Collector, one server, half over HTTP and half over OTAP',
    serve: bothServer,
    needsArrow: true,
    exporters: (ports) => ({ ...forAll(otapExporter(ports)), logs: httpExporter(ports) }),
  },
];

const collector = collectorBinary('build', {});
const arrowCollector = collectorBinary('build-arrow', { exporters: [ARROW_EXPORTER] });
if (collector === undefined) throw new Error('cannot build a Collector');

const wanted = process.argv[2] ?? '';
const failures = [];
await printVersions();
for (const run of runs.filter(({ name }) => name.includes(wanted))) {
  if (run.needsArrow && arrowCollector === undefined) {
    console.log(`skipped  ${run.name}: its exporter could not be built`);
    continue;
  }
  await reconcile(run);
}
console.log(failures.length === 0 ? 'every row arrived' : `${failures.length} runs failed`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Sends everything through one wire to a server of its own, and compares counts. */
async function reconcile(run) {
  const instance = await DuckDBInstance.create(':memory:');
  const plugin = await otlp.attach(instance);
  const connection = await plugin.connect();
  const query = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  let stopCollector = async () => '';
  try {
    const [server] = await query(`FROM ${run.serve}, token := '${TOKEN}')`);
    const [{ urls }] = await query('SELECT [listener.url FOR listener IN listeners] AS urls FROM otlp_server_list()');
    // gRPC is at the last listener, which is the only one of some servers.
    const ports = { http: portOf(urls[0]), grpc: portOf(urls.at(-1)) };
    let target = ['--otlp-endpoint', `127.0.0.1:${ports.http}`, '--otlp-header', `authorization="Bearer ${TOKEN}"`];
    if (run.exporters !== undefined) {
      const binary = run.needsArrow ? arrowCollector : collector;
      const started = await startCollector(binary, sending(run.exporters(ports)));
      stopCollector = started.stop;
      target = ['--otlp-endpoint', `127.0.0.1:${started.port}`];
    }
    const startMs = performance.now();
    for (const { args } of sendings) {
      const path = run.direct?.includes('--otlp-http') ? ['--otlp-http-url-path', `/v1/${args[0]}`] : [];
      await finished(
        telemetrygen,
        [...args, '--rate', 0, '--otlp-insecure', ...target, ...(run.direct ?? []), ...path],
        SENT_WITHIN_MS,
      );
    }
    const complaints = await stopCollector();
    const seconds = (performance.now() - startMs) / 1000;
    const [flushed] = await query(`FROM otlp_flush('${server.listen_uri}')`);
    const counted = await Promise.all(
      sendings.map(async ({ table, rows }) => {
        const [{ seen }] = await query(`SELECT count(*)::INTEGER AS seen FROM ${table}`);
        return { table, rows, seen };
      }),
    );
    const wrong = counted.filter(({ rows, seen }) => rows !== seen);
    const total = counted.reduce((sum, { seen }) => sum + seen, 0);
    const isGood = wrong.length === 0 && flushed.status === 'sealed' && complaints === '';
    if (!isGood) failures.push(run.name);
    console.log(`${isGood ? 'ok     ' : 'FAILED '}  ${run.name}: ${total} rows in ${seconds.toFixed(1)} s`);
    for (const { table, rows, seen } of wrong) console.log(`         ${table}: sent ${rows}, SQL saw ${seen}`);
    if (complaints !== '') console.log(complaints.slice(0, 4000));
  } finally {
    await stopCollector();
    await plugin.close();
    connection.closeSync();
    instance.closeSync();
  }
}

/** A configuration that sends what comes, each signal to its exporter. */
function sending(exporters) {
  return (port) => ({
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${port}` } } } },
    // Spans come one by one here, faster than a queue of the default size takes on a busy machine.
    exporters: Object.fromEntries(
      Object.values(exporters).map(([name, settings]) => [
        name,
        { ...settings, sending_queue: { queue_size: 100_000 } },
      ]),
    ),
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: Object.fromEntries(
        Object.entries(exporters).map(([signal, [name]]) => [signal, { receivers: ['otlp'], exporters: [name] }]),
      ),
    },
  });
}

async function printVersions() {
  const go = execFileSync('go', ['version'], { encoding: 'utf8' }).trim();
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const [[duckdb]] = (await connection.runAndReadAll('SELECT version()')).getRows();
  connection.closeSync();
  instance.closeSync();
  console.log(`Collector 0.161.0 built with ${versions.join(', ')}, ${go}`);
  console.log(`Node ${process.version}, DuckDB ${duckdb}`);
}

// What operators put before otelduck, with a real Collector: the configuration of examples/otelcol-edge.yaml, certificates on both sides,
// and a limit that it has to respect.
//
//   npm run build && node test/manual/collector/operators.mjs
//
// It needs openssl, and builds as run.mjs does.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'yaml';
import { otlp } from '../../../dist/otlp.js';
import { collectorBinary, finished, portOf, startCollector, telemetrygen } from './programs.mjs';

const TOKEN = 'a-token-for-interop-runs';
const SENT_WITHIN_MS = 120_000;
const LOGS = 2000;
const FAILED_TRACES = 200;
const OTHER_TRACES = 2000;
/** Of the traces without an error, as the example has it. */
const KEPT = 0.05;

const collector = collectorBinary('build', {});
const folder = mkdtempSync(join(tmpdir(), 'otelduck-operators-'));
const failures = [];
try {
  await edge();
  await certificates();
  await limits();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures.length === 0 ? 'all is well' : `wrong: ${failures.join(', ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** The example samples traces, keeps those with errors, and says whose telemetry it is. */
async function edge() {
  await withServer(`tenants := 'header'`, async ({ url, query }) => {
    const example = parse(readFileSync(new URL('../../../examples/otelcol-edge.yaml', import.meta.url), 'utf8'));
    const configFor = (port) => {
      example.receivers.otlp.protocols = { grpc: { endpoint: `127.0.0.1:${port}` } };
      example.processors.tail_sampling.decision_wait = '2s';
      example.service.telemetry = { metrics: { level: 'none' }, logs: { level: 'warn' } };
      return example;
    };
    const env = { OTELDUCK_ENDPOINT: url, OTELDUCK_TOKEN: TOKEN, TENANT: 'acme' };
    const { port, stop } = await startCollector(collector, configFor, { env });
    await generate(port, 'logs', '--logs', LOGS);
    await generate(port, 'traces', '--batch=false', '--traces', FAILED_TRACES, '--status-code', 'Error');
    await generate(port, 'traces', '--batch=false', '--traces', OTHER_TRACES, '--status-code', 'Ok');
    const complaints = await stop();
    const traces = `SELECT count(DISTINCT trace_id)::INTEGER AS n FROM otlp_live_traces() WHERE tenant_id = 'acme' AND status_code`;
    const logs = await query(`SELECT count(*)::INTEGER AS n FROM otlp_live_logs() WHERE tenant_id = 'acme'`);
    const failed = await query(`${traces} = 2`);
    const others = await query(`${traces} <> 2`);
    // Four standard deviations.
    const spread = 4 * Math.sqrt(OTHER_TRACES * KEPT * (1 - KEPT));
    report('edge', { logs, failed, others, complaints }, [
      logs === LOGS,
      failed === FAILED_TRACES,
      Math.abs(others - OTHER_TRACES * KEPT) <= spread,
      complaints === '',
    ]);
  });
}

/** Over HTTP and gRPC, with a certificate of the client and without. */
async function certificates() {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority', '-days', '2');
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1');
  for (const name of ['server', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed);
  }
  const at = (name) => join(folder, name);
  const options = `tls_cert_file := '${at('server.pem')}', tls_key_file := '${at('server.key')}', tls_client_ca_file := '${at('ca.pem')}'`;
  const known = { ca_file: at('ca.pem'), cert_file: at('client.pem'), key_file: at('client.key') };
  for (const [name, tls, expected] of [
    ['certificates on both sides', known, 2 * LOGS],
    ['no certificate of the client', { ca_file: at('ca.pem') }, 0],
  ]) {
    await withServer(`grpc := '127.0.0.1:0', ${options}`, async ({ url, grpc, query }) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const retry_on_failure = { enabled: false };
      const exporters = {
        otlp_http: { endpoint: url, headers, tls, retry_on_failure },
        otlp_grpc: { endpoint: grpc, headers, tls, retry_on_failure },
      };
      const { port, stop } = await startCollector(collector, sendingLogs(exporters));
      await generate(port, 'logs', '--logs', LOGS);
      const complaints = await stop();
      const rows = await query('SELECT count(*)::INTEGER AS n FROM otlp_live_logs()');
      report(name, { rows }, [rows === expected, (complaints === '') === expected > 0]);
    });
  }
}

/** A server that takes a few requests a second answers 429, and the Collector sends them again until all have come. */
async function limits() {
  await withServer('max_requests_per_second := 5', async ({ url, query }) => {
    const exporters = { otlp_http: { endpoint: url, headers: { authorization: `Bearer ${TOKEN}` } } };
    const { port, stop } = await startCollector(collector, sendingLogs(exporters));
    await generate(port, 'logs', '--logs', LOGS);
    // A Collector that stops gives up what waits to be sent again.
    const counted = () => query('SELECT count(*)::INTEGER AS n FROM otlp_live_logs()');
    for (const endMs = performance.now() + SENT_WITHIN_MS; (await counted()) < LOGS; await pause(200)) {
      if (performance.now() > endMs) break;
    }
    const rows = await counted();
    const complaints = await stop();
    const throttled = await query(
      `SELECT sum(value)::INTEGER AS n FROM otlp_metrics() WHERE name = 'otelduck_requests_total' AND (labels->>'outcome') = 'rate_limited'`,
    );
    report('a limit', { rows, throttled }, [rows === LOGS, throttled > 0, !/Dropping data/.test(complaints)]);
  });
}

async function withServer(options, work) {
  const instance = await DuckDBInstance.create(':memory:');
  const plugin = await otlp.attach(instance);
  const connection = await plugin.connect();
  const rows = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  try {
    await rows(`CALL otlp_serve('otlp:127.0.0.1:0', token := '${TOKEN}', ${options})`);
    const [{ urls }] = await rows('SELECT [listener.url FOR listener IN listeners] AS urls FROM otlp_server_list()');
    const grpc = `127.0.0.1:${portOf(urls.at(-1))}`;
    await work({ url: urls[0], grpc, query: async (sql) => (await rows(sql))[0].n });
  } finally {
    await plugin.close();
    connection.closeSync();
    instance.closeSync();
  }
}

function sendingLogs(exporters) {
  return (port) => ({
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${port}` } } } },
    exporters,
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: { logs: { receivers: ['otlp'], exporters: Object.keys(exporters) } },
    },
  });
}

function generate(port, ...args) {
  return finished(
    telemetrygen,
    [...args, '--rate', 0, '--otlp-insecure', '--otlp-endpoint', `127.0.0.1:${port}`],
    SENT_WITHIN_MS,
  );
}

function report(name, found, holds) {
  const isGood = holds.every(Boolean);
  if (!isGood) failures.push(name);
  console.log(`${isGood ? 'ok     ' : 'WRONG  '} ${name}`, found);
}

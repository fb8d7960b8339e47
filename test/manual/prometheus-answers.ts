// A real Prometheus, given what a test sends → its answers to the requests of that test, as the file that the test expects.
//
//   PROMETHEUS=<binary> npm run record:prometheus

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encoded, keyOf, requests } from '../query/prometheus/requests.js';
import { metricsRequest } from '../query/prometheus/sent-metrics.js';

const ANSWERS = fileURLToPath(new URL('../../../test/data/prometheus/answers.json', import.meta.url));
const PORT = 19_190;
const BASE = `http://127.0.0.1:${PORT}`;
const START_TIMEOUT_MS = 20_000;

const CONFIG = `
storage:
  tsdb:
    out_of_order_time_window: 10y
`;

const binary = process.env['PROMETHEUS'];
if (binary === undefined) throw new Error('set PROMETHEUS to the path of a prometheus 3.14 binary');

const folder = mkdtempSync(join(tmpdir(), 'otelduck-prometheus-'));
writeFileSync(join(folder, 'config.yml'), CONFIG);
const prometheus = spawn(
  binary,
  [
    `--config.file=${join(folder, 'config.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${PORT}`,
    '--web.enable-otlp-receiver',
    '--enable-feature=exemplar-storage,promql-experimental-functions,promql-delayed-name-removal',
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
try {
  await ready();
  const sent = await fetch(`${BASE}/api/v1/otlp/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: metricsRequest(),
  });
  if (!sent.ok) throw new Error(`Prometheus refused the metrics: ${sent.status} ${await sent.text()}`);
  const answers: Record<string, { status: number; body: unknown }> = {};
  for (const request of requests) {
    const response = await fetch(`${BASE}/api/v1/${request.path}?${encoded(request)}`);
    const text = await response.text();
    answers[keyOf(request)] = { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }
  const lines = Object.entries(answers).map(([key, answer]) => `  ${JSON.stringify(key)}: ${JSON.stringify(answer)}`);
  writeFileSync(ANSWERS, `{\n${lines.join(',\n')}\n}\n`);
  console.log(`${lines.length} answers in ${ANSWERS}`);
} finally {
  prometheus.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function ready(): Promise<void> {
  const endMs = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const isReady = await fetch(`${BASE}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    if (Date.now() > endMs) throw new Error('Prometheus did not become ready');
    await pause(100);
  }
}

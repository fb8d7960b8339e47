// A real Prometheus, given what a test sends → its answers to the requests of that test, as the file that the test expects.
//
//   PROMETHEUS=<binary> npm run record:prometheus

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encoded, keyOf, requests } from '../query/prometheus/requests.js';
import { metricsRequest } from '../query/prometheus/sent-metrics.js';
import { RealPrometheus } from './prometheus/real-prometheus.js';

const ANSWERS = fileURLToPath(new URL('../../../test/data/prometheus/answers.json', import.meta.url));

const program = process.env['PROMETHEUS'];
if (program === undefined) throw new Error('set PROMETHEUS to the path of a prometheus 3.14 binary');

const prometheus = await RealPrometheus.start(program);
try {
  const sent = await fetch(`${prometheus.url}/api/v1/otlp/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: metricsRequest(),
  });
  if (!sent.ok) throw new Error(`Prometheus refused the metrics: ${sent.status} ${await sent.text()}`);
  const lines: string[] = [];
  for (const request of requests) {
    const response = await fetch(`${prometheus.url}/api/v1/${request.path}?${encoded(request)}`);
    const text = await response.text();
    const answer = { status: response.status, body: text === '' ? null : JSON.parse(text) };
    lines.push(`  ${JSON.stringify(keyOf(request))}: ${JSON.stringify(answer)}`);
  }
  writeFileSync(ANSWERS, `{\n${lines.join(',\n')}\n}\n`);
  console.log(`${lines.length} answers in ${ANSWERS}`);
} finally {
  await prometheus.close();
}

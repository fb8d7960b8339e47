// Real clients of the query APIs, each asked what people ask it: promtool, and the backends of Grafana's data sources. Exit
// code 1 when one of them does not get what it should.
//
//   PROMTOOL=path/to/promtool GRAFANA_BACKEND=path/to/program npm run clients
//
// PROMTOOL is built of https://github.com/prometheus/prometheus. GRAFANA_BACKEND is the program in grafana-backend/, whose README says
// how it is built. It reads a JSON object a line and writes one a line:
//
//   { "source": "prometheus" | "loki" | "tempo", "url", "token", "jsonData", and one of
//     "do": "health"                                             → { "status": "OK" | "ERROR", "message" }
//     "do": "resource", "method", "path", "body"                 → { "status": 200, "body": "…" }
//     "do": "query", "from" and "to" in ms, "queries": [{ "refId", … }]
//                                                                → { refId: { "status", "error", "frames": [{ "fields": [{ "name", "rows" }] }] } } }
//
// that is, CheckHealth, CallResource and QueryData. The token is the password of Basic authentication. One that is not given is left out.

import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SPAN_MS, shopRequests } from '../query/grafana/shop-telemetry.js';
import { OurServer } from './prometheus/our-server.js';
import { type ClientCheck, grafanaChecks, promtoolChecks } from './query-clients/checks.js';

// A running statement holds a thread of libuv's pool, whose size is read before this file is.
if (process.env['UV_THREADPOOL_SIZE'] === undefined) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: '32' };
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { env, stdio: 'inherit' });
  process.exit(status ?? 1);
}

const NO_BACKEND = `Grafana's backends are left out: GRAFANA_BACKEND does not name the program that drives them. Build it, with Go and git:
  test/manual/grafana-backend/build.sh
  GRAFANA_BACKEND=test/manual/grafana-backend/grafana-backend npm run clients`;

const { PROMTOOL: promtool, GRAFANA_BACKEND: backend } = process.env;
const endMs = Math.floor(Date.now() / 1000) * 1000 - 5000;
const ours = await OurServer.start('prometheus,loki,tempo');
let failures = 0;
try {
  for (const [path, body] of Object.entries(shopRequests(endMs))) {
    const headers = { 'content-type': 'application/json', ...ours.ingestHeaders };
    const response = await fetch(ours.ingestUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  }
  const asked = { url: ours.queryUrl, token: ours.readToken, startMs: endMs - SPAN_MS, endMs };
  if (promtool === undefined) console.log('promtool is left out: PROMTOOL does not name it');
  else for (const check of promtoolChecks(asked)) report(check, await output(promtool, check.input));
  if (backend === undefined) console.log(NO_BACKEND);
  else for (const check of grafanaChecks(asked)) report(check, await output(backend, [], `${check.input[0]}\n`));
} finally {
  await ours.close();
}
process.exitCode = failures === 0 ? 0 : 1;

function report({ name, expected }: ClientCheck, answer: string): void {
  const isRight = expected.test(answer);
  if (!isRight) failures++;
  console.log(`${isRight ? 'right' : 'WRONG'}  ${name}`);
  if (!isRight) console.log(`  expected ${expected}\n  got ${answer.slice(0, 2000)}`);
}

/** What a program writes, on both streams. */
async function output(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, { stdio: 'pipe', timeout: 30_000 });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      // Grafana's SDK logs there.
      if (!chunk.startsWith('{"@level"')) text += chunk;
    });
  }
  child.stdin.end(input);
  await new Promise((resolve) => child.on('close', resolve));
  return text;
}

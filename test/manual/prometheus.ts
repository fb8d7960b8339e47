// Compares our PromQL with a real Prometheus: both get the same OTLP requests, then the same questions, and every sample of
// the answers is compared. Exit code 1 when anything differs that is not explained.
//
// PROMETHEUS=path/to/prometheus COMPLIANCE=path/to/prometheus/compliance npm run compare:prometheus [-- --page docs/prometheus-comparison.md]
//
// PROMETHEUS is the program, built of https://github.com/prometheus/prometheus; COMPLIANCE a checkout of
// https://github.com/prometheus/compliance, whose query templates are read. Without it, only queries of our own are asked.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { complianceQueries } from './prometheus/compliance-templates.js';
import { demoRequests } from './prometheus/demo-metrics.js';
import { explanationOf } from './prometheus/explained.js';
import { OurServer } from './prometheus/our-server.js';
import { ownQueries } from './prometheus/own-queries.js';
import { type Outcome, page } from './prometheus/page.js';
import { type Question, questionsAbout } from './prometheus/questions.js';
import { prometheusRevision, RealPrometheus } from './prometheus/real-prometheus.js';

// A running statement holds a thread of libuv's pool, whose size is read before this file is.
if (process.env['UV_THREADPOOL_SIZE'] === undefined) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: '32' };
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    env,
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const { values: flags } = parseArgs({ options: { page: { type: 'string' } } });
const { PROMETHEUS: program, COMPLIANCE: compliance } = process.env;
if (program === undefined) {
  throw new Error('PROMETHEUS must name the program prometheus, built of https://github.com/prometheus/prometheus');
}

const HOUR_MS = 3_600_000;
/** On a full minute, so that runs differ in nothing but the time; the last sample is some minutes old. */
const startMs = Math.floor(Date.now() / 60_000) * 60_000 - HOUR_MS - 300_000;

const theirs = await RealPrometheus.start(program);
const ours = await OurServer.start();
try {
  const requests = demoRequests(startMs);
  for (const [i, request] of requests.entries()) {
    await send(`${theirs.url}/api/v1/otlp/v1/metrics`, request, {});
    await send(`${ours.ingestUrl}/v1/metrics`, request, ours.ingestHeaders);
    // One half is committed, and the other is in memory.
    if (i === Math.floor(requests.length / 2)) await ours.flush();
  }
  const asked: readonly (readonly [source: Outcome['source'], queries: readonly string[]])[] = [
    ['compliance', compliance === undefined ? [] : complianceQueries(compliance)],
    ['own', ownQueries],
  ];
  const outcomes: Outcome[] = [];
  for (const [source, queries] of asked) {
    for (const question of questionsAbout(queries, startMs, source))
      outcomes.push({ source, question, ...(await compared(question)) });
  }
  const text = page(outcomes, prometheusRevision(program));
  if (flags.page === undefined) console.log(text);
  else writeFileSync(flags.page, text);
  const unexplained = outcomes.filter(
    ({ difference, explanation }) => difference !== undefined && explanation === undefined,
  );
  for (const { question, difference } of unexplained)
    console.error(`${question.kind} ${question.text}\n  ${difference}`);
  console.error(`${outcomes.length} questions, ${unexplained.length} unexplained differences`);
  process.exitCode = unexplained.length === 0 ? 0 : 1;
} finally {
  await Promise.all([ours.close(), theirs.close()]);
}

async function compared(question: Question) {
  const [mine, yours] = await Promise.all([
    question.ask(ours.queryUrl, ours.queryHeaders),
    question.ask(theirs.url, {}),
  ]);
  const comparison = question.compare(mine, yours);
  return { ...comparison, explanation: comparison.difference && explanationOf(question, comparison.difference) };
}

async function send(url: string, request: unknown, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

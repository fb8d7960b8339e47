// Compares our PromQL with a real Prometheus: both get the same OTLP requests, then the same questions, and every sample of
// the answers is compared. Exit code 1 when anything differs that is not explained.
//
// PROMETHEUS=path/to/prometheus COMPLIANCE=path/to/prometheus/compliance npm run compare:prometheus
//   [-- --page docs/prometheus-comparison.md --expressions 1000 --random 300 --seed 1]
//
// PROMETHEUS is the program, built of https://github.com/prometheus/prometheus; COMPLIANCE a checkout of
// https://github.com/prometheus/compliance, whose query templates are read. Without it, only queries of our own are asked.
// `--expressions` random queries are asked, too. `--random` requests of random metrics are sent, and all of their series and
// samples are compared.

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
import { type Question, questionsAbout, questionsAboutAll } from './prometheus/questions.js';
import { randomExpressions } from './prometheus/random-expressions.js';
import { RANDOM_SERIES, randomRequests } from './prometheus/random-metrics.js';
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

const { values: flags } = parseArgs({
  options: {
    page: { type: 'string' },
    expressions: { type: 'string', default: '1000' },
    random: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
  },
});
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
  const outcomes: Outcome[] = [];
  const ask = async (source: Outcome['source'], questions: readonly Question[]) => {
    for (const question of questions) outcomes.push({ source, question, ...(await compared(question)) });
  };
  await sendBoth(demoRequests(startMs));
  if (compliance !== undefined)
    await ask('compliance', questionsAbout(complianceQueries(compliance), startMs, 'compliance'));
  await ask('own', questionsAbout(ownQueries, startMs, 'own'));
  const expressions = randomExpressions(Number(flags.seed), Number(flags.expressions));
  await ask('expressions', questionsAbout(expressions, startMs, 'expressions'));
  await sendBoth(randomRequests(Number(flags.seed), Number(flags.random), startMs));
  await ask('random', questionsAboutAll(RANDOM_SERIES, startMs));
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

/** One half is committed, and the other is in memory. */
async function sendBoth(requests: readonly unknown[]): Promise<void> {
  for (const [i, request] of requests.entries()) {
    await send(`${theirs.url}/api/v1/otlp/v1/metrics`, request, {});
    await send(`${ours.ingestUrl}/v1/metrics`, request, ours.ingestHeaders);
    if (i === Math.floor(requests.length / 2)) await ours.flush();
  }
}

async function send(url: string, request: unknown, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

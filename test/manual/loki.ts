// Compares our LogQL with a real Loki: both get the same OTLP requests, then the same questions, and every entry, label and
// sample of the answers is compared. Exit code 1 when anything differs that is not explained. With LOGCLI, its commands are run
// against both as well.
//
// LOKI=path/to/loki [LOGCLI=path/to/logcli] [LOGQL_QUERIES=path/to/logql-test-queries.yml] npm run compare:loki [-- --page docs/loki-comparison.md]
//
// The programs are built of https://github.com/grafana/loki; the queries are those of https://github.com/oteldb/oteldb.

import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { DEFAULT_INDEX_ATTRIBUTES } from '../../src/schema/loki-options.js';
import { type Comparison, compareAnswers, type LokiAnswer } from './loki/answers.js';
import { demoLogs } from './loki/demo-logs.js';
import { explanationOf } from './loki/explained.js';
import { logcliCommands } from './loki/logcli.js';
import { type Outcome, page } from './loki/page.js';
import { oteldbQuestions, ownQuestions, type Question } from './loki/questions.js';
import { lokiRevision, RealLoki } from './loki/real-loki.js';
import { OurServer } from './prometheus/our-server.js';

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
const { LOKI: program, LOGCLI: logcli, LOGQL_QUERIES: queries } = process.env;
if (program === undefined) throw new Error('LOKI must name the program loki, built of https://github.com/grafana/loki');

/** On a full minute, so that runs differ in nothing but the time; the last entry is some minutes old. */
const startMs = Math.floor(Date.now() / 60_000) * 60_000 - 30 * 60_000;
const times = { startMs, endMs: startMs + 22 * 60_000 };
const indexed = [...DEFAULT_INDEX_ATTRIBUTES, 'job'];

const theirs = await RealLoki.start(program, indexed);
const ours = await OurServer.start('loki', `, log_index_attributes := '${indexed.join()}'`);
try {
  for (const [i, request] of demoLogs(startMs).entries()) {
    await send(`${theirs.url}/otlp/v1/logs`, request, {});
    await send(`${ours.ingestUrl}/v1/logs`, request, ours.ingestHeaders);
    // One part is committed, and the other is in memory.
    if (i === 2) await ours.flush();
  }
  const questions = [...(queries === undefined ? [] : oteldbQuestions(queries, times)), ...ownQuestions(times)];
  const outcomes: Outcome[] = [];
  for (const question of questions) {
    const [mine, yours] = await Promise.all([
      ask(ours.queryUrl, question, ours.queryHeaders),
      ask(theirs.url, question, {}),
    ]);
    outcomes.push(outcome(question, compareAnswers(mine, yours)));
  }
  for (const args of logcli === undefined ? [] : logcliCommands(times)) {
    const token = [`--bearer-token=${ours.queryHeaders.authorization.slice('Bearer '.length)}`];
    // Our server is in this process, which must not block.
    const run = async (url: string, more: readonly string[]) =>
      (
        await promisify(execFile)(logcli!, [`--addr=${url}`, ...more, ...args]).catch((error: Error) => ({
          stdout: error.message,
        }))
      ).stdout;
    const [mine, yours] = [await run(ours.queryUrl, token), await run(theirs.url, [])];
    const [left, right] = [mine, yours].map((text) => text.split('\n').sort().join('\n'));
    const comparison = {
      difference: left === right ? undefined : `ours ${mine}\n    theirs ${yours}`,
      compared: mine.split('\n').length - 1,
    };
    outcomes.push(
      outcome(
        {
          source: 'logcli',
          path: 'logcli',
          parameters: { query: args.filter((arg) => !arg.startsWith('-')).join(' ') },
        },
        comparison,
      ),
    );
  }
  const text = page(outcomes, lokiRevision(program));
  if (flags.page === undefined) console.log(text);
  else writeFileSync(flags.page, text);
  const unexplained = outcomes.filter(
    ({ difference, explanation }) => difference !== undefined && explanation === undefined,
  );
  for (const { question, difference } of unexplained) {
    const { query = '', ...rest } = question.parameters;
    console.error(`${question.path} ${query} ${rest['limit'] ?? ''} ${rest['direction'] ?? ''}\n    ${difference}`);
  }
  console.error(`${outcomes.length} questions, ${unexplained.length} unexplained differences`);
  process.exitCode = unexplained.length === 0 ? 0 : 1;
} finally {
  await Promise.all([ours.close(), theirs.close()]);
}

function outcome(question: Question, comparison: Comparison): Outcome {
  return {
    question,
    ...comparison,
    explanation: comparison.difference && explanationOf(question, comparison.difference),
  };
}

async function ask(
  url: string,
  { path, parameters, isCategorized = false }: Question,
  headers: Readonly<Record<string, string>>,
): Promise<LokiAnswer> {
  const response = await fetch(`${url}/loki/api/v1/${path}?${new URLSearchParams(parameters)}`, {
    headers: { ...headers, ...(isCategorized && { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' }) },
  });
  return { status: response.status, text: await response.text() };
}

async function send(url: string, request: unknown, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

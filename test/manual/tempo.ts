// Compares our TraceQL and Tempo's API with a real Tempo: both get the same OTLP request, then the same questions, and what is told of
// traces, spans, series and tags is compared. Exit code 1 when anything differs that is not explained.
//
// TEMPO=path/to/tempo npm run compare:tempo
//
// TEMPO is the program, built of https://github.com/grafana/tempo.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import { OtelDatabase, TOKEN } from '../support/otel-database.js';
import { metricsAnswer, searchAnswer, tagsAnswer } from './tempo/answers.js';
import { demoTraces, TRACES } from './tempo/demo-spans.js';
import { explanationOf } from './tempo/explained.js';
import { metrics, searches, tags } from './tempo/queries.js';
import { RealTempo } from './tempo/real-tempo.js';

// A running statement holds a thread of libuv's pool, whose size is read before this file is.
if (process.env['UV_THREADPOOL_SIZE'] === undefined) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: '32' };
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { env, stdio: 'inherit' });
  process.exit(status ?? 1);
}

const { TEMPO: program } = process.env;
if (program === undefined) {
  throw new Error('TEMPO must name the program tempo, built of https://github.com/grafana/tempo');
}
const SEARCHABLE_TIMEOUT_MS = 60_000;

/** On a full minute and recent, because Tempo drops spans that are old; ranges end a minute ago, because it leaves out the last seconds. */
const startS = Math.floor(Date.now() / 60_000) * 60 - 660;
const range = `start=${startS - 60}&end=${startS + 600}`;

const tempo = await RealTempo.start(program);
const database = await OtelDatabase.open(':memory:', 2);
try {
  const server = await database.serve({ fidelity: 'exact', seal_max_age_ms: 3_600_000 });
  const [row] = await database.rows(
    "FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true, apis := 'tempo')",
  );
  const ours = String(row!['listen_url']);
  const body = encodeProtobuf('traces', demoTraces(BigInt(startS) * 1_000_000_000n));
  const sent = { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body };
  const answers = await Promise.all([
    fetch(`${tempo.ingestUrl}/v1/traces`, sent),
    fetch(`http://127.0.0.1:${server.port}/v1/traces`, {
      ...sent,
      headers: { ...sent.headers, authorization: `Bearer ${TOKEN}` },
    }),
  ]);
  for (const answer of answers)
    if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
  await searchable();

  const asked = [
    ...searches.map(
      (q) =>
        [`search ${q}`, `/api/search?q=${encodeURIComponent(q)}&limit=1000&spss=100&${range}`, searchAnswer] as const,
    ),
    ...metrics.map(
      (q) =>
        [
          `metrics ${q}`,
          `/api/metrics/query_range?q=${encodeURIComponent(q)}&step=30s&exemplars=0&${range}`,
          metricsAnswer,
        ] as const,
    ),
    ...tags.map((path) => [path, `${path}${path.includes('?') ? '&' : '?'}${range}`, tagsAnswer] as const),
  ];
  const counts = { equal: 0, explained: 0, different: 0 };
  for (const [name, path, read] of asked) {
    const [theirs, own] = await Promise.all([tempo.url, ours].map(async (url) => read(await fetch(`${url}${path}`))));
    if (theirs === own) {
      counts.equal++;
      continue;
    }
    const why = explanationOf(name, [...onlyIn(theirs!, own!), ...onlyIn(own!, theirs!)]);
    counts[why === undefined ? 'different' : 'explained']++;
    console.log(
      why === undefined
        ? `DIFFERENT ${name}\n  Tempo    ${shown(onlyIn(theirs!, own!))}\n  otelduck ${shown(onlyIn(own!, theirs!))}`
        : `explained ${name}: ${why}`,
    );
  }
  console.log(
    `${asked.length} questions: ${counts.equal} answers equal, ${counts.explained} explained, ${counts.different} different`,
  );
  process.exitCode = counts.different > 0 ? 1 : 0;
} finally {
  await database.close();
  await tempo.close();
}

/** Waits until Tempo finds all traces. */
async function searchable(): Promise<void> {
  for (const startedMs = Date.now(); Date.now() - startedMs < SEARCHABLE_TIMEOUT_MS; ) {
    const answer = await fetch(`${tempo.url}/api/search?q=${encodeURIComponent('{}')}&limit=1000&${range}`);
    const { traces = [] } = (answer.ok ? await answer.json() : {}) as { traces?: unknown[] };
    if (traces.length === TRACES) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 500);
    });
  }
  throw new Error(`Tempo did not find all traces within ${SEARCHABLE_TIMEOUT_MS} ms`);
}

/** Lines that another text lacks. */
function onlyIn(text: string, other: string): readonly string[] {
  const known = new Set(other.split('\n'));
  return text.split('\n').filter((line) => !known.has(line));
}

function shown(lines: readonly string[]): string {
  return lines.length === 0 ? 'nothing more' : `${lines.length} more: ${lines[0]!.slice(0, 600)}`;
}

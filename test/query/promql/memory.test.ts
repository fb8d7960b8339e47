// What evaluations and answers take of the memory of all queries, and that they end with their query.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.js';
import type { PromqlAnswer, PromqlQuestion, PromqlRequest } from '../../../src/query/promql/promql-request.js';
import { promqlSettings, runnerLimits } from '../../../src/query/promql/promql-settings.js';
import { QueryRunner, type SharedLimits } from '../../../src/query/run/query-runner.js';
import { readOptions } from '../../../src/schema/option-declaration.js';
import { promqlOptions } from '../../../src/schema/promql-options.js';
import { soleReader } from '../../../src/server/identity/principal.js';
import { eventually } from '../../support/eventually.js';
import { MAIN, QueryDatabase } from '../query-database.js';

const MiB = 1 << 20;
const AT_MS = Date.UTC(2026, 0, 1, 1);
const HOUR_MS = 3_600_000;
const engines = { promql: new URL('memory-engine.mjs', import.meta.url) };
const limits: SharedLimits = {
  maxQueries: 4,
  maxWaitingQueries: 4,
  maxStatements: 1,
  memoryBytes: 64 * MiB,
  threads: 1,
};
const options = readOptions(promqlOptions, {});

let db: QueryDatabase;
let runner: QueryRunner;

beforeAll(async () => {
  db = await QueryDatabase.open();
  // A thread that does not look whether its query has ended would go on for a minute, and be ended then.
  runner = new QueryRunner(db.database, db.registry.live, engines, limits, systemClock, 60_000);
});

afterAll(async () => {
  await runner.close();
  await db.close();
});

async function ask(question: PromqlQuestion, memoryBytes = limits.memoryBytes): Promise<PromqlAnswer> {
  runner.limits = { ...limits, memoryBytes };
  const request: PromqlRequest = { form: 'json', settings: promqlSettings(options), question, gzip: false };
  const query = { engine: 'promql', kind: 'promql', text: '', client: 'a test', principal: soleReader, home: MAIN };
  return (await runner.run({ ...query, limits: runnerLimits(options), request })) as PromqlAnswer;
}

const instant = (query: string): PromqlQuestion => ({
  kind: 'evaluate',
  ...{ query, limit: 0, stats: '', times: { timeMs: AT_MS } },
});
const range = (query: string, stepMs: number): PromqlQuestion => ({
  kind: 'evaluate',
  ...{ query, limit: 0, stats: '', times: { startMs: AT_MS - HOUR_MS, endMs: AT_MS, stepMs } },
});

const tooLarge = (memoryBytes: number) => ({
  error: {
    type: 'execution',
    message: expect.stringMatching(
      new RegExp(`the query needs \\d+ bytes more, and queries hold \\d+ of query_memory_bytes = ${memoryBytes}`),
    ),
  },
});

// A series of one value once counted as the 16 bytes of that, and its text not at all: 5,000 of them as 80 kB.
test('series with few values are refused by what they take', async () => {
  expect(await ask(instant('many{count="5000"}'), 4 * MiB)).toMatchObject(tooLarge(4 * MiB));
  expect(await ask(instant('count(many{count="5000"})'), 4 * MiB)).toMatchObject(tooLarge(4 * MiB));
  expect(await ask(instant('count(many{count="3000"})'), 4 * MiB)).toMatchObject({ body: expect.anything() });
});

test('JSON is refused by its bytes, in the list of samples and in that of series', async () => {
  // The samples of each series take 10 bytes where they are, and 30 as JSON.
  const memoryBytes = 22 * MiB;
  expect(await ask(range('sum by (id) (many{count="400"})', 1000), memoryBytes)).toMatchObject(tooLarge(memoryBytes));
  expect(await ask(instant('many{count="100"}[1h]'), MiB)).toMatchObject(tooLarge(MiB));
  expect(runner.reservedBytes).toBe(0);
});

for (const query of [
  'quantile(0.5, many{count="1000"})',
  'topk(3, many{count="1000"})',
  'count_values("value", many{count="1000"})',
  'many{count="1000"} + many{count="1000"}',
  'many{count="1000"} and many{count="1000"}',
  'many{count="1000"}',
]) {
  test(`a canceled query gives back its memory: ${query}`, async () => {
    const asked = ask(range(query, 1000), 1024 * MiB);
    await eventually(() => expect(runner.reservedBytes).toBeGreaterThan(2 * MiB));
    const [running] = runner.running;
    const refused = expect(asked).rejects.toMatchObject({ kind: 'queryCanceled' });
    runner.cancel(running!.id, 'by a test');
    await refused;
    await eventually(() => expect(runner.reservedBytes).toBe(0));
  });
}

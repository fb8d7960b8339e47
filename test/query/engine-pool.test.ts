// What engines' threads are given, where it goes wrong.

import { afterAll, expect, test } from 'vitest';
import { EnginePool, type EngineWork } from '../../src/query/run/engine-pool.js';
import { MemoryBudget } from '../../src/query/run/memory-budget.js';
import { QueryAccount } from '../../src/query/run/query-account.js';
import { RunningQuery } from '../../src/query/run/running-query.js';
import type { Scanner } from '../../src/query/scan/scanner.js';
import { soleReader } from '../../src/server/identity/principal.js';
import { MAIN } from './query-database.js';

const engines = {
  test: new URL('./test-engine.mjs', import.meta.url),
  unstartable: new URL('data:text/javascript,throw new Error("cannot be imported")'),
  missing: new URL('./no-such-engine.mjs', import.meta.url),
};
const noRows: Scanner = { async *scan() {} };
const budget = new MemoryBudget();
budget.maxBytes = 1000;
const pool = new EnginePool(engines, budget, 1);

afterAll(() => pool.close());

function start(engine: string, request: object, scanner = noRows, on = pool): EngineWork {
  const label = { kind: 'test', text: engine, client: '127.0.0.1:1', principal: soleReader };
  const running = new RunningQuery(1, label, 0, new QueryAccount(budget, 100));
  return on.start({ engine, request, running, home: MAIN, scanner });
}

test.each([
  ['unstartable', /cannot be imported/],
  ['missing', /no-such-engine/],
])('each job of an engine that is %s fails, and the thread serves others', async (engine, message) => {
  for (let i = 0; i < 2; i++) {
    const { answer, pieces } = start(engine, {});
    await expect(answer).rejects.toMatchObject({ kind: 'internal', message: expect.stringMatching(message) });
    // Whoever streams waits for a piece first.
    expect(await pieces.next(new AbortController().signal)).toBeUndefined();
  }
  expect(await start('test', { work: 'echo', value: 1 }).answer).toMatchObject({ value: 1 });
});

// It once left a job behind, with which the thread seemed busy ever after.
test('a request that cannot be copied to a thread leaves nothing there', async () => {
  const two = new EnginePool(engines, budget, 2);
  try {
    const threadOf = () => start('test', { work: 'thread' }, noRows, two).answer;
    const first = await threadOf();
    expect(() => start('test', { work: 'echo', value: () => 1 }, noRows, two)).toThrow('could not be cloned');
    expect(await threadOf()).toBe(first);
  } finally {
    await two.close();
  }
});

test('a scan that cannot be ended does not end the process', async () => {
  let ended = () => {};
  const hasEnded = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const scanner: Scanner = {
    async *scan() {
      try {
        for (;;) yield { rowCount: 1, columns: [{ kind: 'double', values: new Float64Array([2]), valid: undefined }] };
      } finally {
        ended();
        // biome-ignore lint/correctness/noUnsafeFinally: this is what goes wrong
        throw new Error('cannot be ended');
      }
    },
  };
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => unheard.push(reason);
  process.on('unhandledRejection', hear);
  try {
    expect(await start('test', { work: 'sum', stopAfter: 1 }, scanner).answer).toEqual({ sum: 2, rows: 1 });
    await hasEnded;
    // Node tells of rejections before it comes to this.
    await new Promise((resolve) => setImmediate(resolve));
    expect(unheard).toEqual([]);
  } finally {
    process.off('unhandledRejection', hear);
  }
});

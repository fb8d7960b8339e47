// The scheduler, with an engine that does as it is told.

import { setTimeout as elapsed } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { type EngineQuery, QueryRunner, type SharedLimits } from '../../src/query/run/query-runner.js';
import { soleReader } from '../../src/server/identity/principal.js';
import { eventually } from '../support/eventually.js';
import { MAIN, QueryDatabase } from './query-database.js';

const engines = { test: new URL('./test-engine.mjs', import.meta.url) };
const limits: SharedLimits = { maxQueries: 4, maxWaitingQueries: 1, maxStatements: 1, memoryBytes: 1000, threads: 2 };

let db: QueryDatabase;
let runner: QueryRunner;

beforeAll(async () => {
  db = await QueryDatabase.open();
  runner = newRunner();
});

afterAll(async () => {
  await runner.close();
  await db.close();
});

function newRunner(changed: Partial<SharedLimits> = {}, endWithinMs?: number): QueryRunner {
  const { database, registry } = db;
  return new QueryRunner(database, registry.live, engines, { ...limits, ...changed }, systemClock, endWithinMs);
}

function query(work: string, request: object = {}, changed: Partial<EngineQuery> = {}): EngineQuery {
  return {
    engine: 'test',
    request: { work, ...request },
    kind: 'test',
    text: work,
    client: '127.0.0.1:1',
    principal: soleReader,
    home: MAIN,
    limits: { timeoutMs: 60_000, maxSamples: 1_000_000 },
    ...changed,
  };
}

test('an engine gets the request, the principal and the home, and its answer comes back', async () => {
  expect(await runner.run(query('echo', { value: [1, 'two'] }))).toEqual({
    value: [1, 'two'],
    bytes: new Uint8Array([1, 2, 3]),
  });
  expect(await runner.run(query('who'))).toEqual({ tenant: undefined, permissions: ['read'], home: MAIN });
  // Each query its own, on a thread that they share.
  const home = { catalog: 'lake', schema: 'b' };
  const principals = ['a', 'b', 'c'].map((tenant) => ({ tenant, permissions: new Set(['read'] as const) }));
  const answers = await Promise.all(principals.map((principal) => runner.run(query('who', {}, { principal, home }))));
  expect(answers).toEqual(principals.map(({ tenant }) => ({ tenant, permissions: ['read'], home })));
});

test('an engine scans on its thread what the main thread reads', async () => {
  const sql = 'SELECT range + $1 FROM range(100000)';
  expect(await runner.run(query('sum', { sql, parameters: [1] }))).toEqual({ sum: 5_000_050_000, rows: 100_000 });
});

test('an engine that wants no more rows ends the statement', async () => {
  const sql = 'SELECT range FROM range(1000000000)';
  const { rows } = (await runner.run(query('sum', { sql, stopAfter: 5000 }))) as { rows: number };
  expect(rows).toBe(2048 + 4096);
});

test('scans that an engine reads by turns do not wait for each other, though there is one slot', async () => {
  expect(await runner.run(query('zip', { sql: 'SELECT range FROM range(200000)' }))).toBe(400_000);
});

test('errors of a scan and of an engine keep their kind', async () => {
  await expect(runner.run(query('sum', { sql: 'SELECT nonsense' }))).rejects.toMatchObject({ kind: 'internal' });
  await expect(runner.run(query('fail', { kind: 'malformed', message: 'what is +' }))).rejects.toMatchObject({
    kind: 'malformed',
    message: 'what is +',
  });
  await expect(runner.run(query('fail', { message: 'a bug' }))).rejects.toMatchObject({ kind: 'internal' });
});

test('pieces come in order, and an engine is not far ahead of its reader', async () => {
  const seen: number[] = [];
  for await (const { columns } of runner.stream<{ columns: { values: Float64Array }[] }>(
    query('emit', { count: 20 }),
  )) {
    seen.push(columns[0]!.values[0]!);
    expect(runner.running[0]!.label.text).toBe('emit');
  }
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test('what fails after some pieces fails there', async () => {
  const stream = runner.stream(query('emitThenFail'));
  expect(await stream.next()).toEqual({ value: 1, done: false });
  await expect(stream.next()).rejects.toMatchObject({ kind: 'malformed' });
});

test('a reader that leaves ends the query', async () => {
  for await (const _piece of runner.stream(query('emit', { count: 1e9 }))) break;
  expect(runner.running).toEqual([]);
});

test('a query that is running is listed, and canceled by its id', async () => {
  const waiting = runner.run(query('hold', { bytes: 10 }, { text: 'up' }));
  await eventually(() => expect(runner.reservedBytes).toBe(10));
  const [running] = runner.running;
  expect(running).toMatchObject({ state: 'running', label: { kind: 'test', text: 'up', client: '127.0.0.1:1' } });
  expect(running!.account.reservedBytes).toBe(10);
  expect(runner.cancel(running!.id, 'by a test')).toBe(true);
  await expect(waiting).rejects.toMatchObject({
    kind: 'queryCanceled',
    message: `query ${running!.id} was canceled by a test`,
  });
  expect(runner.running).toEqual([]);
  expect(runner.cancel(running!.id, 'by a test')).toBe(false);
  await eventually(() => expect(runner.reservedBytes).toBe(0));
});

test('a client that goes away cancels its query, though the engine is in a loop', async () => {
  const client = new AbortController();
  const looping = runner.run(query('loop', {}, { signal: client.signal }));
  await eventually(() => expect(runner.running[0]?.state).toBe('running'));
  client.abort();
  await expect(looping).rejects.toMatchObject({ kind: 'queryCanceled', message: 'the client has gone' });
  expect(await runner.run(query('echo', { value: 1 }))).toMatchObject({ value: 1 });
});

test('a query that takes too long is ended, and so is its statement', async () => {
  const sql = 'SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 1';
  const late = runner.run(query('sum', { sql }, { limits: { timeoutMs: 50, maxSamples: 1 } }));
  await expect(late).rejects.toMatchObject({
    kind: 'queryTimedOut',
    message: 'the query took longer than query_timeout_ms = 50',
  });
  expect(await runner.run(query('sum', { sql: 'SELECT 1' }))).toEqual({ sum: 1, rows: 1 });
});

test('a query that reads too many samples fails', async () => {
  const sql = 'SELECT range FROM range(100000)';
  await expect(
    runner.run(query('sum', { sql }, { limits: { timeoutMs: 60_000, maxSamples: 50_000 } })),
  ).rejects.toMatchObject({ kind: 'queryTooLarge', message: 'the query reads more than max_samples = 50000' });
});

test('queries share one budget of bytes, and give back what they have', async () => {
  await expect(runner.run(query('reserve', { bytes: 1001 }))).rejects.toMatchObject({
    kind: 'queryTooLarge',
    message: 'the query needs 1001 bytes more, and queries hold 0 of query_memory_bytes = 1000',
  });
  const holding = runner.run(query('hold', { bytes: 600 }));
  await eventually(() => expect(runner.reservedBytes).toBe(600));
  await expect(runner.run(query('reserve', { bytes: 500 }))).rejects.toThrow('hold 600 of');
  runner.cancel(runner.running[0]!.id, 'by a test');
  await expect(holding).rejects.toThrow();
  await eventually(() => expect(runner.reservedBytes).toBe(0));
  expect(await runner.run(query('reserve', { bytes: 500 }))).toBe('reserved');
  expect(runner.reservedBytes).toBe(0);
});

test('the bytes of an answer count until they are released, and must fit', async () => {
  const { value, release } = await runner.ask(query('bytes', { count: 600 }));
  expect(value).toHaveLength(600);
  expect(runner.running).toEqual([]);
  expect(runner.reservedBytes).toBe(600);
  await expect(runner.run(query('bytes', { count: 500 }))).rejects.toMatchObject({ kind: 'queryTooLarge' });
  expect(runner.reservedBytes).toBe(600);
  release();
  expect(runner.reservedBytes).toBe(0);
  await runner.run(query('bytes', { count: 500 }));
  expect(runner.reservedBytes).toBe(0);
});

test('what a query takes or gives back when it is over counts no more', async () => {
  for (let i = 0; i < 3; i++) {
    await expect(runner.run(query('late', { bytes: 10 }))).rejects.toThrow('too early');
    // In turns, each thread has come to the part that was late.
    await Promise.all([1, 2].map(() => runner.run(query('echo', { value: i }))));
  }
  expect(runner.reservedBytes).toBe(0);
});

test('queries that ask the same and have not begun are answered together, one tenant at a time', async () => {
  const alone = newRunner({ threads: 1, maxQueries: 1, maxWaitingQueries: 3 });
  try {
    const first = alone.run(query('hold', { bytes: 1 }));
    await eventually(() => expect(alone.reservedBytes).toBe(1));
    const asked = (changed: Partial<EngineQuery> = {}, request = {}) => alone.ask(query('times', request, changed));
    const other = { tenant: 'other', permissions: new Set(['read'] as const) };
    const client = new AbortController();
    const clients = [
      asked(),
      asked(),
      asked({ principal: other }),
      asked({}, { step: 2n }),
      asked({ signal: client.signal }),
    ];
    expect(alone.running.map((each) => [each.state, each.clients])).toEqual([
      ['running', 1],
      ['waiting', 3],
      ['waiting', 1],
      ['waiting', 1],
    ]);
    // As many as may wait.
    const last = asked();
    await expect(asked()).rejects.toMatchObject({ kind: 'overloaded' });
    // One that leaves takes nothing from the others.
    client.abort();
    await expect(clients.pop()).rejects.toMatchObject({ kind: 'queryCanceled', message: 'the client has gone' });
    alone.cancel(alone.running[0]!.id, 'by a test');
    await expect(first).rejects.toThrow('canceled');
    const answers = await Promise.all([...clients, last]);
    const [mine, too, theirs, another, late] = answers.map(({ value }) => value);
    expect([too, late]).toEqual([mine, mine]);
    expect(new Set([mine, theirs, another])).toEqual(new Set([1, 2, 3]));
    for (const { release } of answers) release();
    // It has begun, and ended.
    expect((await asked()).value).toBe(4);
    expect(alone.reservedBytes).toBe(0);
  } finally {
    await alone.close();
  }
});

test('clients that share an answer have each their own time, and the last one to leave ends the query', async () => {
  const alone = newRunner({ maxQueries: 1 });
  try {
    const first = alone.run(query('hold', { bytes: 1 }));
    await eventually(() => expect(alone.reservedBytes).toBe(1));
    const [one, two] = [new AbortController(), new AbortController()];
    const hold = (signal: AbortSignal) => alone.ask(query('hold', { bytes: 2 }, { signal }));
    const left = [hold(one.signal), hold(two.signal)].map((each) =>
      expect(each).rejects.toThrow('the client has gone'),
    );
    alone.cancel(alone.running[0]!.id, 'by a test');
    await expect(first).rejects.toThrow('canceled');
    await eventually(() => expect(alone.reservedBytes).toBe(2));
    one.abort();
    await left[0];
    expect(alone.running).toMatchObject([{ state: 'running', clients: 1 }]);
    two.abort();
    await left[1];
    expect(alone.running).toEqual([]);
    await eventually(() => expect(alone.reservedBytes).toBe(0));
    const late = query('hold', { bytes: 3 }, { limits: { timeoutMs: 20, maxSamples: 1 } });
    await expect(alone.ask(late)).rejects.toMatchObject({
      kind: 'queryTimedOut',
      message: 'the query took longer than query_timeout_ms = 20',
    });
    expect(alone.running).toEqual([]);
  } finally {
    await alone.close();
  }
});

test('more queries than may run wait, and more than may wait are refused', async () => {
  const held = Array.from({ length: 4 }, () => runner.run(query('hold', { bytes: 1 })));
  const refused = Promise.allSettled(held);
  await eventually(() => expect(runner.reservedBytes).toBe(4));
  const fifth = runner.run(query('echo', { value: 5 }));
  expect(runner.running.map(({ state }) => state)).toEqual(['running', 'running', 'running', 'running', 'waiting']);
  await expect(runner.run(query('echo'))).rejects.toMatchObject({
    kind: 'overloaded',
    message: 'too many queries: 4 are running and 1 are waiting',
  });
  runner.cancel(runner.running[0]!.id, 'by a test');
  expect(await fifth).toMatchObject({ value: 5 });
  for (const { id } of runner.running) runner.cancel(id, 'by a test');
  await refused;
});

test('a thread that crashes fails its queries, and another takes its place', async () => {
  const alone = newRunner({ threads: 1 });
  try {
    const crashed = await Promise.allSettled([alone.run(query('crash')), alone.run(query('hold', { bytes: 7 }))]);
    for (const outcome of crashed) {
      expect(outcome).toMatchObject({
        reason: { kind: 'internal', message: 'the thread of the query has ended: out of the blue' },
      });
    }
    expect(alone.reservedBytes).toBe(0);
    expect(await alone.run(query('echo', { value: 1 }))).toMatchObject({ value: 1 });
  } finally {
    await alone.close();
  }
});

test('close() ends what runs, even an engine that never looks up, and refuses more', async () => {
  const closing = newRunner();
  const spinning = closing.run(query('spin'));
  await eventually(() => expect(closing.running[0]?.state).toBe('running'));
  const closed = closing.close();
  await expect(spinning).rejects.toMatchObject({ kind: 'stopping' });
  await closed;
  await expect(closing.run(query('echo'))).rejects.toMatchObject({ kind: 'stopping' });
});

test('a thread whose engine does not look whether its query has ended is ended, and another takes its place', async () => {
  const deaf = newRunner({ threads: 1 }, 1);
  try {
    const spinning = deaf.run(query('spin'));
    await eventually(() => expect(deaf.running[0]?.state).toBe('running'));
    const refused = expect(spinning).rejects.toMatchObject({ kind: 'queryCanceled' });
    deaf.cancel(deaf.running[0]!.id, 'by a test');
    // Canceling sets the timer that ends the thread, before this one. Queries that came before its exit were once lost with it.
    await elapsed(1);
    expect(await deaf.run(query('echo', { value: 1 }))).toMatchObject({ value: 1 });
    await refused;
  } finally {
    await deaf.close();
  }
});

import { expect, test } from 'vitest';
import { ManualClock } from '../support/manual-clock.js';
import { MemoryServer, MemoryTarget, POISON } from './support/memory-server.js';
import { MemoryStorage } from './support/memory-storage.js';

test('a target that stays away makes the start fail where memory cannot hold the backlog, and nothing is lost', async () => {
  const storage = new MemoryStorage();
  const target = new MemoryTarget();
  const server = await MemoryServer.start(storage, target);
  for (const text of ['a ', 'b ']) await server.send(text);
  // As after a crash: nothing was sealed.
  const left = storage.afterwards('killed');

  const clock = new ManualClock();
  target.isAway = true;
  const start = expect(MemoryServer.start(left, target, { clock })).rejects.toThrow('cannot replay the journal: away');
  await clock.advance(60_000);
  await start;
  target.isAway = false;
  await (await MemoryServer.start(left.afterwards('killed'), target)).stop();
  expect(target.bodies).toEqual(['a 0', 'b 0']);
});

test('requests that come together share a sync, and each is acknowledged after it', async () => {
  const storage = new MemoryStorage();
  const server = await MemoryServer.start(storage, new MemoryTarget());
  await server.send('first ');
  const before = server.journal.syncsTotal;
  await Promise.all(Array.from({ length: 20 }, (_, i) => server.send(`${i} `)));
  expect(server.journal.recordsTotal).toBe(21);
  expect(server.journal.syncsTotal).toBe(before + 1);
});

/** The number of the first operation that a life with one request has of this kind. */
async function firstCall(pattern: RegExp): Promise<number> {
  const storage = new MemoryStorage();
  await (await MemoryServer.start(storage, new MemoryTarget())).send('text ');
  return 1 + storage.calls.findIndex((call) => pattern.test(call));
}

test('a sync that fails is the end of the journal: nothing is acknowledged any more, and what was refused is not replayed', async () => {
  const at = await firstCall(/^sync \/j\/\d+\.journal/);
  const storage = new MemoryStorage({ at, fails: 'EIO' });
  const target = new MemoryTarget();
  const server = await MemoryServer.start(storage, target);
  await expect(server.send('first ')).rejects.toMatchObject({
    kind: 'overloaded',
    message: expect.stringContaining('cannot write journal: EIO'),
  });
  expect(server.journal.failure).toMatch(/^the journal failed to sync, so nothing more is accepted: EIO/);
  await expect(server.send('second ')).rejects.toMatchObject({ kind: 'overloaded', message: server.journal.failure });
  expect(server.sealer.bufferedRows).toBe(0);
  expect(server.ingest.admission.admittedBytes).toBe(0);
  await (await MemoryServer.start(storage.afterwards('killed'), target)).stop();
  expect(target.bodies).toEqual([]);
});

test('a disk that is full refuses for as long as it is', async () => {
  // The append of the record comes right before its sync.
  const at = (await firstCall(/^sync \/j\/\d+\.journal/)) - 1;
  const storage = new MemoryStorage({ at, fails: 'ENOSPC' });
  const target = new MemoryTarget();
  const server = await MemoryServer.start(storage, target);
  await expect(server.send('refused ')).rejects.toMatchObject({ kind: 'overloaded' });
  expect(server.journal.failure).toBe(undefined);
  await server.send('taken ');
  await (await MemoryServer.start(storage.afterwards('killed'), target)).stop();
  expect(target.bodies).toEqual(['taken 0']);
});

test('waiting rows count as half committed from a failed attempt on until they are committed or dead letters', async () => {
  const target = new MemoryTarget();
  // No attempt but those that the test makes.
  const server = await MemoryServer.start(new MemoryStorage(), target, { clock: new ManualClock() });
  await server.send(POISON);
  expect(server.sealer.isCommitting).toBe(false);
  for (let refusals = 0; refusals < 6; refusals++) {
    expect((await server.sealer.flush()).sealedRows).toBe(0);
    expect(server.sealer.isCommitting).toBe(server.deadLetters.waiting.length === 0);
  }
  expect(server.deadLetters.waiting).toHaveLength(1);
  // Nothing of it waits, so that no query can find it in two places.
  expect((await server.recovery.replayDeadLetters()).error).toBe('refused for good');
  expect(server.sealer.isCommitting).toBe(false);

  await server.send('waiting ');
  target.isAway = true;
  expect((await server.sealer.flush()).error).toBe('away');
  target.isAway = false;
  target.refusesPoison = false;
  expect((await server.recovery.replayDeadLetters()).error).toBe(undefined);
  expect(server.sealer.isCommitting).toBe(true);
  expect((await server.sealer.flush()).error).toBe(undefined);
  expect(server.sealer.isCommitting).toBe(false);
});

test('a commit releases no more of the journal than it committed', async () => {
  const storage = new MemoryStorage();
  const target = new MemoryTarget();
  // Room for segments of a record or two.
  const server = await MemoryServer.start(storage, target, { maxBytes: 700 });
  await server.send('committed ');
  await server.sealer.flush();
  for (const text of ['a ', 'b ', 'c ']) await server.send(text);
  await (await MemoryServer.start(storage.afterwards('killed'), target)).stop();
  expect(target.bodies).toEqual(['committed 0', 'a 0', 'b 0', 'c 0']);
});

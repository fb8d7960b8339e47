// When rows are committed, and tried again, on a clock that the test moves.

import { expect, test } from 'vitest';
import { CommitConflict } from '../../src/catalog/seal-target.js';
import { JournalGuard } from '../../src/control/journal-guard.js';
import { deadLetterOptions } from '../../src/schema/dead-letter-options.js';
import { readOptions } from '../../src/schema/option-declaration.js';
import { JobScheduler } from '../../src/upkeep/job-scheduler.js';
import { replayJob } from '../../src/upkeep/replay-job.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  FOLDER,
  MemoryServer,
  type MemoryServerOptions,
  MemoryTarget,
  SEAL_MAX_AGE_MS,
} from './support/memory-server.js';
import { MemoryStorage } from './support/memory-storage.js';

async function start(target = new MemoryTarget(), options: MemoryServerOptions = {}) {
  const clock = new ManualClock();
  const storage = new MemoryStorage();
  const server = await MemoryServer.start(storage, target, { clock, ...options });
  return { clock, storage, server, target };
}

test('rows are committed once the oldest is seal_max_age_ms old, and not before', async () => {
  const { clock, server, target } = await start();
  await server.send('first ');
  await clock.advance(SEAL_MAX_AGE_MS - 1);
  await server.send('second ');
  expect(target.bodies).toEqual([]);
  await clock.advance(1);
  expect(target.bodies).toEqual(['first 0', 'second 0']);
  // The next row has its own age.
  await server.send('third ');
  await clock.advance(SEAL_MAX_AGE_MS - 1);
  expect(target.bodies).toHaveLength(2);
  await clock.advance(1);
  expect(target.bodies).toHaveLength(3);
});

test('a background seal is tried again after pauses that double up to half a minute', async () => {
  const { clock, server, target } = await start();
  target.isAway = true;
  await server.send('row ');
  const firstMs = clock.nowMs() + SEAL_MAX_AGE_MS;
  await clock.advance(SEAL_MAX_AGE_MS + 120_000);
  const startedMs = server.sealer.log.events.map(({ startedUnixMs }) => startedUnixMs);
  expect(startedMs[0]).toBe(firstMs);
  const pausesMs = startedMs.slice(1).map((ms, attempt) => ms - startedMs[attempt]!);
  expect(pausesMs).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  target.isAway = false;
  await clock.advance(30_000);
  expect(target.bodies).toEqual(['row 0']);
  // The next one begins with the shortest pause.
  target.isAway = true;
  await server.send('next ');
  await clock.advance(SEAL_MAX_AGE_MS);
  target.isAway = false;
  await clock.advance(250);
  expect(target.bodies).toEqual(['row 0', 'next 0']);
});

test('rows that a target refuses for good are set aside within a minute, and those behind them are committed', async () => {
  const { clock, server, target } = await start();
  await server.send('poison ');
  await clock.advance(SEAL_MAX_AGE_MS);
  await server.send('behind ');
  await clock.advance(60_000);
  expect(server.deadLetters.waiting).toHaveLength(1);
  await clock.advance(SEAL_MAX_AGE_MS);
  expect(target.bodies).toEqual(['behind 0']);
});

test('where there is no room for more dead letters, rows wait, and those behind them too', async () => {
  const room = { maxBytes: 1, whenFull: 'wait', evicted: () => {} } as const;
  const { clock, server, target } = await start(new MemoryTarget(), { room });
  for (const text of ['poison a', 'poison b', 'behind ']) {
    await server.send(text);
    await clock.advance(SEAL_MAX_AGE_MS + 60_000);
  }
  expect(server.deadLetters.waiting).toHaveLength(1);
  expect([target.bodies, server.sealer.bufferedRows]).toEqual([[], 2]);
});

test('where the oldest dead letters are to make room, they do, and no start brings them back', async () => {
  const evicted: string[] = [];
  const room = {
    maxBytes: 1,
    whenFull: 'evict',
    evicted: ({ error }: { error: string }) => evicted.push(error),
  } as const;
  const { clock, storage, server, target } = await start(new MemoryTarget(), { room });
  for (const text of ['poison a', 'poison b', 'behind ']) {
    await server.send(text);
    await clock.advance(SEAL_MAX_AGE_MS + 60_000);
  }
  expect(target.bodies).toEqual(['behind 0']);
  expect([server.deadLetters.waiting.length, server.deadLetters.evictedTotal]).toEqual([1, 1]);
  expect(evicted).toEqual(['refused for good']);
  await server.stop();

  target.refusesPoison = false;
  const next = await MemoryServer.start(storage, target, { clock, room });
  await next.sealer.flush();
  await next.recovery.replayDeadLetters();
  expect(target.bodies).toEqual(['behind 0', 'poison b0']);
});

test('dead letters are tried again by schedule, less often while they are refused', async () => {
  const { clock, server, target } = await start();
  await server.send('poison ');
  await clock.advance(SEAL_MAX_AGE_MS + 60_000);
  const options = readOptions(deadLetterOptions, { dead_letter_replay_interval_ms: 1000 });
  const replay = () => server.recovery.replayDeadLetters();
  const job = replayJob(new JobScheduler(clock), options, { replay, interrupt: () => {} })!;
  await clock.advance(1000);
  expect([job.failuresTotal, job.lastError]).toEqual([1, 'cannot commit dead letters: refused for good']);
  await clock.advance(4999);
  expect(job.failuresTotal).toBe(1);
  target.refusesPoison = false;
  await clock.advance(1);
  expect([target.bodies, server.deadLetters.waiting.length]).toEqual([['poison 0'], 0]);
  expect(job.consecutiveFailures).toBe(0);
});

// A stop committed all dead letters first, however many there were and however slow the target was.
test('a stop waits for the dead letter that is being committed, and for no other', async () => {
  let begins = () => {};
  const begun = new Promise<void>((resolve) => (begins = resolve));
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  class Slow extends MemoryTarget {
    override async commit(...commit: Parameters<MemoryTarget['commit']>) {
      if (!this.refusesPoison) {
        begins();
        await answered;
      }
      return super.commit(...commit);
    }
  }
  const { clock, server, target } = await start(new Slow());
  for (const text of ['poison a', 'poison b']) {
    await server.send(text);
    await clock.advance(SEAL_MAX_AGE_MS + 60_000);
  }
  target.refusesPoison = false;
  const stopping = new AbortController();
  const options = readOptions(deadLetterOptions, { dead_letter_replay_interval_ms: 1000 });
  const job = replayJob(new JobScheduler(clock), options, {
    replay: () => server.recovery.replayDeadLetters(stopping.signal),
    interrupt: () => stopping.abort(new Error('the server is stopping')),
  })!;
  job.begin();
  await begun;
  const stopped = job.stop();
  answer();
  await stopped;
  expect(target.bodies).toEqual(['poison a0']);
  expect(server.deadLetters.waiting).toHaveLength(1);
});

// It was removed under the replay, which then failed or removed the newest dead letter in its place.
test('a dead letter that is being replayed does not make room', async () => {
  const room = { maxBytes: 1, whenFull: 'evict', evicted: () => {} } as const;
  const { clock, server, target } = await start(new MemoryTarget(), { room });
  await server.send('poison a');
  await clock.advance(SEAL_MAX_AGE_MS + 60_000);
  const { last } = server.deadLetters.waiting[0]!;
  await server.send('behind ');
  target.refusesPoison = false;
  const replayed = server.recovery.replayDeadLetters();
  const behind = { first: last + 1, last: last + 1 };
  await expect(server.deadLetters.add(server.journal, behind, 1, 'no')).rejects.toThrow('OTLP_DEAD_LETTERS_FULL');
  expect(await replayed).toEqual({ replayedRows: 1, error: undefined });
  expect([target.bodies, server.deadLetters.evictedTotal]).toEqual([['poison a0'], 0]);
  // Now there is room.
  await server.deadLetters.add(server.journal, behind, 1, 'no');
  expect(server.deadLetters.waiting).toMatchObject([behind]);
});

// The newest one went with it.
test('a dead letter that is removed twice at the same time takes no other with it', async () => {
  const { server } = await start();
  for (const text of ['a', 'b']) await server.send(text);
  for (const sequence of [1, 2]) {
    await server.deadLetters.add(server.journal, { first: sequence, last: sequence }, 1, 'no');
  }
  const [oldest] = server.deadLetters.waiting;
  await Promise.all([server.deadLetters.settle(oldest!, 2), server.deadLetters.settle(oldest!, 2)]);
  expect(server.deadLetters.waiting).toMatchObject([{ first: 2, last: 2 }]);
});

test('a commit that other writers get in the way of is tried again at once, and counts as failed only after fifty attempts', async () => {
  class Contended extends MemoryTarget {
    conflicts = 49;
    override async commit(...commit: Parameters<MemoryTarget['commit']>) {
      if (this.conflicts-- > 0) throw new CommitConflict(new Error('another writer'));
      return super.commit(...commit);
    }
  }
  const { clock, server, target } = await start(new Contended());
  await server.send('row ');
  const flushed = server.sealer.flush();
  // Pauses are drawn at random, of half a second at most.
  await clock.advance(49 * 500);
  expect(await flushed).toEqual({ sealedRows: 1, error: undefined });
  expect(server.sealer.failuresTotal).toBe(49);

  (target as Contended).conflicts = 50;
  await server.send('row ');
  const failed = server.sealer.flush();
  await clock.advance(49 * 500);
  expect(await failed).toEqual({ sealedRows: 0, error: 'another writer' });
});

test('what was committed is kept for half a minute for transactions that began before', async () => {
  const { clock, server } = await start();
  await server.send('row ');
  await server.sealer.flush();
  await clock.advance(29_999);
  expect(server.sealer.kept.generations).toHaveLength(1);
  await clock.advance(1);
  expect(server.sealer.kept.generations).toHaveLength(0);
});

// Once, nobody noticed before the next request.
test('a journal whose files are gone is noticed within a second, and what was in it is committed', async () => {
  const { clock, storage, server, target } = await start();
  const guard = new JournalGuard(server.journal, server.sealer, clock);
  guard.start();
  await server.send('row ');
  await clock.advance(5000);
  expect(target.bodies).toEqual([]);
  for (const name of await storage.list(FOLDER)) await storage.remove(`${FOLDER}/${name}`);
  await clock.advance(1000);
  expect(server.journal.isLost).toBe(true);
  expect(target.bodies).toEqual(['row 0']);
});

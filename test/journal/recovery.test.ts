import { expect, test, vi } from 'vitest';
import { MemoryServer, MemoryTarget } from './support/memory-server.js';
import { MemoryStorage } from './support/memory-storage.js';

test('a target that stays away makes the start fail where memory cannot hold the backlog, and nothing is lost', async () => {
  const storage = new MemoryStorage();
  const target = new MemoryTarget();
  const server = await MemoryServer.start(storage, target);
  for (const text of ['a ', 'b ']) await server.send(text);
  // As after a crash: nothing was sealed.
  const left = storage.afterwards('killed');

  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    target.isAway = true;
    const start = expect(MemoryServer.start(left, target)).rejects.toThrow('cannot replay the journal: away');
    await vi.advanceTimersByTimeAsync(60_000);
    await start;
  } finally {
    vi.useRealTimers();
  }
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

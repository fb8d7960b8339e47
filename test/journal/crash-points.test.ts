// A process that dies between any two operations on the disk, or of which any one operation fails, and what the next
// one makes of what is left. Every point is tried.

import { expect, test } from 'vitest';
import type { TenantMode } from '../../src/schema/column-declaration.js';
import { MemoryServer, MemoryTarget, POISON } from './support/memory-server.js';
import { type Loss, losses, MemoryStorage, type Trouble } from './support/memory-storage.js';

/** Room for segments of a few records each. */
const MAX_BYTES = 700;

/** What clients know of their requests. */
class Clients {
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  readonly refused = new Set<string>();

  /** Sends requests at once, of which each is acknowledged or refused. */
  async send(server: MemoryServer, ...texts: string[]): Promise<void> {
    await Promise.all(
      texts.map(async (text) => {
        this.sent.add(`${text}0`);
        try {
          await server.send(text);
          this.acknowledged.add(`${text}0`);
        } catch {
          this.refused.add(`${text}0`);
        }
      }),
    );
  }
}

/** Appends, rotates, seals, sets aside, puts back, stops. */
async function life(
  storage: MemoryStorage,
  target: MemoryTarget,
  clients: Clients,
  name: string,
  tenants: TenantMode = 'none',
): Promise<void> {
  const server = await MemoryServer.start(storage, target, { maxBytes: MAX_BYTES, tenants });
  target.refusesPoison = true;
  await clients.send(server, `${name} a`, `${name} b`, `${name} c`);
  await clients.send(server, `${name} d`, `${name} e`);
  await server.sealer.flush();
  // Segments that end while nothing in them is committed.
  for (const letter of ['l', 'm', 'n']) await clients.send(server, `${name} ${letter}`);
  await clients.send(server, `${POISON} ${name}`, `${name} with it`);
  // A target that refuses for good is tried a number of times before rows are set aside.
  for (let i = 0; i < 6; i++) await server.sealer.flush();
  await clients.send(server, `${name} f`);
  await clients.send(server, `${name} g`, `${name} h`, `${name} i`);
  target.refusesPoison = false;
  await server.recovery.replayDeadLetters();
  await clients.send(server, `${name} j`);
  await server.sealer.flush();
  await clients.send(server, `${name} k`);
  await server.stop();
}

/** Everything that a target has in the end, dead letters included. */
async function recovered(
  storage: MemoryStorage,
  target: MemoryTarget,
  tenants: TenantMode = 'none',
): Promise<string[]> {
  target.refusesPoison = false;
  const server = await MemoryServer.start(storage, target, { maxBytes: MAX_BYTES, tenants });
  const { error } = await server.recovery.replayDeadLetters();
  expect(error).toBe(undefined);
  // It can be used again.
  await server.send('afterwards ');
  await server.stop();
  return target.bodies.filter((body) => body !== 'afterwards 0');
}

function check(found: readonly string[], clients: Clients, where: string): void {
  const lost = [...clients.acknowledged].filter((text) => !found.includes(text));
  const twice = found.filter((text, i) => found.indexOf(text) !== i);
  const invented = found.filter((text) => !clients.sent.has(text));
  const refused = found.filter((text) => clients.refused.has(text));
  if (lost.length + twice.length + invented.length + refused.length > 0) {
    expect({ where, lost, twice, invented, refused }).toBe('nothing lost, twice, invented or refused');
  }
}

async function operationsOf(run: (storage: MemoryStorage) => Promise<unknown>): Promise<string[]> {
  const storage = new MemoryStorage();
  await run(storage);
  return storage.calls;
}

const calls = await operationsOf((storage) => life(storage, new MemoryTarget(), new Clients(), 'first'));

test('the life that is interrupted does everything', async () => {
  const done = (pattern: RegExp) => calls.filter((call) => pattern.test(call)).length;
  expect(done(/^create \/j\/\d+\.journal/)).toBeGreaterThan(3);
  expect(done(/^remove \/j\/\d+\.journal/)).toBeGreaterThan(3);
  expect(done(/^sync \/j\/\d+\.journal/)).toBeGreaterThan(6);
  expect(done(/^rename \/j\/dead-letter\/unfinished/)).toBe(1);
  const target = new MemoryTarget();
  const clients = new Clients();
  const storage = new MemoryStorage();
  await life(storage, target, clients, 'first');
  expect([...clients.acknowledged].sort()).toEqual([...target.bodies].sort());
  expect([...storage.files('/j').keys()].sort()).toEqual(['id', 'next']);
});

for (const loss of Object.keys(losses) as Loss[]) {
  test(`a death at any point, ${loss}: all that was acknowledged is there once`, async () => {
    let acknowledged = 0;
    for (let at = 1; at <= calls.length; at++) {
      for (const dies of calls[at - 1]!.startsWith('append')
        ? (['before', 'half-way'] as const)
        : (['before'] as const)) {
        const target = new MemoryTarget();
        const clients = new Clients();
        const storage = new MemoryStorage({ at, dies });
        await Promise.race([life(storage, target, clients, 'first'), storage.death]);
        acknowledged += clients.acknowledged.size;
        const found = await recovered(storage.afterwards(loss), target);
        check(found, clients, `${dies} operation ${at}, ${calls[at - 1]}`);
      }
    }
    expect(acknowledged).toBeGreaterThan(calls.length);
  });
}

for (const loss of ['killed', 'power lost'] as const) {
  test(`a death at any point, and another at any point of the recovery, ${loss}`, async () => {
    let deaths = 0;
    for (let at = 1; at <= calls.length; at++) {
      const target = new MemoryTarget();
      const clients = new Clients();
      const first = new MemoryStorage({ at, dies: 'before' });
      await Promise.race([life(first, target, clients, 'first'), first.death]);
      // Dies ever later, and each time the next one finds what the last one left.
      let storage: MemoryStorage = first;
      for (let again = 1; ; again++) {
        storage = storage.afterwards(loss, { at: again, dies: 'before' });
        target.refusesPoison = false;
        const recovery = async () => {
          const server = await MemoryServer.start(storage, target, { maxBytes: MAX_BYTES });
          await server.recovery.replayDeadLetters();
          await server.stop();
        };
        await Promise.race([recovery(), storage.death]);
        if (!storage.isDead) break;
        deaths++;
      }
      check(await recovered(storage.afterwards(loss), target), clients, `operation ${at}, ${calls[at - 1]}`);
    }
    expect(deaths).toBeGreaterThan(10 * calls.length);
  });
}

for (const fails of ['ENOSPC', 'EIO'] as const) {
  test(`${fails} of any operation: what is acknowledged is there once, and what is refused is not`, async () => {
    for (let at = 1; at <= calls.length; at++) {
      const target = new MemoryTarget();
      const clients = new Clients();
      const storage = new MemoryStorage({ at, fails } satisfies Trouble);
      // The start may fail, and so may a stop.
      await life(storage, target, clients, 'first').catch(() => undefined);
      const found = await recovered(storage.afterwards('power lost'), target);
      check(found, clients, `operation ${at}, ${calls[at - 1]}`);
    }
  });
}

// The target throws at a row that is not of the tenant that sent it.
test('a death at any point, with tenants: what was acknowledged is there once, and of whoever sent it', async () => {
  const operations = await operationsOf((storage) =>
    life(storage, new MemoryTarget(), new Clients(), 'first', 'header'),
  );
  for (let at = 1; at <= operations.length; at++) {
    const target = new MemoryTarget();
    const clients = new Clients();
    const storage = new MemoryStorage({ at, dies: 'before' });
    await Promise.race([life(storage, target, clients, 'first', 'header'), storage.death]);
    const found = await recovered(storage.afterwards('power lost'), target, 'header');
    check(found, clients, `operation ${at}, ${operations[at - 1]}`);
  }
});

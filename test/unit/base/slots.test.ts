import { expect, test } from 'vitest';
import { Slots } from '../../../src/base/slots.js';

const forever = new AbortController().signal;

test('no more run than there are slots, and one that waits can give up', async () => {
  const slots = new Slots('queries', { slots: 1, maxWaiting: 2 });
  const abort = new AbortController();
  const order: string[] = [];
  const leave = await slots.enter(forever);
  const second = slots.use(abort.signal, async () => order.push('second'));
  const third = slots.use(forever, async () => order.push('third'));
  await expect(slots.enter(forever)).rejects.toMatchObject({
    kind: 'overloaded',
    message: 'too many queries: 1 are running and 2 are waiting',
  });
  abort.abort(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  expect(order).toEqual([]);
  leave();
  await third;
  expect(order).toEqual(['third']);
  expect(slots.taken).toBe(0);
});

test('who waits gets the slot that is given back, though another asks at that moment', async () => {
  const slots = new Slots('queries', { slots: 1, maxWaiting: 2 });
  const order: string[] = [];
  const leave = await slots.enter(forever);
  const waiting = slots.use(forever, async () => order.push('waiting'));
  leave();
  await Promise.all([slots.use(forever, async () => order.push('late')), waiting]);
  expect(order).toEqual(['waiting', 'late']);
});

test('limits that change count from then on', async () => {
  const slots = new Slots('queries', { slots: 1, maxWaiting: 2 });
  const leave = await slots.enter(forever);
  const second = slots.enter(forever);
  slots.limits = { slots: 2, maxWaiting: 2 };
  const leaveSecond = await second;
  expect(slots.taken).toBe(2);
  slots.limits = { slots: 1, maxWaiting: 2 };
  const third = slots.enter(forever);
  leaveSecond();
  expect([slots.taken, slots.waiting]).toEqual([1, 1]);
  leave();
  (await third)();
  expect(slots.taken).toBe(0);
});

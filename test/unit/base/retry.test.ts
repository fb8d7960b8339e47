import { expect, test } from 'vitest';
import { retried } from '../../../src/base/retry.js';

/** Work that fails the first `failures` times, and the pauses that were asked for between its attempts. */
function failing(failures: number) {
  const pauses: number[] = [];
  let attempts = 0;
  const work = async () => {
    if (++attempts <= failures) throw new Error(`attempt ${attempts}`);
    return attempts;
  };
  const policy = {
    attempts: 3,
    longestPauseMs: (attempt: number) => 10 * attempt,
    pause: async (ms: number) => pauses.push(ms),
  };
  return { work, policy, pauses };
}

test('work that succeeds runs once, without a pause', async () => {
  const { work, policy, pauses } = failing(0);
  expect(await retried(policy, work)).toBe(1);
  expect(pauses).toEqual([]);
});

test('work is tried again after a pause within its bound', async () => {
  const { work, policy, pauses } = failing(2);
  expect(await retried(policy, work)).toBe(3);
  expect(pauses).toHaveLength(2);
  expect(pauses[0]).toBeLessThan(10);
  expect(pauses[1]).toBeLessThan(20);
});

test('the last error is thrown when there are no attempts left', async () => {
  const { work, policy, pauses } = failing(3);
  await expect(retried(policy, work)).rejects.toThrow('attempt 3');
  expect(pauses).toHaveLength(2);
});

test('an error after which another attempt is not worthwhile is thrown at once', async () => {
  const { work, policy, pauses } = failing(1);
  await expect(retried({ ...policy, isWorthwhile: () => false }, work)).rejects.toThrow('attempt 1');
  expect(pauses).toEqual([]);
});

// Dead letters in memory, at their limit.

import { expect, test } from 'vitest';
import type { Generation } from '../../../src/buffer/generation.js';
import { HeldLetters } from '../../../src/seal/held-letters.js';

/** A generation of a size; nothing else of it counts here. */
const sized = (byteLength: number) => ({ byteLength, rows: 1 }) as Generation;

function held(whenFull: 'wait' | 'evict', maxBytes: number) {
  const evicted: number[] = [];
  const room = { maxBytes, whenFull, evicted: ({ bytes }: { bytes: number }) => evicted.push(bytes) };
  // A quarter of it is the limit, where that is less.
  return { letters: new HeldLetters(400, room), evicted };
}

test('the limit is the smaller of the two', () => {
  const { letters } = held('wait', 1000);
  letters.add(sized(100), 'no');
  expect(() => letters.add(sized(1), 'no')).toThrow('dead letters would take 101 bytes of memory, more than 100');
  const { letters: fewer } = held('wait', 50);
  expect(() => fewer.add(sized(51), 'no')).toThrow('dead letters would take 51 bytes of memory, more than 50');
});

test('the oldest make room, and only where that is enough', () => {
  const { letters, evicted } = held('evict', 100);
  for (const bytes of [40, 50, 60]) letters.add(sized(bytes), 'no');
  expect(letters.waiting.map(({ bytes }) => bytes)).toEqual([60]);
  expect([evicted, letters.evictedTotal]).toEqual([[40, 50], 2]);
  expect(() => letters.add(sized(101), 'no')).toThrow('OTLP_DEAD_LETTERS_FULL');
  expect(letters.waiting).toHaveLength(1);
});

test('a dead letter that is being committed does not make room', async () => {
  const { letters } = held('evict', 100);
  letters.add(sized(90), 'no');
  let refuse = () => {};
  const replay = letters.replay(() => new Promise((_, reject) => (refuse = () => reject(new Error('still no')))));
  await Promise.resolve();
  expect(() => letters.add(sized(20), 'no')).toThrow('OTLP_DEAD_LETTERS_FULL');
  refuse();
  expect(await replay).toEqual({ replayedRows: 0, error: 'still no' });
  letters.add(sized(20), 'no');
  expect(letters.waiting.map(({ bytes }) => bytes)).toEqual([20]);
});

// A stop committed all of them first.
test('a replay that is to end does so before the next dead letter', async () => {
  const { letters } = held('wait', 100);
  for (const bytes of [10, 20]) letters.add(sized(bytes), 'no');
  const stopping = new AbortController();
  const commit = async () => stopping.abort(new Error('the server is stopping'));
  expect(await letters.replay(commit, stopping.signal)).toEqual({ replayedRows: 1, error: 'the server is stopping' });
  expect(letters.waiting.map(({ bytes }) => bytes)).toEqual([20]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { criticalTimes } from '../../../src/query/traces/critical-path.js';

for (const [name, parents, spans, times] of [
  ['a root alone', [null], [[0, 10]], [10]],
  [
    'children one after another',
    [null, 0, 0],
    [
      [0, 10],
      [1, 4],
      [5, 9],
    ],
    [3, 3, 4],
  ],
  [
    'of children that end together, the path goes through one',
    [null, 0, 0],
    [
      [0, 10],
      [2, 8],
      [4, 8],
    ],
    [4, 6, 0],
  ],
  [
    'a child that goes on after its parent',
    [null, 0],
    [
      [0, 10],
      [6, 20],
    ],
    [6, 4],
  ],
  [
    'a child that starts before its parent',
    [null, 0],
    [
      [5, 10],
      [0, 8],
    ],
    [2, 3],
  ],
  [
    'a child that is nowhere in its parent',
    [null, 0],
    [
      [5, 10],
      [0, 4],
    ],
    [5, 0],
  ],
  [
    'several levels',
    [null, 0, 1],
    [
      [0, 10],
      [1, 9],
      [2, 8],
    ],
    [2, 2, 6],
  ],
  [
    'two roots',
    [null, null],
    [
      [0, 10],
      [2, 4],
    ],
    [10, 2],
  ],
  [
    'a circle',
    [1, 0, null],
    [
      [0, 1],
      [0, 1],
      [0, 3],
    ],
    [0, 0, 3],
  ],
  [
    'unknown times',
    [null, 0, 0],
    [
      [null, null],
      [0, 1],
      [null, 3],
    ],
    [0, 0, 0],
  ],
] as const) {
  test(name, () => {
    const starts = spans.map(([start]) => start);
    const ends = spans.map(([, end]) => end);
    expect(criticalTimes({ parents, starts, ends })).toEqual(times);
  });
}

const anySpan = fc.record({
  parent: fc.nat(),
  start: fc.integer({ min: 0, max: 50 }),
  took: fc.integer({ min: 0, max: 50 }),
});

test('the times of a tree are together the duration of its root, and none is longer than its span', () => {
  fc.assert(
    fc.property(fc.array(anySpan, { minLength: 1, maxLength: 30 }), (spans) => {
      const parents = spans.map(({ parent }, index) => (index === 0 ? null : parent % index));
      const starts = spans.map(({ start }) => start);
      const ends = spans.map(({ start, took }) => start + took);
      const times = criticalTimes({ parents, starts, ends });
      expect(times.reduce((sum, time) => sum + time, 0)).toBe(spans[0]!.took);
      spans.forEach(({ took }, index) => {
        expect(times[index]).toBeLessThanOrEqual(took);
      });
    }),
  );
});

// A recursion would take a level of the stack for each.
test('a chain of 100,000 spans', () => {
  const spans = Array.from({ length: 100_000 }, (_, index) => index);
  const parents = spans.map((index) => (index === 0 ? null : index - 1));
  const times = criticalTimes({ parents, starts: spans, ends: spans.map(() => 100_000) });
  expect(times.every((time) => time === 1)).toBe(true);
});

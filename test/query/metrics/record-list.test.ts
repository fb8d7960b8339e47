import { expect, test } from 'vitest';
import { NumberSlabs, RecordList, Scratch } from '../../../src/query/metrics/record-list.js';

const COUNT = 300;

/** Times in the orders in which DuckDB's threads give them, and in none. */
const orders: Readonly<Record<string, (i: number) => number>> = {
  rising: (i) => i * 15_000,
  'one half behind the other': (i) => ((i + 150) % COUNT) * 15_000,
  'two halves by turns': (i) => ((i % 2) * 150 + Math.floor(i / 2)) * 15_000,
  falling: (i) => -i,
  'some of them equal': (i) => (i * 7) % 40,
  'all equal': () => 5,
  // Time and place do not fit one number then.
  'a thousand years': (i) => ((i * 11) % 50) * 1e12,
};

for (const [name, timeOf] of Object.entries(orders)) {
  test(`records are settled by time, the last of equal times: ${name}`, () => {
    const list = new RecordList(2, new NumberSlabs(() => undefined));
    const last = new Map<number, number>();
    for (let i = 0; i < COUNT; i++) {
      // A half marks the end of the series, and is no part of the time.
      list.addPair(timeOf(i) + (i % 3 === 0 ? 0.5 : 0), i);
      last.set(timeOf(i), i);
    }
    const expected = [...last].sort(([left], [right]) => left - right);
    const settled = list.settled(new Scratch());
    const found = Array.from({ length: settled.length / 2 }, (_, i) => [
      Math.floor(settled[2 * i]!),
      settled[2 * i + 1],
    ]);
    expect(found).toEqual(expected);
  });
}

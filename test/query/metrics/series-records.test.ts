import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RisingOrder } from '../../../src/query/metrics/rising-order.js';
import { NumberSlabs, SeriesRecords } from '../../../src/query/metrics/series-records.js';

const COUNT = 300;

/** Times in the orders in which DuckDB's threads give them, and in none. */
const orders: Readonly<Record<string, (i: number) => number>> = {
  rising: (i) => i * 15_000,
  'one half behind the other': (i) => ((i + 150) % COUNT) * 15_000,
  'runs of ten that have changed places': (i) => (10 * ((Math.floor(i / 10) * 7) % 30) + (i % 10)) * 15_000,
  'two halves by turns': (i) => ((i % 2) * 150 + Math.floor(i / 2)) * 15_000,
  'two threads by turns in each of some seals': (i) =>
    (60 * Math.floor(i / 60) + (((i % 60) * 2 + (i % 60 < 30 ? 0 : 1)) % 60)) * 15_000,
  'runs that begin where others end': (i) => (i % 10) + 9 * ((Math.floor(i / 10) * 7) % 30),
  'none at all': (i) => (i * 7919) % 307,
  falling: (i) => -i,
  'some of them equal': (i) => (i * 7) % 40,
  'all equal': () => 5,
  'a thousand years': (i) => ((i * 11) % 50) * 1e12,
};

for (const [name, timeOf] of Object.entries(orders)) {
  test(`times are put in order, the last of equal ones: ${name}`, () => {
    const times = Float64Array.from({ length: COUNT }, (_, i) => timeOf(i));
    const last = new Map<number, number>();
    times.forEach((time, i) => {
      last.set(time, i);
    });
    const expected = [...last].sort(([left], [right]) => left - right).map(([, place]) => place);
    const order = new RisingOrder();
    const placesOf = (of: Float64Array) => [...(order.of(of) ?? of.keys())];
    expect(placesOf(times)).toEqual(expected);
    // The order of the last series is taken where it fits, and not where it does not.
    expect(placesOf(times)).toEqual(expected);
    const reversed = times.map((_, i) => -i);
    expect(placesOf(reversed)).toEqual([...reversed.keys()].reverse());
    expect(placesOf(times)).toEqual(expected);
    expect(placesOf(times.subarray(0, 1))).toEqual([0]);
  });
}

test('random times are put in order', () => {
  const order = new RisingOrder();
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 20 }), { maxLength: 8 }), (runs) => {
      const times = Float64Array.from(runs.flatMap((run) => run.sort((left, right) => left - right)));
      const last = new Map([...times].map((time, place) => [time, place]));
      const expected = [...last].sort(([left], [right]) => left - right).map(([, place]) => place);
      expect([...(order.of(times) ?? times.keys())]).toEqual(expected);
    }),
  );
});

describe('records', () => {
  /** Series of all widths, one of them wider than a slab, whose rows come by turns and in blocks. */
  const widths = [2, 3, 14, 1_100, 140_000];
  const countOf = (place: number) => (widths[place]! > 1000 ? 20 : 5000);
  const numberAt = (place: number, record: number, number: number) => place * 1e9 + record * 1e3 + (number % 997);

  test('of series that grow at the same time are copied in the order in which they came', () => {
    let reserved = 0;
    const memory = new NumberSlabs((bytes) => {
      reserved += bytes;
    });
    const begun: number[] = [];
    const records = new SeriesRecords(memory, (place) => begun.push(place) > 0);
    for (let from = 0; from < 5000; from += 100) {
      const rows: [place: number, record: number][] = [];
      for (let record = from; record < from + 100; record++) {
        for (const place of widths.keys()) if (record < countOf(place)) rows.push([place, record]);
      }
      records.addRecords(
        Int32Array.from(rows, ([place]) => place),
        (row) => widths[rows[row]![0]]!,
        (row, slab, start, end) => {
          const [place, record] = rows[row]!;
          for (let at = start; at < end; at++) slab[at] = numberAt(place, record, at - start);
          return true;
        },
      );
    }
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    for (const [place, width] of widths.entries()) {
      const count = countOf(place);
      expect(records.countOf(place)).toBe(count);
      for (const number of [0, 1, width - 1]) {
        const numbers = new Float64Array(count);
        records.copy(place, number, numbers);
        expect(numbers).toEqual(Float64Array.from({ length: count }, (_, record) => numberAt(place, record, number)));
      }
    }
    const numbers = widths.reduce((sum, width, place) => sum + width * countOf(place), 0);
    expect(reserved).toBeGreaterThanOrEqual(8 * numbers);
    expect(reserved).toBeLessThan(8 * numbers * 1.5);
  });

  test('of series that are not wanted are passed over, whatever their place', () => {
    const asked: number[] = [];
    const records = new SeriesRecords(new NumberSlabs(() => undefined), (place) => {
      asked.push(place);
      return place !== 1;
    });
    for (const round of [0, 1]) {
      records.addPairs(
        Int32Array.of(1, 2, 70_000, 1),
        Float64Array.of(10, 20, 30, 40).map((time) => time + round),
        Float64Array.of(1, 2, 3, 4),
      );
    }
    // Each is asked for once.
    expect(asked).toEqual([1, 2, 70_000]);
    expect([0, 1, 2, 70_000].map((place) => records.has(place))).toEqual([false, false, true, true]);
    const times = new Float64Array(2);
    records.copy(70_000, 0, times);
    expect([...times]).toEqual([30, 31]);
  });

  test('take memory again that was given back', () => {
    let reserved = 0;
    const memory = new NumberSlabs((bytes) => {
      reserved += bytes;
    });
    const fill = () => {
      for (let i = 0; i < 100; i++) memory.take(3000).fill(i);
    };
    fill();
    const before = reserved;
    memory.reuse();
    fill();
    expect(reserved).toBe(before);
    // What fits no slab that is there gets one of its own.
    memory.reuse();
    const longer = memory.take(200_000);
    expect(longer).toHaveLength(200_000);
    expect(reserved).toBe(before + 8 * 200_000);
  });
});

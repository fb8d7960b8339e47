import { describe, expect, test } from 'vitest';
import { LatencyHistogram } from '../../src/load/latency-histogram.js';

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const ms of values) histogram.add(ms);
  return histogram;
}

describe('percentiles', () => {
  const ms = Array.from({ length: 100_000 }, (_, i) => 0.01 * 1.0002 ** i);
  const histogram = histogramOf(ms);
  for (const percent of [0.1, 1, 50, 90, 99, 99.9, 99.99]) {
    test(`the ${percent}th is exact to 0.2 % of its value`, () => {
      const exact = ms[Math.ceil((percent / 100) * ms.length) - 1]!;
      const found = histogram.percentileMs(percent);
      expect(found).toBeGreaterThanOrEqual(exact * 0.998 - 0.001);
      expect(found).toBeLessThanOrEqual(exact * 1.002 + 0.001);
    });
  }

  test('the highest is the largest value, exactly', () => {
    expect(histogram.percentileMs(100)).toBe(ms.at(-1));
    expect(histogram.maxMs).toBe(ms.at(-1));
  });
});

test('small durations are told apart to the microsecond', () => {
  const histogram = histogramOf([0.001, 0.002, 0.003, 0.127]);
  expect([25, 50, 75, 100].map((percent) => histogram.percentileMs(percent))).toEqual([0.001, 0.002, 0.003, 0.127]);
});

test('nothing measured gives zeros, and a clock that went back counts as no time', () => {
  const empty = new LatencyHistogram();
  expect([empty.count, empty.meanMs, empty.maxMs, empty.percentileMs(99)]).toEqual([0, 0, 0, 0]);
  expect(histogramOf([-5]).percentileMs(50)).toBe(0);
});

test('durations longer than any are counted', () => {
  expect(histogramOf([1, 1e12]).percentileMs(50)).toBeCloseTo(1, 1);
  expect(histogramOf([1e12]).count).toBe(1);
});

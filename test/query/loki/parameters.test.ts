import { describe, expect, test } from 'vitest';
import { LokiParameters } from '../../../src/query/api/loki/parameters.js';

const NOW_MS = Date.UTC(2026, 0, 1, 12);
const NOW = BigInt(NOW_MS) * 1_000_000n;
const HOUR = 3_600_000_000_000n;

function parameters(text: string): LokiParameters {
  return new LokiParameters([new URLSearchParams(text)], NOW_MS);
}

describe('bounds', () => {
  for (const [text, startNs, endNs] of [
    ['', NOW - HOUR, NOW],
    ['since=2h', NOW - 2n * HOUR, NOW],
    // The hour before now, not before an end that is still to come.
    [`end=${NOW + HOUR}`, NOW - HOUR, NOW + HOUR],
    ['start=1767268800&end=1767268801', 1_767_268_800_000_000_000n, 1_767_268_801_000_000_000n],
    ['start=1767268800.5&end=1767268800000000001', 1_767_268_800_500_000_000n, 1_767_268_800_000_000_001n],
    ['start=2026-01-01T00:00:00.000000001Z', 1_767_225_600_000_000_001n, NOW],
    ['start=2026-01-01T01:00:00%2B01:00', 1_767_225_600_000_000_000n, NOW],
  ] as const) {
    test(text, () => expect(parameters(text).bounds()).toEqual({ startNs, endNs }));
  }
});

describe('steps', () => {
  for (const [text, stepNs] of [
    ['', 14_000_000_000n],
    ['since=1m', 1_000_000_000n],
    ['step=2000ms', 2_000_000_000n],
    ['step=0.5', 500_000_000n],
  ] as const) {
    test(text, () => expect(parameters(text).range().stepNs).toBe(stepNs));
  }
});

describe('what Loki refuses', () => {
  for (const [text, read, message] of [
    ['limit=0', 'limit', 'limit must be a positive value'],
    ['limit=x', 'limit', 'strconv.Atoi: parsing "x": invalid syntax'],
    ['limit=4294967296', 'limit', 'limit value 4294967296 is out of range [0, 4294967295]'],
    ['direction=up', 'direction', "invalid direction 'up'"],
    ['start=2&end=1', 'range', 'end timestamp must not be before or equal to start time'],
    ['step=0', 'range', 'zero or negative query resolution step widths are not accepted. Try a positive integer'],
    [
      'step=1ms',
      'range',
      'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
    ],
    ['step=x', 'range', 'cannot parse "x" to a valid duration'],
    ['since=x', 'bounds', 'could not parse \'since\' parameter: not a valid duration string: "x"'],
    [
      'start=noon',
      'bounds',
      'could not parse \'start\' parameter: parsing time "noon" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "noon" as "2006"',
    ],
    // Once reached DuckDB, which has no such time, and was answered with 500.
    ['end=99999999999999999999', 'bounds', 'could not parse \'end\' parameter: parsing time "99999999999999999999"'],
    ['delay_for=6', 'delaySeconds', "delay_for can't be greater than 5"],
    ['interval=-1', 'intervalNs', 'interval must be >= 0'],
  ] as const) {
    test(text, () => expect(() => parameters(text)[read]()).toThrow(message));
  }
});

test('a form comes before the URL', () => {
  const both = new LokiParameters([new URLSearchParams('query=a'), new URLSearchParams('query=b&limit=7')], NOW_MS);
  expect([both.query, both.limit(), both.fieldLimits()]).toEqual(['a', 7, { fields: 7, lines: 100 }]);
});

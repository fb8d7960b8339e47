// Texts are those of Prometheus 3.14.

import { expect, test } from 'vitest';
import { Parameters } from '../../../src/query/api/prometheus/parameters.js';

function given(parameters: string): Parameters {
  return new Parameters([new URLSearchParams(parameters)]);
}

const NEW_YEAR_MS = Date.UTC(2026, 0, 1);

for (const [text, timeMs] of [
  ['0', 0],
  ['1435781430.781', 1_435_781_430_781],
  ['1.4e9', 1_400_000_000_000],
  ['-1.5', -1500],
  // A client that sends milliseconds: Grafana does, when it asks whether there are exemplars.
  ['1767225600000', 1_767_225_600_000_000],
  ['1e300', 9e15],
  ['2026-01-01T00:00:00Z', NEW_YEAR_MS],
  ['2026-01-01T00:00:00.1234567Z', NEW_YEAR_MS + 123],
  ['2026-01-01T02:30:00%2B02:30', NEW_YEAR_MS],
  ['2025-12-31T23:00:00-01:00', NEW_YEAR_MS],
  ['-292273086-05-16T16:47:06Z', -9e15],
  ['292277025-08-18T07:12:54.999999999Z', 9e15],
] as const) {
  test(`the time ${text}`, () => expect(given(`start=${text}`).time('start')).toBe(timeMs));
}

for (const text of [
  'x',
  '1s',
  '2026-01-01',
  '2026-02-30T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01 00:00:00',
  'NaN',
]) {
  test(`no time: ${text}`, () => {
    expect(() => given(`start=${text}`).time('start')).toThrow(
      `invalid parameter "start": cannot parse "${text}" to a valid timestamp`,
    );
    expect(() => given(`start=${text}`).optionalTime('start')).toThrow(
      `invalid parameter "start": invalid time value for 'start': cannot parse "${text}" to a valid timestamp`,
    );
  });
}

test('times that are not given', () => {
  expect(given('').optionalTime('time')).toBe(undefined);
  expect(() => given('').time('start')).toThrow('invalid parameter "start": cannot parse "" to a valid timestamp');
});

for (const [text, durationMs] of [
  ['15', 15_000],
  ['0.5', 500],
  ['1m30s', 90_000],
  ['1d', 86_400_000],
] as const) {
  test(`the duration ${text}`, () => expect(given(`timeout=${text}`).optionalDuration('timeout')).toBe(durationMs));
}

for (const [text, message] of [
  ['x', 'cannot parse "x" to a valid duration'],
  ['1 m', 'cannot parse "1 m" to a valid duration'],
  ['1e30', 'cannot parse "1e30" to a valid duration. It overflows int64'],
] as const) {
  test(`no duration: ${text}`, () => {
    expect(() => given(`timeout=${text}`).optionalDuration('timeout')).toThrow(
      `invalid parameter "timeout": ${message}`,
    );
    expect(() => given(`lookback_delta=${text}`).lookback()).toThrow(
      `error parsing lookback delta duration: ${message}`,
    );
  });
}

for (const [text, message] of [
  ['x', 'strconv.Atoi: parsing "x": invalid syntax'],
  ['1.5', 'strconv.Atoi: parsing "1.5": invalid syntax'],
  ['9'.repeat(20), `strconv.Atoi: parsing "${'9'.repeat(20)}": value out of range`],
  ['-1', 'limit must be non-negative'],
] as const) {
  test(`no limit: ${text}`, () => {
    expect(() => given(`limit=${text}`).limit()).toThrow(`invalid parameter "limit": ${message}`);
  });
}

for (const [parameters, message] of [
  ['end=1&step=1', 'invalid parameter "start": cannot parse "" to a valid timestamp'],
  ['start=1&step=1', 'invalid parameter "end": cannot parse "" to a valid timestamp'],
  ['start=2&end=1&step=1', 'invalid parameter "end": end timestamp must not be before start time'],
  ['start=1&end=2', 'invalid parameter "step": cannot parse "" to a valid duration'],
  [
    'start=1&end=2&step=0',
    'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
  ],
  [
    'start=1&end=2&step=-1',
    'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
  ],
  [
    'start=1&end=2&step=0.0001',
    'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
  ],
  [
    'start=0&end=11001&step=1',
    'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
  ],
] as const) {
  test(`no range: ${parameters}`, () => expect(() => given(parameters).range()).toThrow(message));
}

test('11,001 steps are a range', () => {
  expect(given('start=0&end=11000&step=1s').range()).toEqual({ startMs: 0, endMs: 11_000_000, stepMs: 1000 });
});

test('a form comes before the URL, and lists are both', () => {
  const parameters = new Parameters([new URLSearchParams('a=form&m=1'), new URLSearchParams('a=url&m=2&b=3')]);
  expect([parameters.text('a'), parameters.text('b'), parameters.text('c')]).toEqual(['form', '3', '']);
  expect(parameters.all('m')).toEqual(['1', '2']);
});

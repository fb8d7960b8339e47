import { expect, test } from 'vitest';
import { ArrayValue, Duration, instantGrid, Keyword, rangeGrid } from '#traceql';
import { instantMessage, seriesMessage } from '../../../src/query/traceql/metrics-message.js';
import { traceMessage } from '../../../src/query/traceql/search-message.js';
import { valueMessage } from '../../../src/query/traceql/value-message.js';
import { Int64 } from '../../../src/query/traces/otlp-message.js';

/** As JSON of the API would show it. */
function shown(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message, (_key, value) => (value instanceof Int64 ? String(value) : value)));
}

test('values keep the types that OTLP has, and others are texts', () => {
  for (const [value, message] of [
    ['a', { stringValue: 'a' }],
    [12n, { intValue: '12' }],
    [1.5, { doubleValue: 1.5 }],
    [false, { boolValue: false }],
    [undefined, { stringValue: 'nil' }],
    [new Duration(1_500_000), { stringValue: '1.5ms' }],
    [Keyword.statuses[2]!, { stringValue: 'error' }],
    [new ArrayValue('int', [1n, 2n]), { arrayValue: { values: [{ intValue: '1' }, { intValue: '2' }] } }],
    [new ArrayValue('int', []), { arrayValue: {} }],
  ] as const) {
    expect(shown(valueMessage(value))).toEqual(message);
  }
});

test('a found trace has what Tempo says of it', () => {
  const span = {
    spanId: '00f067aa0ba902b7',
    parentSpanId: '',
    index: 0,
    serviceName: 'shop',
    name: 'GET /',
    kind: 2,
    statusCode: 0,
    startUnixNs: 1_700_000_000_000_000_001n,
    durationNs: 2_500_000,
    attributes: [
      { attribute: { kind: 'attribute', scope: 'span', name: 'http.code', ofParent: false }, value: 500n },
      { attribute: { kind: 'intrinsic', name: 'status' }, value: Keyword.statuses[2]! },
    ],
  } as const;
  const trace = {
    traceId: '000000000000000000f067aa0ba902b7',
    rootName: undefined,
    rootServiceName: undefined,
    startUnixNs: span.startUnixNs,
    durationNs: 2_500_000,
    spansets: [{ spans: [span], matched: 4, attributes: [{ name: 'by(name)', value: 'GET /' }] }],
    serviceStats: new Map([['shop', { spanCount: 4, errorCount: 0 }]]),
  };
  const spanSet = {
    spans: [
      {
        spanID: '00f067aa0ba902b7',
        name: 'GET /',
        startTimeUnixNano: '1700000000000000001',
        durationNanos: '2500000',
        attributes: [
          { key: 'http.code', value: { intValue: '500' } },
          { key: 'status', value: { stringValue: 'error' } },
        ],
      },
    ],
    matched: 4,
    attributes: [{ key: 'by(name)', value: { stringValue: 'GET /' } }],
  };
  expect(shown(traceMessage(trace))).toEqual({
    traceID: 'f067aa0ba902b7',
    rootServiceName: '<root span not yet received>',
    startTimeUnixNano: '1700000000000000001',
    durationMs: 2,
    spanSet,
    spanSets: [spanSet],
    serviceStats: { shop: { spanCount: 4 } },
  });
  const whole = traceMessage({ ...trace, rootName: 'GET /', rootServiceName: 'shop' });
  expect(whole).toMatchObject({ rootServiceName: 'shop', rootTraceName: 'GET /' });
});

test('series have the steps at which they have a value', () => {
  const grid = rangeGrid(100_000_000_000n, 120_000_000_000n, 10_000_000_000n);
  const exemplar = { labels: [['trace:id', 'ab']], value: 2, unixNs: 105_000_000_001n } as const;
  const series = { labels: [['name', 'a']], values: Float64Array.of(0, Number.NaN, 2), exemplars: [exemplar] } as const;
  expect(shown(seriesMessage(series, grid))).toEqual({
    labels: [{ key: 'name', value: { stringValue: 'a' } }],
    samples: [
      { timestampMs: '100000', value: 0 },
      { timestampMs: '120000', value: 2 },
    ],
    exemplars: [{ labels: [{ key: 'trace:id', value: { stringValue: 'ab' } }], value: 2, timestampMs: '105000' }],
  });
  expect(instantGrid(0n, 10n).count).toBe(1);
  expect(instantMessage({ labels: [], values: Float64Array.of(3), exemplars: [] })).toEqual({ labels: [], value: 3 });
});

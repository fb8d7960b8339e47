// Random OTLP/JSON requests of metrics of every kind: odd names, units, attributes and values. Equal seeds give equal requests.
// No two points are of one series and one time, and nothing in them is known to be translated differently.

import { type Random, randomNumbers } from './random-numbers.js';

type Json = Readonly<Record<string, unknown>>;
type Attribute = { readonly key: string; readonly value: Json };

const CUMULATIVE = 2;
const NO_RECORDED_VALUE = 1;
const SPAN_MS = 3_000_000;
const INTERVAL_MS = 15_000;

const names = [
  ...['a.b.c', 'http.server.duration', 'http_server_duration_seconds', 'requests_total', 'requests.total.count'],
  ...['total', 'x.total', 'ratio', 'cpu.ratio', 'memory_usage_bytes', 'Größe', 'métrique.été', '1st.metric', '__x__'],
  ...['a..b', 'a__b', '_lead', 'trail_', 'with space', 'a-b/c', 'a:b:c', ':x', 'seconds', 's', 'bytes.per.second'],
  ...['per', 'x.bytes.total', 'foo.seconds.total', 'UPPER.Case', 'a.bucket', 'x_count', 'x_sum', 'queue', 'per_second'],
];
const units = [
  ...['', '1', 's', 'ms', 'us', 'ns', 'By', 'KiBy', 'MiBy', 'By/s', '{request}', '{request}/s', '%', 'Cel', 'm/s'],
  ...['min', 'h', 'd', 'w', 'foo', 'foo/bar', '/s', 'requests', 'By/{x}', 'V', 'A', 'J', 'W', 'g', 'Hz', 'kHz', 'm²'],
  ...['bit', ' s ', 'GBy/h'],
];
const keys = [
  ...['a', 'a.b', 'a_b', 'A', '1x', '_y', '__z', '__name__', 'le', 'quantile', 'job', 'instance', 'http.route'],
  ...['k k', 'service.name', 'x..y', 'x__y', 'key_1x', 'otel.scope.name'],
];
const values: readonly Json[] = [
  ...['', 'v', 'ü', 'a b', '"q"', 'x;y', '\n', '日本', '0'].map((stringValue) => ({ stringValue })),
  ...[-5, 0, 4].map((value) => ({ intValue: String(value) })),
  ...[0.5, 1e21, 1e-7, -0, 100].map((doubleValue) => ({ doubleValue })),
  ...[{ boolValue: true }, { boolValue: false }, { bytesValue: 'AQID' }, {}],
  { arrayValue: { values: [{ stringValue: 'x' }, { intValue: '1' }] } },
  { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } },
];
const doubles = ['NaN', 'Infinity', '-Infinity', -0, 1e-300, 1e300, 0.1];
const bucketBounds = [[1, 2, 5], [], [0.1, 1e6, 1e21], [-1, 0, 1]];
const scales = [-4, -1, 0, 1, 3, 8];

const kinds = ['gauge', 'sum', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const;
type Kind = (typeof kinds)[number];

/** A selector of all their series. */
export const RANDOM_SERIES = '{n=~".+"}';

/** `count` requests with points of fifty minutes from `startMs` on. */
export function randomRequests(seed: number, count: number, startMs: number): readonly Json[] {
  const random = randomNumbers(seed);
  let series = 0;
  /** No other series has this attribute. */
  const own = (): Attribute => ({ key: 'n', value: { intValue: String(series++) } });
  return random.list(count, () => ({
    resourceMetrics: random.list(1 + random.below(2), () => ({
      resource: { attributes: resourceAttributes(random) },
      scopeMetrics: random.list(1 + random.below(2), () => ({
        scope: random.pick([{}, { name: 'lib', version: '1' }, { name: 'lib2', attributes: attributes(random, 1) }]),
        metrics: random.list(1 + random.below(3), () => metric(random, startMs, own)),
      })),
    })),
  }));
}

function metric(random: Random, startMs: number, own: () => Attribute): Json {
  const kind = random.pick(kinds);
  const firstMs = startMs + random.below(SPAN_MS / INTERVAL_MS) * INTERVAL_MS;
  const series = random.list(1 + random.below(2), () => [...attributes(random, 3), own()]);
  const dataPoints = random
    .list(1 + random.below(4), (i) => series.map((of) => point(random, kind, of, startMs, firstMs + i * INTERVAL_MS)))
    .flat();
  return {
    name: random.pick(names),
    unit: random.pick(units),
    description: random.pick(['', 'help']),
    [kind]: {
      dataPoints,
      ...(kind === 'sum' ? { isMonotonic: random.isLikely(0.6) } : {}),
      ...(kind === 'gauge' || kind === 'summary' ? {} : { aggregationTemporality: CUMULATIVE }),
    },
  };
}

function point(random: Random, kind: Kind, of: readonly Attribute[], startMs: number, timeMs: number): Json {
  const nano = (ms: number, more = 0) => String(BigInt(ms) * 1_000_000n + BigInt(more));
  return {
    timeUnixNano: nano(timeMs, random.below(1_000_000)),
    attributes: of,
    ...(random.isLikely(0.5) ? { startTimeUnixNano: nano(startMs - 1000) } : {}),
    ...(random.isLikely(0.05) ? { flags: NO_RECORDED_VALUE } : {}),
    ...pointValue(random, kind),
  };
}

function pointValue(random: Random, kind: Kind): Json {
  const sum = random.isLikely(0.8) ? { sum: random.next() * 1000 } : {};
  switch (kind) {
    case 'gauge':
    case 'sum':
      return random.isLikely(0.5)
        ? { asInt: String(random.below(1e6) * random.pick([1, -1, 1e9])) }
        : { asDouble: random.isLikely(0.5) ? random.next() * 100 : random.pick(doubles) };
    case 'histogram': {
      const explicitBounds = random.pick(bucketBounds);
      const counts = random.list(explicitBounds.length + 1, () => random.below(100));
      return { count: total(counts), bucketCounts: counts.map(String), explicitBounds, ...sum };
    }
    case 'exponentialHistogram': {
      const side = () => random.list(random.below(8), () => random.below(5));
      const [positive, negative, zeroCount] = [side(), side(), random.below(3)];
      const buckets = (counts: readonly number[]) => ({
        offset: random.below(20) - 10,
        bucketCounts: counts.map(String),
      });
      return {
        scale: random.pick(scales),
        zeroCount: String(zeroCount),
        count: total([...positive, ...negative, zeroCount]),
        positive: buckets(positive),
        negative: buckets(negative),
        ...sum,
      };
    }
    case 'summary': {
      const quantiles = [0, 0.5, 0.99, 1].slice(0, random.below(5));
      const quantileValues = quantiles.map((quantile) => ({ quantile, value: random.next() }));
      return { count: String(random.below(100)), sum: random.next(), quantileValues };
    }
  }
}

const total = (counts: readonly number[]) => String(counts.reduce((sum, n) => sum + n, 0));

function attributes(random: Random, most: number): Attribute[] {
  const chosen = new Set(random.list(random.below(most + 1), () => random.pick(keys)));
  return [...chosen].map((key) => ({ key, value: random.pick(values) }));
}

function resourceAttributes(random: Random): Attribute[] {
  const identity: readonly (readonly [key: string, texts: readonly string[]])[] = [
    ['service.name', ['svc', 'other', '']],
    ['service.namespace', ['ns', '']],
    ['service.instance.id', ['i1', 'i2']],
  ];
  return [
    ...attributes(random, 3).filter(({ key }) => key !== 'service.name'),
    ...identity
      .filter(() => random.isLikely(0.6))
      .map(([key, texts]) => ({ key, value: { stringValue: random.pick(texts) } })),
  ];
}

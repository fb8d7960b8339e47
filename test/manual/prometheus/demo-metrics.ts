// Metrics of three instances over an hour, as OTLP/JSON requests: those that the templates of prometheus/compliance ask for,
// by the same names, and one of every kind that OTLP has. Equal arguments give equal requests.

/** Time between two samples of a series. */
export const INTERVAL_MS = 15_000;
const DURATION_MS = 3_600_000;
/** Samples of each series in one request. */
const SAMPLES_PER_REQUEST = 40;
const NS_PER_MS = 1_000_000n;
/** OTLP's flag of a point without a value, which ends a series until its next sample. */
const NO_RECORDED_VALUE = 1;

const AGGREGATION_TEMPORALITY_CUMULATIVE = 2;

export const instances = ['demo.promlabs.com:10000', 'demo.promlabs.com:10001', 'demo.promlabs.com:10002'] as const;

type Attributes = Readonly<Record<string, string>>;
type Json = Readonly<Record<string, unknown>>;

/** What a series is at one of its samples; undefined where it has none. */
type PointAt = (sample: Sample) => Json | undefined;

interface Sample {
  readonly index: number;
  readonly timeMs: number;
  /** In [0, 1), the same for the same series and sample. */
  readonly random: number;
}

interface DemoMetric {
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
  readonly kind: 'gauge' | 'sum' | 'upDown' | 'histogram' | 'exponentialHistogram' | 'summary';
  readonly series: readonly (readonly [Attributes, PointAt])[];
}

/** Requests in the order of their times, the first of which is `startMs`. */
export function demoRequests(startMs: number): readonly Json[] {
  const samples = DURATION_MS / INTERVAL_MS + 1;
  const requests: Json[] = [];
  for (let first = 0; first < samples; first += SAMPLES_PER_REQUEST) {
    const indexes = Array.from({ length: Math.min(SAMPLES_PER_REQUEST, samples - first) }, (_, i) => first + i);
    for (const [number, instance] of instances.entries()) {
      requests.push({ resourceMetrics: [resourceMetrics(startMs, indexes, instance, number)] });
    }
  }
  return requests;
}

export const demoEndMs = (startMs: number) => startMs + DURATION_MS;

function resourceMetrics(startMs: number, indexes: readonly number[], instance: string, number: number): Json {
  const resource = {
    'service.name': 'demo',
    'service.instance.id': instance,
    'service.version': `1.${number}`,
    'deployment.environment.name': number === 0 ? 'canary' : 'production',
  };
  const metrics = demoMetrics(number).map((metric) => {
    const dataPoints = metric.series.flatMap(([attributes, pointAt], series) =>
      indexes.flatMap((index) => {
        const timeMs = startMs + index * INTERVAL_MS;
        const random = randomOf(`${metric.name} ${number} ${series} ${index}`);
        const point = pointAt({ index, timeMs, random });
        if (point === undefined) return [];
        const start = metric.kind === 'gauge' ? {} : { startTimeUnixNano: unixNano(startMs) };
        return [{ attributes: keyValues(attributes), timeUnixNano: unixNano(timeMs), ...start, ...point }];
      }),
    );
    const { name, unit = '', description = '' } = metric;
    return { name, unit, description, [fieldOf[metric.kind]]: { dataPoints, ...traitsOf[metric.kind] } };
  });
  return { resource: { attributes: keyValues(resource) }, scopeMetrics: [{ scope: { name: 'demo' }, metrics }] };
}

const fieldOf = {
  gauge: 'gauge',
  sum: 'sum',
  upDown: 'sum',
  histogram: 'histogram',
  exponentialHistogram: 'exponentialHistogram',
  summary: 'summary',
} as const;

const cumulative = { aggregationTemporality: AGGREGATION_TEMPORALITY_CUMULATIVE };
const traitsOf = {
  gauge: {},
  sum: { ...cumulative, isMonotonic: true },
  upDown: { ...cumulative, isMonotonic: false },
  histogram: cumulative,
  exponentialHistogram: cumulative,
  summary: {},
} as const;

/** Bounds of the classic histogram, in seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function demoMetrics(number: number): readonly DemoMetric[] {
  const memory = { used: 6e9, free: 1e9, buffers: 2e8, cached: 8e8 };
  const modes = { user: 0.6, system: 0.2, idle: 3.2 };
  const paths = ['/api/foo', '/api/bar'];
  const methods = ['GET', 'POST'];
  const statuses = ['200', '500'];
  const requests = paths.flatMap((path) =>
    methods.flatMap((method) => statuses.map((status) => ({ path, method, status }))),
  );
  return [
    { name: 'demo.num.cpus', kind: 'gauge', series: [[{}, () => double(4 + number)]] },
    {
      name: 'demo.memory.usage',
      unit: 'By',
      description: 'Memory by type.',
      kind: 'gauge',
      series: Object.entries(memory).map(([type, bytes]) => [
        { type },
        ({ random }) => double(Math.round(bytes * (0.8 + 0.4 * random))),
      ]),
    },
    {
      name: 'demo.disk.usage',
      unit: 'By',
      kind: 'gauge',
      series: [[{}, ({ index, random }) => int(1e11 + index * 1_000_000 + Math.floor(random * 10_000))]],
    },
    { name: 'demo.disk.total', unit: 'By', kind: 'gauge', series: [[{}, () => int(2e11)]] },
    {
      name: 'demo.cpu.usage',
      unit: 's',
      description: 'CPU time by mode.',
      kind: 'sum',
      // It begins anew once: the process was restarted.
      series: Object.entries(modes).map(([mode, rate]) => [
        { mode },
        ({ index, random }) => double(rate * 15 * (index % 150) + random),
      ]),
    },
    {
      name: 'demo.batch.last_success_timestamp',
      unit: 's',
      kind: 'gauge',
      series: [[{}, ({ index, timeMs }) => double(Math.floor(timeMs / 1000) - (index % 20) * 15)]],
    },
    {
      name: 'demo.intermittent_metric',
      kind: 'gauge',
      // Gaps: some with a point that says so, some longer than the lookback, some shorter.
      series: [
        [{}, ({ index }) => (index % 40 === 20 ? noValue() : index % 40 > 20 ? undefined : double(index))],
        [{ gap: 'silent' }, ({ index }) => (index % 60 >= 25 ? undefined : double(-index))],
        [{ gap: 'short' }, ({ index }) => (index % 7 >= 4 ? undefined : double(index / 3))],
      ],
    },
    {
      name: 'demo.api.request.duration',
      unit: 's',
      description: 'Duration of API requests.',
      kind: 'histogram',
      series: requests.map((request, series) => [
        request,
        ({ index, timeMs, random }) => histogram(index % 150, series + 1, random, timeMs),
      ]),
    },
    {
      name: 'demo.rpc.duration',
      unit: 's',
      kind: 'exponentialHistogram',
      series: ['Get', 'Put', 'List'].map((method, series) => [
        { 'rpc.method': method },
        ({ index, random }) => exponential(index, series, random),
      ]),
    },
    {
      name: 'demo.gc.pause',
      unit: 's',
      kind: 'summary',
      series: [[{ gc: 'minor' }, ({ index, random }) => summary(index, random)]],
    },
    {
      name: 'demo.queue.size',
      unit: '{item}',
      kind: 'upDown',
      series: ['a', 'b'].map((queue) => [{ queue }, ({ random }) => int(Math.floor(random * 100))]),
    },
    { name: 'demo.load', unit: '1', kind: 'gauge', series: [[{}, ({ random }) => double(random)]] },
    {
      name: 'demo.requests.handled',
      unit: '{request}',
      kind: 'sum',
      series: requests.map((request, series) => [request, ({ index }) => int(index * (series + 1) * 7)]),
    },
    {
      name: 'demo.special',
      kind: 'gauge',
      series: [
        [{ value: 'nan' }, ({ index }) => double(index % 2 === 0 ? 'NaN' : 1)],
        [{ value: 'inf' }, ({ index }) => double(index % 3 === 0 ? 'Infinity' : index % 3 === 1 ? '-Infinity' : 5)],
        [{ value: 'zero' }, ({ index }) => double(index % 2 === 0 ? 0 : -0.0)],
        [{ value: 'tiny' }, ({ index }) => double(5e-324 * (index + 1))],
        [{ value: 'huge' }, ({ index }) => double(1e308 + index)],
      ],
    },
    {
      name: 'demo.température/capteur',
      unit: 'Cel',
      kind: 'gauge',
      series: [[{ 'sensor.höhe': 'über 5m', 'a.b': 'one', a_b: 'two' }, ({ random }) => double(15 + 10 * random)]],
    },
    {
      name: 'http.server.bandwidth',
      unit: 'By/s',
      kind: 'gauge',
      series: [[{ '0direction': 'in', _hidden: 'yes' }, ({ random }) => double(random * 1e6)]],
    },
  ];
}

function histogram(step: number, weight: number, random: number, timeMs: number): Json {
  const counts = [...BOUNDS, 0].map((_, bucket) => step * weight * ((bucket * 7) % 5));
  const count = counts.reduce((sum, n) => sum + n, 0);
  return {
    count: String(count),
    sum: step * weight * 1.25 + random / 1000,
    bucketCounts: counts.map(String),
    explicitBounds: BOUNDS,
    exemplars: [
      {
        timeUnixNano: unixNano(timeMs),
        asDouble: 0.07 + random / 100,
        traceId: traceId(step, weight),
        spanId: '0102030405060708',
      },
    ],
  };
}

/** With another scale now and then, as an SDK lowers it when values spread. */
function exponential(index: number, series: number, random: number): Json {
  const scale = index < 120 ? 3 : 2;
  const counts = Array.from({ length: 12 }, (_, bucket) => (index + 1) * ((bucket + series) % 4));
  const zero = Math.floor(index / 10);
  const total = counts.reduce((sum, n) => sum + n, 0) + zero;
  return {
    count: String(total),
    sum: total * 0.3 + random / 1000,
    scale,
    zeroCount: String(zero),
    positive: { offset: -20 + series, bucketCounts: counts.map(String) },
  };
}

function summary(index: number, random: number): Json {
  const quantileValues = [0, 0.25, 0.5, 0.75, 1].map((quantile) => ({
    quantile,
    value: quantile * 0.01 + random / 1e4,
  }));
  return { count: String(index * 3), sum: index * 0.02, quantileValues };
}

const double = (asDouble: number | string): Json => ({ asDouble });
const int = (value: number): Json => ({ asInt: String(value) });
const noValue = (): Json => ({ flags: NO_RECORDED_VALUE });
const unixNano = (ms: number) => String(BigInt(ms) * NS_PER_MS);
const traceId = (a: number, b: number) => (a * 1000 + b + 1).toString(16).padStart(32, '0');
const keyValues = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));

/** FNV-1a, scaled: random enough for a metric, and the same everywhere. */
function randomOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  // The last bits of FNV-1a of similar texts are similar.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0) / 2 ** 32;
}

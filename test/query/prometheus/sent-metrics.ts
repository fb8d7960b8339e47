// What is sent to a server before Prometheus's API is asked: all kinds of metrics of two services, for ten minutes.

/** 2026-01-01 00:00:00. */
export const START_S = 1_767_225_600;
const STEP_S = 15;
const POINTS = 41;
export const END_S = START_S + STEP_S * (POINTS - 1);

type Attributes = Readonly<Record<string, string | number>>;

export function metricsRequest(): string {
  return JSON.stringify({ resourceMetrics: [cart(), payment()] });
}

function cart() {
  const metrics = [
    {
      name: 'http.server.requests',
      unit: '{request}',
      description: 'Requests answered',
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [
          ...counterPoints({ route: '/checkout', 'http.response.status_code': 200 }, 3),
          ...counterPoints({ route: '/checkout', 'http.response.status_code': 500 }, 1),
          ...counterPoints({ route: '/cart', 'http.response.status_code': 200 }, 10),
        ],
      },
    },
    {
      name: 'process.memory.usage',
      unit: 'By',
      description: 'Memory in use',
      gauge: { dataPoints: points((i) => ({ asInt: String(1_000_000 + 1000 * (i % 7)) })) },
    },
    {
      name: 'queue.depth',
      gauge: {
        dataPoints: points((i) => ({ asDouble: i / 8, attributes: attributes({ 'queue name': 'größe "x"' }) })),
      },
    },
    {
      name: 'http.server.request.duration',
      unit: 's',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: points((i) => ({
          count: String(6 * i),
          sum: 1.75 * i,
          bucketCounts: [2 * i, 3 * i, i].map(String),
          explicitBounds: [0.1, 0.5],
        })),
      },
    },
    {
      name: 'payment.amount',
      unit: 'EUR',
      exponentialHistogram: {
        aggregationTemporality: 2,
        dataPoints: points((i) => ({
          count: String(4 * i),
          sum: 61.5 * i,
          scale: 1,
          zeroCount: String(i),
          positive: { offset: 2, bucketCounts: [i, 0, i].map(String) },
          negative: { offset: -1, bucketCounts: [String(i)] },
        })),
      },
    },
    {
      name: 'gc.pause',
      unit: 'ms',
      summary: {
        dataPoints: points((i) => ({
          count: String(i),
          sum: 3 * i,
          quantileValues: [
            { quantile: 0.5, value: 2 },
            { quantile: 0.99, value: 4.5 },
          ],
        })),
      },
    },
  ];
  const resource = {
    'service.name': 'cart',
    'service.namespace': 'shop',
    'service.instance.id': 'cart-1',
    'host.name': 'node-1',
  };
  return { resource: { attributes: attributes(resource) }, scopeMetrics: [{ scope: { name: 'shop' }, metrics }] };
}

function payment() {
  const metrics = [
    {
      name: 'http.server.requests',
      unit: '{request}',
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: counterPoints({ route: '/pay' }, 5) },
    },
  ];
  return {
    resource: { attributes: attributes({ 'service.name': 'payment' }) },
    scopeMetrics: [{ scope: { name: 'shop' }, metrics }],
  };
}

function counterPoints(labels: Attributes, perStep: number) {
  return points((i, timeUnixNano) => ({
    asInt: String(perStep * i),
    attributes: attributes(labels),
    exemplars:
      i % 20 === 10
        ? [
            {
              timeUnixNano,
              asDouble: 0.25 * perStep,
              traceId: `5b8efff798038103d269b633813fc6${String(i).padStart(2, '0')}`,
              spanId: 'eee19b7ec3c1b174',
              filteredAttributes: attributes({ user: `u${i}` }),
            },
          ]
        : [],
  }));
}

function points<Value extends object>(pointAt: (i: number, timeUnixNano: string) => Value) {
  return Array.from({ length: POINTS }, (_, i) => {
    const timeUnixNano = `${START_S + STEP_S * i}000000000`;
    return { startTimeUnixNano: `${START_S}000000000`, timeUnixNano, ...pointAt(i, timeUnixNano) };
  });
}

function attributes(labels: Attributes) {
  return Object.entries(labels).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}

// The requests of test/data: a small shop on 14 November 2023, with readable values that tests can name.

import type { Signal } from '../../src/schema/column-declaration.js';
import type { FieldValue, Message } from './message.js';

const START = 1_700_000_000_000_000_000n;
const MS = 1_000_000n;
const TRACE = hex('5b8efff798038103d269b633813fc60c');
const CHECKOUT_SPAN = hex('eee19b7ec3c1b174');
const PAYMENT_SPAN = hex('eee19b7ec3c1b175');

function hex(digits: string): Uint8Array {
  return Buffer.from(digits, 'hex');
}

function anyValue(value: string | number | bigint | boolean | readonly (string | number)[]): Message {
  if (typeof value === 'string') return { string_value: value };
  if (typeof value === 'boolean') return { bool_value: value };
  if (typeof value === 'bigint') return { int_value: value };
  if (typeof value === 'number') return { double_value: value };
  return { array_value: { values: value.map(anyValue) } };
}

function attributes(values: Record<string, Parameters<typeof anyValue>[0]>): Message[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

const cart = {
  attributes: attributes({
    'service.name': 'cart',
    'service.namespace': 'shop',
    'service.instance.id': 'cart-1',
    'host.name': 'node-1',
  }),
};
const payment = { attributes: attributes({ 'service.name': 'payment', 'service.namespace': 'shop' }) };
const scope = { name: 'shop.instrumentation', version: '1.2.0', attributes: attributes({ edition: 'community' }) };

const logs: Message = {
  resource_logs: [
    {
      resource: cart,
      scope_logs: [
        {
          scope,
          log_records: [
            {
              time_unix_nano: START,
              observed_time_unix_nano: START + 2n * MS,
              severity_number: 9,
              severity_text: 'INFO',
              body: anyValue('item added to cart'),
              attributes: attributes({ 'item.id': 'sku-17', 'item.count': 2n, 'item.price': 9.5, gift: false }),
              trace_id: TRACE,
              span_id: CHECKOUT_SPAN,
              flags: 1,
            },
            {
              time_unix_nano: START + 1_000n * MS,
              observed_time_unix_nano: START + 1_001n * MS,
              severity_number: 17,
              severity_text: 'ERROR',
              event_name: 'cart.rejected',
              body: { kvlist_value: { values: attributes({ reason: 'too many items', limit: 100n }) } },
              attributes: attributes({ tags: ['limits', 'cart'] }),
              dropped_attributes_count: 3,
            },
          ],
        },
      ],
    },
    {
      resource: payment,
      scope_logs: [
        {
          log_records: [
            {
              observed_time_unix_nano: START + 1_500n * MS,
              severity_number: 13,
              body: anyValue('card "4711" declined'),
            },
          ],
        },
      ],
    },
  ],
};

const traces: Message = {
  resource_spans: [
    {
      resource: cart,
      scope_spans: [
        {
          scope,
          spans: [
            {
              trace_id: TRACE,
              span_id: CHECKOUT_SPAN,
              name: 'POST /checkout',
              kind: 2,
              start_time_unix_nano: START,
              end_time_unix_nano: START + 250n * MS,
              attributes: attributes({ 'http.request.method': 'POST', 'http.response.status_code': 200n }),
              events: [
                { time_unix_nano: START + 10n * MS, name: 'cart loaded', attributes: attributes({ items: 2n }) },
                { time_unix_nano: START + 240n * MS, name: 'receipt sent' },
              ],
              status: { code: 1 },
              flags: 257,
            },
          ],
        },
      ],
    },
    {
      resource: payment,
      scope_spans: [
        {
          scope: { name: 'shop.payment' },
          spans: [
            {
              trace_id: TRACE,
              span_id: PAYMENT_SPAN,
              parent_span_id: CHECKOUT_SPAN,
              trace_state: 'vendor=1',
              name: 'charge card',
              kind: 3,
              start_time_unix_nano: START + 20n * MS,
              end_time_unix_nano: START + 220n * MS,
              links: [
                {
                  trace_id: hex('0af7651916cd43dd8448eb211c80319c'),
                  span_id: hex('b7ad6b7169203331'),
                  attributes: attributes({ 'retry.of': 'earlier attempt' }),
                  flags: 1,
                },
              ],
              status: { code: 2, message: 'card declined' },
              dropped_events_count: 1,
            },
          ],
        },
      ],
    },
  ],
};

const pointTimes = { start_time_unix_nano: START, time_unix_nano: START + 60_000n * MS };
const DELTA = 1;
const CUMULATIVE = 2;

const metrics: Message = {
  resource_metrics: [
    {
      resource: cart,
      scope_metrics: [
        {
          scope,
          metrics: [
            {
              name: 'process.memory.usage',
              description: 'Memory in use',
              unit: 'By',
              gauge: {
                data_points: [{ ...pointTimes, as_int: 134_217_728n, attributes: attributes({ state: 'used' }) }],
              },
            },
            {
              name: 'system.cpu.utilization',
              unit: '1',
              gauge: { data_points: [{ time_unix_nano: START + 60_000n * MS, as_double: 0.25 }] },
            },
            {
              name: 'http.server.requests',
              unit: '{request}',
              sum: {
                aggregation_temporality: CUMULATIVE,
                is_monotonic: true,
                data_points: [
                  {
                    ...pointTimes,
                    as_int: 42n,
                    attributes: attributes({ route: '/checkout' }),
                    exemplars: [
                      { time_unix_nano: START + 250n * MS, as_int: 1n, trace_id: TRACE, span_id: CHECKOUT_SPAN },
                    ],
                  },
                ],
              },
            },
            {
              name: 'http.server.request.duration',
              unit: 's',
              histogram: {
                aggregation_temporality: DELTA,
                data_points: [
                  {
                    ...pointTimes,
                    count: 6n,
                    sum: 1.75,
                    min: 0.05,
                    max: 0.75,
                    bucket_counts: [2n, 3n, 1n],
                    explicit_bounds: [0.1, 0.5],
                  },
                ],
              },
            },
          ],
        },
      ],
    },
    {
      resource: payment,
      scope_metrics: [
        {
          scope: { name: 'shop.payment' },
          metrics: [
            {
              name: 'payment.amount',
              unit: 'EUR',
              exponential_histogram: {
                aggregation_temporality: DELTA,
                data_points: [
                  {
                    ...pointTimes,
                    count: 5n,
                    sum: 61.5,
                    scale: 1,
                    zero_count: 1n,
                    zero_threshold: 0.01,
                    positive: { offset: 2, bucket_counts: [1n, 0n, 2n] },
                    negative: { offset: -1, bucket_counts: [1n] },
                  },
                ],
              },
            },
            {
              name: 'payment.latency',
              unit: 'ms',
              summary: {
                data_points: [
                  {
                    ...pointTimes,
                    count: 10n,
                    sum: 1234.5,
                    quantile_values: [
                      { quantile: 0.5, value: 100 },
                      { quantile: 0.99, value: 400.5 },
                    ],
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
};

export const fixtureRequests: Record<Signal, Message> = { logs, traces, metrics };

/** The same request as several: one per resource. */
export function requestPerResource(request: Message): Message[] {
  return Object.entries(request).flatMap(([groups, items]) =>
    (items as FieldValue[]).map((item): Message => ({ [groups]: [item] })),
  );
}

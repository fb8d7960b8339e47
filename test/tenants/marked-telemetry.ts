// Telemetry of a tenant in which every text that answers can show has a mark, so that a row of another tenant is found in any
// answer. Ids, times and some names are the same for all tenants: nothing else keeps their rows apart.

import type { Signal } from '../../src/schema/column-declaration.js';
import type { Message } from '../oracle/message.js';

/** Trace ids that all tenants have. */
export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

const text = (key: string, string_value: string) => ({ key, value: { string_value } });

/** What one request says, of a time and with a number. */
export function markedRequest(signal: Signal, mark: string, timeMs: number, number: number): Message {
  const at = BigInt(timeMs) * 1_000_000n;
  const resource = {
    attributes: [
      text('service.name', `service-${mark}`),
      text('service.namespace', `namespace-${mark}`),
      text(`resource.${mark}`, `resource-value-${mark}`),
      text('shared.resource', `shared-${mark}`),
    ],
  };
  const scope = {
    name: `scope-${mark}`,
    version: `version-${mark}`,
    attributes: [text('scope.key', `scope-value-${mark}`)],
  };
  const attributes = [text('shared', `value-${mark}`), text(`own.${mark}`, `own-value-${mark}`)];
  switch (signal) {
    case 'logs':
      return {
        resource_logs: [
          {
            resource,
            scope_logs: [
              {
                scope,
                log_records: [1, 2, 3].map((i) => ({
                  time_unix_nano: at + BigInt(i) * 1_000_000n,
                  severity_number: 17,
                  severity_text: `ERROR-${mark}`,
                  event_name: `event-${mark}`,
                  trace_id: Buffer.from(TRACE_ID, 'hex'),
                  span_id: Buffer.alloc(8, 1),
                  body: { string_value: `request ${number * 10 + i} of ${mark} failed level=error user=user-${mark}` },
                  attributes,
                })),
              },
            ],
          },
        ],
      };
    case 'traces':
      return {
        resource_spans: [
          {
            resource,
            scope_spans: [
              {
                scope,
                spans: [1, 2].map((i) => ({
                  trace_id: Buffer.from(TRACE_ID, 'hex'),
                  span_id: Buffer.from(`${mark}-${number}-${i}`.padEnd(8, '-').slice(-8)),
                  ...(i === 2 && { parent_span_id: Buffer.from(`${mark}-${number}-1`.padEnd(8, '-').slice(-8)) }),
                  name: `span-${mark}`,
                  kind: i === 1 ? 2 : 3,
                  start_time_unix_nano: at + BigInt(i) * 1_000_000n,
                  end_time_unix_nano: at + BigInt(i) * 1_000_000n + 600_000_000n,
                  status: { code: 2, message: `status-${mark}` },
                  trace_state: `state=${mark}`,
                  attributes: [...attributes, ...(i === 2 ? [text('peer.service', `peer-${mark}`)] : [])],
                  events: [{ name: `span-event-${mark}`, time_unix_nano: at, attributes }],
                })),
              },
            ],
          },
        ],
      };
    case 'metrics': {
      const point = { time_unix_nano: at, start_time_unix_nano: at - 60_000_000_000n, attributes };
      const exemplars = [
        {
          time_unix_nano: at,
          as_double: 1,
          trace_id: Buffer.from(TRACE_ID, 'hex'),
          span_id: Buffer.alloc(8, 1),
          filtered_attributes: [text('exemplar', `exemplar-${mark}`)],
        },
      ];
      return {
        resource_metrics: [
          {
            resource,
            scope_metrics: [
              {
                scope,
                metrics: [
                  {
                    name: 'shared.gauge',
                    description: `gauge of ${mark}`,
                    unit: `unit-${mark}`,
                    gauge: { data_points: [{ ...point, as_double: number }] },
                  },
                  { name: `own.${mark}`, gauge: { data_points: [{ ...point, as_double: number }] } },
                  {
                    name: 'shared.sum',
                    description: `sum of ${mark}`,
                    sum: {
                      data_points: [{ ...point, as_int: BigInt(number), exemplars }],
                      aggregation_temporality: 2,
                      is_monotonic: true,
                    },
                  },
                  {
                    name: 'shared.histogram',
                    histogram: {
                      data_points: [
                        { ...point, count: 3n, sum: 6, bucket_counts: [1n, 2n], explicit_bounds: [1], exemplars },
                      ],
                      aggregation_temporality: 2,
                    },
                  },
                  {
                    name: 'shared.exp',
                    exponential_histogram: {
                      data_points: [{ ...point, count: 2n, sum: 3, scale: 0, positive: { bucket_counts: [2n] } }],
                      aggregation_temporality: 2,
                    },
                  },
                  { name: 'shared.summary', summary: { data_points: [{ ...point, count: 3n, sum: 6 }] } },
                ],
              },
            ],
          },
        ],
      };
    }
  }
}

// Small export requests in protobuf, whose rows tests tell apart by number.

import type { Signal } from '../../src/schema/column-declaration.js';
import { encodeProtobuf } from '../oracle/encode-protobuf.js';
import type { Message } from '../oracle/message.js';

/** A request of `count` log records, whose bodies are `<prefix>0`, `<prefix>1`, … or begin at another number. */
export function logsRequest(count: number, prefix = 'log ', first = 0): Uint8Array {
  return request('logs', {
    resource_logs: [
      {
        scope_logs: [
          {
            log_records: numbered(count, (i) => ({
              time_unix_nano: timeOf(i),
              body: { string_value: `${prefix}${first + i}` },
            })),
          },
        ],
      },
    ],
  });
}

export function spansRequest(count: number, prefix = 'span '): Uint8Array {
  return request('traces', {
    resource_spans: [
      {
        scope_spans: [
          {
            spans: numbered(count, (i) => ({
              trace_id: Buffer.alloc(16, 1 + (i % 255)),
              span_id: Buffer.alloc(8, 1 + (i % 255)),
              name: `${prefix}${i}`,
              start_time_unix_nano: timeOf(i),
              end_time_unix_nano: timeOf(i) + 5_000n,
            })),
          },
        ],
      },
    ],
  });
}

/** A request of one point of each of the five kinds of metric. */
export function metricsRequest(): Uint8Array {
  const time = { time_unix_nano: timeOf(0) };
  return request('metrics', {
    resource_metrics: [
      {
        scope_metrics: [
          {
            metrics: [
              { name: 'a.gauge', gauge: { data_points: [{ ...time, as_double: 1.5 }] } },
              { name: 'a.sum', sum: { data_points: [{ ...time, as_int: 7n }], is_monotonic: true } },
              { name: 'a.histogram', histogram: { data_points: [{ ...time, count: 1n, bucket_counts: [1n] }] } },
              { name: 'an.exp', exponential_histogram: { data_points: [{ ...time, count: 2n, scale: 3 }] } },
              { name: 'a.summary', summary: { data_points: [{ ...time, count: 3n, sum: 6 }] } },
            ],
          },
        ],
      },
    ],
  });
}

/** A valid request of `bytes` bytes or a little more with a single row, of text that compresses well. */
export function largeLogRequest(bytes: number): Uint8Array {
  return request('logs', {
    resource_logs: [{ scope_logs: [{ log_records: [{ body: { string_value: 'x'.repeat(bytes) } }] }] }],
  });
}

export const pathOf: Readonly<Record<Signal, string>> = {
  logs: '/v1/logs',
  traces: '/v1/traces',
  metrics: '/v1/metrics',
};

function request(signal: Signal, message: Message): Uint8Array {
  return encodeProtobuf(signal, message);
}

function numbered(count: number, of: (i: number) => Message): Message[] {
  return Array.from({ length: count }, (_, i) => of(i));
}

function timeOf(i: number): bigint {
  return 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n;
}

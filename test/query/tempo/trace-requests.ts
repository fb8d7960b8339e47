// Requests of small traces.

import type { Message } from '../../oracle/message.js';

/** 2025-10-09T08:53:20Z. */
export const START_S = 1_760_000_000;
export const START_NS = BigInt(START_S) * 1_000_000_000n;
export const text = (key: string, string_value: string) => ({ key, value: { string_value } });

/** A request of spans of one trace and service. */
export function spans(trace: number, service: string, list: readonly Message[]): Message {
  return {
    resource_spans: [
      {
        resource: { attributes: [text('service.name', service)] },
        scope_spans: [
          {
            scope: { name: 'lib' },
            spans: list.map((span) => ({
              trace_id: Buffer.from(trace.toString(16).padStart(32, '0'), 'hex'),
              ...span,
            })),
          },
        ],
      },
    ],
  };
}

/** A span that starts so many seconds after START_S. */
export function span(id: number, second: number, rest: Message = {}): Message {
  const start_time_unix_nano = START_NS + BigInt(second) * 1_000_000_000n;
  return {
    span_id: Buffer.alloc(8, id),
    start_time_unix_nano,
    end_time_unix_nano: start_time_unix_nano + 250_000_001n,
    ...rest,
  };
}

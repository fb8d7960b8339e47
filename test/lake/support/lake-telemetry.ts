// Logs whose bodies are numbers, so that sums over a full scan say whether all of them are there, once.

import { encodeProtobuf } from '../../oracle/encode-protobuf.js';

export const DAY_NS = 86_400_000_000_000n;
/** 2023-11-14 22:13:20 UTC. */
export const FIRST_NS = 1_700_000_000_000_000_000n;

export interface NumberedLogs {
  /** Body of the first record; the next ones count on. */
  readonly first?: number;
  readonly count: number;
  readonly service?: string;
  readonly resource?: Readonly<Record<string, string>>;
  readonly scope?: Readonly<Record<string, string>>;
  /** Time of the i-th record. */
  readonly timeNs?: (i: number) => bigint;
}

export function numberedLogs({ first = 0, count, service = 'shop', ...rest }: NumberedLogs): Uint8Array {
  const timeNs = rest.timeNs ?? ((i) => FIRST_NS + BigInt(i) * 1_000_000n);
  return encodeProtobuf('logs', {
    resource_logs: [
      {
        resource: { attributes: attributes({ 'service.name': service, ...rest.resource }) },
        scope_logs: [
          {
            scope: { name: 'test', attributes: attributes(rest.scope ?? {}) },
            log_records: Array.from({ length: count }, (_, i) => ({
              time_unix_nano: timeNs(i),
              body: { string_value: String(first + i) },
            })),
          },
        ],
      },
    ],
  });
}

/** What a full scan finds of numbered logs. */
export function sums(table: string): string {
  return `SELECT count(*)::INTEGER AS rows, count(DISTINCT body)::INTEGER AS numbers, sum(body::BIGINT)::BIGINT AS total
    FROM ${table}`;
}

/** What `sums` finds when every number below `end` is there once. */
export function allBelow(end: number): { rows: number; numbers: number; total: string } {
  return { rows: end, numbers: end, total: String((end * (end - 1)) / 2) };
}

function attributes(values: Readonly<Record<string, string>>) {
  return Object.entries(values).map(([key, value]) => ({ key, value: { string_value: value } }));
}

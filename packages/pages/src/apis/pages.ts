// What our own server answers beside the APIs of others.

import { getJson } from '../http.js';

export interface Point {
  readonly bucket: number;
  readonly requests: number;
  readonly errors: number;
  readonly p95_ms: number | null;
}

export interface ServiceRow {
  readonly service: string | null;
  readonly requests: number;
  readonly errors: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly spans: number;
  readonly logs: number;
  readonly error_logs: number;
  readonly last_ms: number;
  readonly points: readonly Point[] | null;
}

export interface OperationRow extends Omit<ServiceRow, 'service' | 'spans' | 'logs' | 'error_logs'> {
  readonly operation: string | null;
  /** Whether it is a way into the service, not work inside it. */
  readonly is_entry: boolean;
}

export interface CallRow {
  readonly client: string;
  readonly server: string;
  readonly connection_type: string;
  readonly calls: number;
  readonly errors: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
}

export interface CauseRow {
  readonly rank: number;
  readonly service: string;
  readonly operation: string;
  readonly score: number;
  readonly traces: number;
  readonly errors: number;
  readonly expected_errors: number | null;
  readonly self_ms: number | null;
  readonly expected_self_ms: number | null;
  readonly coverage: number | null;
  readonly evidence: string;
}

export type ListRow = Readonly<Record<string, string | number | boolean | null>>;

interface Answers {
  readonly services: ServiceRow;
  readonly operations: OperationRow;
  readonly map: CallRow;
  readonly causes: CauseRow;
  readonly servers: ListRow;
  readonly seals: ListRow;
  readonly 'dead-letters': ListRow;
  readonly queries: ListRow;
}

export interface PageTimes {
  readonly startMs?: number;
  readonly endMs?: number;
  readonly buckets?: number;
  readonly service?: string;
}

/** Points of a sparkline. */
export const BUCKETS = 40;

export async function pageRows<Name extends keyof Answers>(
  name: Name,
  { startMs, endMs, buckets, service }: PageTimes,
  signal: AbortSignal,
): Promise<readonly Answers[Name][]> {
  const whole = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms));
  const query = { start: whole(startMs), end: whole(endMs), buckets, service };
  const { rows } = await getJson<{ rows: readonly Answers[Name][] }>(`/ui/api/${name}`, query, signal);
  return rows;
}

/** The values of all buckets, in their order. */
export function bucketValues(
  points: readonly Point[] | null,
  value: (point: Point) => number | null,
  absent: number | null,
): (number | null)[] {
  const values = new Array<number | null>(BUCKETS).fill(absent);
  for (const point of points ?? []) values[point.bucket] = value(point);
  return values;
}

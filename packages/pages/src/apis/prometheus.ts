import { getJson, postForm } from '../http.js';
import type { Labels, Series } from './loki.js';

interface RangeAnswer {
  readonly data: {
    readonly resultType: 'matrix';
    readonly result: readonly {
      readonly metric: Labels;
      readonly values?: readonly (readonly [number, string])[];
      readonly histograms?: readonly (readonly [number, { readonly count: string; readonly sum: string }])[];
    }[];
  };
  readonly warnings?: readonly string[];
}

export interface RangeResult {
  readonly series: readonly Series[];
  readonly warnings: readonly string[];
}

export async function queryRange(
  { query, startMs, endMs, stepS }: { query: string; startMs: number; endMs: number; stepS: number },
  signal: AbortSignal,
): Promise<RangeResult> {
  // On whole steps: what is asked a moment later has the same points.
  const start = Math.floor(startMs / 1000 / stepS) * stepS;
  const end = Math.ceil(endMs / 1000 / stepS) * stepS;
  const { data, warnings = [] } = await postForm<RangeAnswer>(
    '/api/v1/query_range',
    { query, start, end, step: stepS },
    signal,
  );
  const series = data.result.map(({ metric, values, histograms = [] }) => ({
    labels: metric,
    // Of a native histogram, how many observations there were.
    points:
      values?.map(([at, value]) => [at, Number(value)] as const) ??
      histograms.map(([at, { count }]) => [at, Number(count)] as const),
  }));
  return { series, warnings };
}

export interface MetricMeta {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

export async function metricMetadata(signal: AbortSignal): Promise<Readonly<Record<string, readonly MetricMeta[]>>> {
  return (await getJson<{ data?: Record<string, readonly MetricMeta[]> }>('/api/v1/metadata', {}, signal)).data ?? {};
}

export async function metricNames(times: { startMs: number; endMs: number }, signal: AbortSignal) {
  return labelValues('__name__', times, signal);
}

export async function labelNames(
  metric: string | undefined,
  { startMs, endMs }: { startMs: number; endMs: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const query = { start: startMs / 1000, end: endMs / 1000, 'match[]': metric };
  return (await getJson<{ data?: readonly string[] }>('/api/v1/labels', query, signal)).data ?? [];
}

export async function labelValues(
  name: string,
  { startMs, endMs }: { startMs: number; endMs: number },
  signal: AbortSignal,
  metric?: string,
): Promise<readonly string[]> {
  const query = { start: startMs / 1000, end: endMs / 1000, 'match[]': metric };
  const path = `/api/v1/label/${encodeURIComponent(name)}/values`;
  return (await getJson<{ data?: readonly string[] }>(path, query, signal)).data ?? [];
}

/** How a series is written. */
export function seriesName({ __name__: name = '', ...labels }: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return pairs.length === 0 ? name || '{}' : `${name}{${pairs.join(', ')}}`;
}

import { millis } from '../format.js';
import { askJson, getJson, withQuery } from '../http.js';

export type Labels = Readonly<Record<string, string>>;

export interface LogLine {
  /** Nanoseconds since 1970. */
  readonly at: string;
  readonly atMs: number;
  readonly line: string;
  readonly labels: Labels;
  /** What is told of the line beside its labels, such as its trace. */
  readonly fields: Labels;
}

export interface Series {
  readonly labels: Labels;
  readonly points: readonly (readonly [number, number])[];
}

interface Stream {
  readonly stream: Labels;
  readonly values: readonly (readonly [string, string, { structuredMetadata?: Labels; parsed?: Labels }?])[];
}
interface QueryAnswer {
  readonly data:
    | { readonly resultType: 'streams'; readonly result: readonly Stream[] }
    | {
        readonly resultType: 'matrix';
        readonly result: readonly {
          readonly metric: Labels;
          readonly values: readonly (readonly [number, string])[];
        }[];
      };
}

/** Labels of the stream and fields of the line apart. */
const CATEGORIZED = { 'x-loki-response-encoding-flags': 'categorize-labels' };

export type LogAnswer =
  | { readonly kind: 'lines'; readonly lines: readonly LogLine[] }
  | { readonly kind: 'series'; readonly series: readonly Series[] };

export async function queryLogs(
  query: {
    readonly query: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly limit?: number;
    readonly stepS?: number;
    readonly direction?: 'forward' | 'backward';
  },
  signal: AbortSignal,
): Promise<LogAnswer> {
  const path = withQuery('/loki/api/v1/query_range', {
    query: query.query,
    start: nanoText(query.startMs),
    end: nanoText(query.endMs),
    limit: query.limit,
    step: query.stepS,
    direction: query.direction,
  });
  const { data } = await askJson<QueryAnswer>(path, { signal, headers: CATEGORIZED });
  if (data.resultType === 'matrix') {
    const series = data.result.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([at, value]) => [at, Number(value)] as const),
    }));
    return { kind: 'series', series };
  }
  const lines = linesOf(data.result);
  const sign = query.direction === 'forward' ? 1 : -1;
  return { kind: 'lines', lines: lines.toSorted((left, right) => sign * compareTimes(left.at, right.at)) };
}

export function linesOf(streams: readonly Stream[]): LogLine[] {
  return streams.flatMap(({ stream, values }) =>
    values.map(([at, line, more]) => ({
      at,
      atMs: millis(at),
      line,
      labels: stream,
      fields: { ...more?.structuredMetadata, ...more?.parsed },
    })),
  );
}

function compareTimes(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}

export async function labelNames(times: { startMs: number; endMs: number }, signal: AbortSignal) {
  const query = { start: nanoText(times.startMs), end: nanoText(times.endMs) };
  return (await getJson<{ data?: readonly string[] }>('/loki/api/v1/labels', query, signal)).data ?? [];
}

export async function labelValues(name: string, times: { startMs: number; endMs: number }, signal: AbortSignal) {
  const query = { start: nanoText(times.startMs), end: nanoText(times.endMs) };
  const path = `/loki/api/v1/label/${encodeURIComponent(name)}/values`;
  return (await getJson<{ data?: readonly string[] }>(path, query, signal)).data ?? [];
}

export interface DetectedField {
  readonly label: string;
  readonly type: string;
  readonly cardinality: number;
  readonly parsers?: readonly string[] | null;
}

export async function detectedFields(
  query: string,
  times: { startMs: number; endMs: number },
  signal: AbortSignal,
): Promise<readonly DetectedField[]> {
  const asked = { query, start: nanoText(times.startMs), end: nanoText(times.endMs), line_limit: 200 };
  const answer = await getJson<{ fields?: readonly DetectedField[] | null }>(
    '/loki/api/v1/detected_fields',
    asked,
    signal,
  );
  return answer.fields ?? [];
}

/** Lines as they come in. Ends when `signal` is aborted. */
export function tailLogs(
  query: string,
  heard: {
    readonly lines: (lines: readonly LogLine[], dropped: number) => void;
    readonly ended: (reason: string) => void;
  },
  signal: AbortSignal,
): void {
  const url = new URL(`/loki/api/v1/tail?${new URLSearchParams({ query, limit: '50' })}`, window.location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url);
  signal.addEventListener('abort', () => socket.close());
  socket.addEventListener('message', ({ data }) => {
    const { streams = [], dropped_entries: dropped } = JSON.parse(String(data)) as {
      streams?: readonly Stream[];
      dropped_entries?: readonly unknown[] | null;
    };
    heard.lines(linesOf(streams), dropped?.length ?? 0);
  });
  socket.addEventListener(
    'close',
    ({ reason }) => signal.aborted || heard.ended(reason || 'the connection was closed'),
  );
}

function nanoText(ms: number): string {
  return `${Math.round(ms)}000000`;
}

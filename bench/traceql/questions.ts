// What the bench asks, as paths of Tempo's API, and what of an answer is compared.

import { messageType } from '../../src/load/protobuf-requests.js';
import type { SampledTrace } from '../data/spans.js';

export interface Question {
  readonly path: string;
  readonly accept: 'application/protobuf' | 'application/json';
}

/** Questions of one kind, which differ so that no answer can be remembered. */
export interface QuestionKind {
  readonly name: string;
  readonly asks: readonly Question[];
  /** Questions with a whole answer, which any order of traces gives. */
  readonly checks: readonly Question[];
  /** What of an answer must be equal. */
  readonly told: (body: Uint8Array) => ReadonlyMap<string, number>;
}

export interface AskedRange {
  readonly startS: number;
  readonly endS: number;
}

/** Times of sum and average are added up in another order. */
export const RELATIVE_TOLERANCE = 1e-6;
const METRICS_ASKS = 12;
const SEARCHES = 12;
const CHECKED_TRACES = 40;

export function questionKinds(samples: readonly SampledTrace[], range: AskedRange): readonly QuestionKind[] {
  const trace = ({ traceId }: SampledTrace): Question => ({
    path: `/api/v2/traces/${traceId}`,
    accept: 'application/protobuf',
  });
  const traces = (name: string, chosen: readonly SampledTrace[]): QuestionKind => ({
    name: `trace by id, ${name}`,
    asks: chosen.map(trace),
    checks: chosen.slice(0, CHECKED_TRACES).map(trace),
    told: spansOfTrace,
  });
  const search = (name: string, queries: readonly string[]): QuestionKind => ({
    name,
    asks: Array.from({ length: SEARCHES }, (_, i) =>
      json('/api/search', { q: queries[i % queries.length]!, limit: 20, start: range.startS, end: range.endS }),
    ),
    // All that the first query finds.
    checks: [json('/api/search', { q: queries[0]!, limit: 100_000, start: range.startS, end: range.endS })],
    told: tracesFound,
  });
  const metrics = (q: string, step: number): QuestionKind => {
    const question = json('/api/metrics/query_range', {
      q,
      step: `${step}s`,
      exemplars: 0,
      start: range.startS,
      end: range.endS,
    });
    return {
      name: `metrics: ${q}`.replaceAll('|', '\\|'),
      asks: Array<Question>(METRICS_ASKS).fill(question),
      checks: [question],
      told: samplesOf,
    };
  };
  const short = samples.filter(({ lengthMs }) => lengthMs < 60_000);
  const long = samples.filter(({ lengthMs }) => lengthMs >= 60_000);
  const users = Array.from({ length: SEARCHES }, (_, i) => `user-${137 + i * 1009}`);
  return [
    traces('of seconds', short),
    traces('of minutes to an hour', long),
    search(
      'search: a rare attribute',
      users.map((user) => `{ span.user.id = "${user}" }`),
    ),
    search(
      'search: a common attribute',
      [500, 503, 504].map((status) => `{ span.http.response.status_code = ${status} }`),
    ),
    search(
      'search: service and duration',
      ['search', 'payment', 'warehouse'].map(
        (service) => `{ resource.service.name = "${service}" && duration > 400ms }`,
      ),
    ),
    search(
      'structural: A >> rare B',
      ['504', '200'].map(
        (status) =>
          `{ resource.service.name = "gateway" } >> { span.peer.service = "bank" && span.http.response.status_code = ${status} && span.payment.card = "amex" }`,
      ),
    ),
    search(
      'structural: rare A > B',
      ['deadline exceeded', 'declined'].map(
        (text) => `{ statusMessage = "${text}" && kind = server } > { kind = client }`,
      ),
    ),
    search('structural: A ~ B', ['{ span.db.system = "redis" } ~ { span.db.system = "postgresql" && status = error }']),
    metrics('{ } | rate() by (resource.service.name)', 60),
    metrics('{ status = error } | rate() by (span.http.route)', 60),
    metrics('{ kind = server } | quantile_over_time(duration, .5, .99) by (resource.service.name)', 60),
    metrics('{ resource.service.name = "gateway" } >> { span.peer.service = "bank" && status = error } | rate()', 60),
  ];
}

function json(path: string, parameters: Readonly<Record<string, string | number>>): Question {
  const form = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return { path: `${path}?${form.toString()}`, accept: 'application/json' };
}

const tracesData = messageType('trace/v1/trace.proto', 'trace.v1.TracesData');

interface SentTrace {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly {
      readonly spans?: readonly { readonly spanId: Uint8Array; readonly endTimeUnixNano: number }[];
    }[];
  }[];
}

/** Ends of the spans. The message begins with the trace, in a field of its own that reads like TracesData. */
function spansOfTrace(body: Uint8Array): ReadonlyMap<string, number> {
  const spans = new Map<string, number>();
  const trace = lengthDelimited(body);
  const { resourceSpans = [] } = tracesData.toObject(tracesData.decode(trace), { longs: Number }) as SentTrace;
  for (const { scopeSpans = [] } of resourceSpans) {
    for (const { spans: list = [] } of scopeSpans) {
      for (const { spanId, endTimeUnixNano } of list) {
        spans.set(Buffer.from(spanId).toString('hex'), endTimeUnixNano);
      }
    }
  }
  return spans;
}

/** What the first field holds. */
function lengthDelimited(body: Uint8Array): Uint8Array {
  let [place, length, shift] = [1, 0, 0];
  for (let byte = 128; byte >= 128; shift += 7) {
    byte = body[place++] ?? 0;
    length += (byte & 127) * 2 ** shift;
  }
  return body.subarray(place, place + length);
}

/** How many spans matched, by trace. */
function tracesFound(body: Uint8Array): ReadonlyMap<string, number> {
  const { traces = [] } = JSON.parse(Buffer.from(body).toString()) as {
    traces?: readonly { readonly traceID: string; readonly spanSets?: readonly { readonly matched?: number }[] }[];
  };
  return new Map(
    traces.map(({ traceID, spanSets = [] }) => [
      traceID.padStart(32, '0'),
      spanSets.reduce((sum, { matched = 0 }) => sum + matched, 0),
    ]),
  );
}

function samplesOf(body: Uint8Array): ReadonlyMap<string, number> {
  const { series = [] } = JSON.parse(Buffer.from(body).toString()) as {
    series?: readonly {
      readonly labels?: readonly { readonly key: string }[];
      readonly samples?: readonly { readonly timestampMs: string; readonly value?: number }[];
    }[];
  };
  return new Map(
    series.flatMap(({ labels = [], samples = [] }) => {
      const name = JSON.stringify([...labels].sort((a, b) => (a.key < b.key ? -1 : 1)));
      // A count of nothing is a sample of Tempo's and none of ours, or the other way round.
      return samples
        .filter(({ value = 0 }) => value !== 0)
        .map(({ timestampMs, value = 0 }): [string, number] => [`${name} ${timestampMs}`, value]);
    }),
  );
}

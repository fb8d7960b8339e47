// Requests of Prometheus's API, to which a real Prometheus was asked for the answers (answers.json).

import { END_S, START_S } from './sent-metrics.js';

type Parameters = Readonly<Record<string, string | number | readonly string[]>>;

export interface ApiRequest {
  readonly path: string;
  readonly parameters: Parameters;
}

const AT = START_S + 300;
const RANGE = { start: AT, end: AT + 60, step: 30 };
const TIMES = { start: START_S, end: END_S };

const instants = [
  'http_server_requests_total',
  '{__name__=~"http_server_.+_total", route!="/cart"}',
  'sum by (job) (rate(http_server_requests_total[2m]))',
  'topk(1, http_server_requests_total)',
  'http_server_requests_total[30s]',
  'sum_over_time(process_memory_usage_bytes[1m])',
  'rate(process_memory_usage_bytes[1m])',
  'queue_depth',
  'histogram_quantile(0.9, rate(http_server_request_duration_seconds_bucket[2m]))',
  'http_server_request_duration_seconds_bucket',
  'payment_amount_EUR',
  'histogram_quantile(0.5, payment_amount_EUR)',
  'rate(payment_amount_EUR[2m])',
  'payment_amount_EUR[20s]',
  'sum(payment_amount_EUR) + 1',
  'gc_pause_milliseconds',
  'gc_pause_milliseconds_sum / gc_pause_milliseconds_count',
  'target_info',
  'http_server_requests_total * on (job, instance) group_left (host_name) target_info',
  'http_server_requests_total / ignoring (route) http_server_requests_total',
  'absent(nothing)',
  'nothing',
  'vector(1) / 0',
  '-vector(1) / 0',
  '1',
  '1e21',
  '1e-7',
  'time()',
  '"a text"',
  'label_replace(queue_depth, "é", "$1", "queue_name", "(.*)")',
  'count_over_time(http_server_requests_total[5m:1m])',
  'http_server_requests_total @ 1767225660 offset 15s',
  'sum(',
  'up{',
  'rate(up)',
  'rate(http_server_requests_total[step() * 4])',
  'foo bar',
  '',
];

const ranges = [
  'http_server_requests_total{job="payment"}',
  'sum by (route) (rate(http_server_requests_total[1m]))',
  'payment_amount_EUR',
  'histogram_avg(payment_amount_EUR)',
  'queue_depth > 2.6',
  'queue_depth or payment_amount_EUR',
  'scalar(queue_depth)',
  'nothing',
  '42',
  'increase(queue_depth[1m])',
  'http_server_requests_total[1m]',
  '"a text"',
  'sum(',
];

const withTimes = (path: string, parameters: Parameters = {}): ApiRequest => ({
  path,
  parameters: { ...TIMES, ...parameters },
});

export const requests: readonly ApiRequest[] = [
  ...instants.map((query) => ({ path: 'query', parameters: { query, time: AT } })),
  ...ranges.map((query) => ({ path: 'query_range', parameters: { query, ...RANGE } })),
  ...[
    { query: 'http_server_requests_total', time: AT, limit: 2 },
    { query: 'http_server_requests_total', time: AT, limit: 4 },
    { query: 'http_server_requests_total[1m]', time: AT, limit: 1 },
    { query: '1', time: AT, limit: 1 },
    { query: '1', time: '2026-01-01T00:05:00.123Z' },
    { query: '1', time: '1767225900.5' },
    { query: 'queue_depth', time: AT + 100, lookback_delta: '1m' },
    { query: 'queue_depth', time: END_S + 100, lookback_delta: '1m' },
    { query: 'queue_depth', time: END_S + 100, lookback_delta: 'often' },
    { query: '1', time: 'x' },
    { query: '1', time: AT, timeout: 'x' },
    { query: '1', time: AT, limit: 'x' },
    { query: '1', time: AT, limit: -1 },
  ].map((parameters) => ({ path: 'query', parameters })),
  ...[
    { query: 'http_server_requests_total', ...RANGE, limit: 1 },
    { query: 'time()', start: '2026-01-01T00:05:00Z', end: '2026-01-01T01:05:30+01:00', step: '15s' },
    { query: 'time()', ...RANGE, step: 0.5, end: AT + 1 },
    { query: '1', start: AT, end: AT - 1, step: 1 },
    { query: '1', start: AT, end: AT, step: 0 },
    { query: '1', start: AT, end: AT, step: -1 },
    { query: '1', start: AT, end: AT, step: 'x' },
    { query: '1', start: AT, end: AT },
    { query: '1', end: AT, step: 1 },
    { query: '1', start: AT, step: 1 },
    { query: '1', start: 0, end: 11_001, step: 1 },
  ].map((parameters) => ({ path: 'query_range', parameters })),
  ...[
    {},
    { 'match[]': 'queue_depth' },
    { 'match[]': ['queue_depth', 'http_server_requests_total{job="payment"}'] },
    { limit: 2 },
    { 'match[]': '{}' },
    { 'match[]': 'up{' },
    { limit: 'x' },
    { start: 'x' },
    { end: 'x' },
    { 'match[]': 'queue_depth', start: END_S + 1000, end: END_S + 2000 },
  ].map((parameters) => withTimes('labels', parameters)),
  withTimes('label/__name__/values'),
  withTimes('label/__name__/values', { 'match[]': '{__name__=~"http.+"}' }),
  withTimes('label/job/values'),
  withTimes('label/job/values', { limit: 1 }),
  withTimes('label/job/values', { 'match[]': ['queue_depth', '{job="payment"}'] }),
  withTimes('label/job/values', { 'match[]': '{job=~".*"}' }),
  withTimes('label/U__job/values'),
  withTimes('label/U__queue__name/values'),
  withTimes('label/U__queue_5f_name/values'),
  withTimes('label/U__queue_zz_name/values'),
  withTimes('label/nothing/values'),
  withTimes('label/instance/values', { 'match[]': 'up{' }),
  withTimes('series', { 'match[]': 'http_server_requests_total' }),
  withTimes('series', { 'match[]': ['queue_depth', 'process_memory_usage_bytes', 'queue_depth'] }),
  withTimes('series', { 'match[]': '{__name__!=""}' }),
  withTimes('series', { 'match[]': 'nothing' }),
  withTimes('series', { 'match[]': '{a=""}' }),
  withTimes('series', { 'match[]': 'up{' }),
  withTimes('series', { 'match[]': 'queue_depth', limit: -1 }),
  withTimes('series'),
  withTimes('query_exemplars', { query: 'http_server_requests_total{job="payment"}' }),
  withTimes('query_exemplars', { query: 'sum(rate(http_server_requests_total{route="/cart"}[1m])) / nothing' }),
  withTimes('query_exemplars', { query: 'nothing' }),
  withTimes('query_exemplars', { query: '1' }),
  withTimes('query_exemplars', { query: 'sum(' }),
  withTimes('query_exemplars', { query: 'up', end: START_S - 1 }),
  // Grafana asks so, in milliseconds, whether there are exemplars at all.
  { path: 'query_exemplars', parameters: { query: 'test', start: 1000 * START_S, end: 1000 * END_S } },
  ...['sum(up)by(job)', 'sum(', ''].map((query) => ({ path: 'format_query', parameters: { query } })),
  ...['sum by (job) (rate(up{a=~"b"}[5m:1m] offset 1h))', 'sum(', ''].map((query) => ({
    path: 'parse_query',
    parameters: { query },
  })),
  ...[
    'alertmanagers',
    'alerts',
    'notifications',
    'rules',
    'scrape_pools',
    'status/walreplay',
    'targets',
    'targets/metadata',
  ].map((path) => ({ path, parameters: {} })),
];

/** The parameters of a request as a form or a URL has them. */
export function encoded({ parameters }: ApiRequest): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value].flat()) form.append(name, String(each));
  }
  return form.toString();
}

/** What identifies a request among the answers. */
export function keyOf(request: ApiRequest): string {
  return `${request.path}?${encoded(request)}`;
}

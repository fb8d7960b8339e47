// What is asked of both servers: the questions of who looks for something in logs.

import type { LogRequests } from '../data/log-requests.js';

export interface Question {
  readonly name: string;
  /** Parameters of `query_range`, but for the times. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether it is one of those that the aim is stated for. */
  readonly isAimed: boolean;
}

const ALL = '{service_namespace="shop"}';
/** Points of a graph. */
const POINTS = 250;

export function questionsAbout(requests: LogRequests, seconds: number): readonly Question[] {
  const middle = Math.floor(requests.count / 2);
  const step = Math.max(1, Math.floor(seconds / POINTS));
  const lines = (name: string, query: string): Question => ({
    name,
    parameters: { query, limit: '100' },
    isAimed: true,
  });
  const samples = (name: string, query: string): Question => ({
    name,
    parameters: { query: query.replaceAll('$step', `${step}s`), step: String(step) },
    isAimed: true,
  });
  const also = (question: Question): Question => ({ ...question, isAimed: false });
  return [
    lines('a needle by text', `${ALL} |= "${requests.requestId(middle)}"`),
    lines('a needle by trace id', `${ALL} | trace_id="${requests.traceId(middle)}"`),
    lines('errors by `| json`, 100 lines', '{service_name="checkout"} | json | level="error" | status="503"'),
    samples('sum by (level) (count_over_time)', `sum by (detected_level) (count_over_time(${ALL}[$step]))`),
    samples(
      'quantile_over_time of a field',
      'quantile_over_time(0.99, {service_name="checkout"} | json | unwrap duration_ms [5m]) by (service_name)',
    ),
    lines('the last 100 lines of a service', '{service_name="payment"}'),
    also(samples('count by an attribute', `sum by (http_route) (count_over_time({service_name="cart"}[$step]))`)),
    also(samples('count of an attribute', `sum(count_over_time(${ALL} | http_response_status_code="503" [$step]))`)),
    also(
      samples(
        'count errors by `| json`',
        `sum by (service_name) (count_over_time(${ALL} | json | level="error" | __error__="" [$step]))`,
      ),
    ),
    also(
      samples(
        'quantile of an attribute',
        `quantile_over_time(0.99, ${ALL} | unwrap duration_ms [5m]) by (service_name)`,
      ),
    ),
    also(
      lines('slow requests by `| logfmt`', '{service_name=~"cart|search"} | logfmt | duration > 150ms | level="info"'),
    ),
    also(samples('rate of a text', `sum by (service_name) (rate(${ALL} |= "deadline exceeded" [$step]))`)),
    also(samples('rate of an expression', `sum(rate(${ALL} |~ "u-10[0-9]{5}.*50[0-9]" [$step]))`)),
  ];
}

// Prometheus's HTTP API, as Grafana and promtool call it: a table of routes → questions to the engine → answers.

import { type Failure, type FailureKind, failureKinds } from '../../../base/failure.js';
import type { TableHome } from '../../../catalog/table-home.js';
import type { PromqlOptions } from '../../../schema/promql-options.js';
import { acceptsGzip } from '../../../server/read/gzip-answers.js';
import type { ReadAnswer, ReadApi, ReadRequest, ReadRoute } from '../../../server/read/read-api.js';
import { type ErrorType, errorTypeOf, errorTypes } from '../../promql/error-types.js';
import type { PromqlAnswer, PromqlQuestion, PromqlRequest } from '../../promql/promql-request.js';
import { promqlSettings, runnerLimits } from '../../promql/promql-settings.js';
import type { QueryRunner } from '../../run/query-runner.js';
import { unescapedLabelName } from './label-escapes.js';
import { BadData, Parameters } from './parameters.js';
import { serverAnswers } from './server-answers.js';

const PREFIX = '/api/v1';
const BOTH = ['GET', 'POST'] as const;
/** Entries of each list of `status/tsdb`, as many as Prometheus gives. */
const DEFAULT_CARDINALITIES = 10;
const MAX_CARDINALITIES = 10_000;

/** What the API answers from. */
export interface PrometheusParts {
  readonly runner: QueryRunner;
  readonly home: TableHome;
  readonly options: PromqlOptions;
}

/** Reads the parameters of a request. Throws what is wrong with them. */
type AskedBy = (parameters: Parameters, request: ReadRequest) => PromqlQuestion;

/** What is answered by the engine, by path. */
const questions: Readonly<Record<string, { readonly method: ReadRoute['method']; readonly asked: AskedBy }>> = {
  query: {
    method: BOTH,
    asked: (parameters) => {
      const limit = parameters.limit();
      const timeMs = parameters.optionalTime('time') ?? Date.now();
      return { ...evaluation(parameters, limit), times: { timeMs } };
    },
  },
  query_range: {
    method: BOTH,
    asked: (parameters) => {
      const limit = parameters.limit();
      const times = parameters.range();
      return { ...evaluation(parameters, limit), times };
    },
  },
  query_exemplars: { method: BOTH, asked: (parameters) => exemplars(parameters) },
  format_query: { method: BOTH, asked: (parameters) => ({ kind: 'format', query: parameters.text('query') }) },
  parse_query: { method: BOTH, asked: (parameters) => ({ kind: 'parse', query: parameters.text('query') }) },
  labels: { method: BOTH, asked: (parameters) => ({ kind: 'labels', ...search(parameters) }) },
  // Prometheus takes GET alone. Grafana's data source posts when it fills menus of filters.
  'label/:name/values': {
    method: BOTH,
    asked: (parameters, { pathValues }) => {
      const label = unescapedLabelName(pathValues['name'] ?? '');
      if (label === '') throw new BadData('invalid label name: ""');
      return { kind: 'label-values', label, ...search(parameters) };
    },
  },
  series: {
    method: BOTH,
    asked: (parameters) => {
      if (parameters.all('match[]').length === 0) throw new BadData('no match[] parameter provided');
      return { kind: 'series', ...search(parameters) };
    },
  },
  metadata: {
    method: 'GET',
    asked: (parameters) => ({
      kind: 'metadata',
      metric: parameters.text('metric'),
      limit: parameters.count('limit'),
      limitPerMetric: parameters.count('limit_per_metric'),
    }),
  },
  'status/tsdb': { method: 'GET', asked: (parameters) => ({ kind: 'cardinality', limit: cardinalities(parameters) }) },
};

export function prometheusApi(parts: PrometheusParts): ReadApi {
  const engineRoutes = Object.entries(questions).map(
    ([path, { method, asked }]): ReadRoute => ({
      method,
      path: `${PREFIX}/${path}`,
      permission: 'read',
      handle: (request) => answer(parts, request, asked),
    }),
  );
  const serverRoutes = Object.entries(serverAnswers(parts.options)).map(
    ([path, data]): ReadRoute => ({
      method: 'GET',
      path: `${PREFIX}/${path}`,
      permission: 'read',
      handle: () => json(200, { status: 'success', data: data() }),
    }),
  );
  const probes = ['healthy', 'ready'].map(
    (state): ReadRoute => ({
      method: 'GET',
      path: `/-/${state}`,
      permission: 'public',
      handle: () => ({ type: 'text/plain; charset=utf-8', body: `otelduck is ${state}.\n` }),
    }),
  );
  return { routes: [...engineRoutes, ...serverRoutes, ...probes], failed };
}

function evaluation(parameters: Parameters, limit: number) {
  return {
    kind: 'evaluate',
    query: parameters.text('query'),
    limit,
    stats: parameters.text('stats'),
    lookbackMs: parameters.lookback(),
  } as const;
}

function exemplars(parameters: Parameters): PromqlQuestion {
  const startMs = parameters.optionalTime('start');
  const endMs = parameters.optionalTime('end');
  if (startMs !== undefined && endMs !== undefined && endMs < startMs) {
    throw new BadData('end timestamp must not be before start timestamp');
  }
  return { kind: 'exemplars', query: parameters.text('query'), startMs, endMs };
}

function search(parameters: Parameters) {
  return {
    limit: parameters.limit(),
    startMs: parameters.optionalTime('start'),
    endMs: parameters.optionalTime('end'),
    selectors: parameters.all('match[]'),
  };
}

function cardinalities(parameters: Parameters): number {
  const text = parameters.text('limit');
  if (text === '') return DEFAULT_CARDINALITIES;
  if (!/^\+?\d+$/.test(text) || Number(text) < 1) throw new BadData('limit must be a positive number');
  if (Number(text) > MAX_CARDINALITIES) throw new BadData(`limit must not exceed ${MAX_CARDINALITIES}`);
  return Number(text);
}

async function answer(parts: PrometheusParts, request: ReadRequest, asked: AskedBy): Promise<ReadAnswer> {
  const parameters = new Parameters([request.form, request.query]);
  let question: PromqlQuestion;
  let timeoutMs: number | undefined;
  try {
    question = asked(parameters, request);
    timeoutMs = question.kind === 'evaluate' ? parameters.optionalDuration('timeout') : undefined;
  } catch (error) {
    if (error instanceof BadData) return errorAnswer('bad_data', error.message);
    throw error;
  }
  return ask(parts, request, question, timeoutMs);
}

async function ask(
  { runner, home, options }: PrometheusParts,
  { headers, client, principal, signal }: ReadRequest,
  question: PromqlQuestion,
  timeoutMs?: number,
): Promise<ReadAnswer> {
  const gzip = acceptsGzip(headers['accept-encoding']?.toString());
  const request: PromqlRequest = { form: 'json', settings: promqlSettings(options), question, gzip };
  const { value, release } = await runner.ask({
    engine: 'promql',
    kind: question.kind === 'evaluate' ? 'promql' : `prometheus ${question.kind}`,
    text: textOf(question),
    client,
    principal,
    home,
    limits: runnerLimits(options, timeoutMs),
    request,
    signal,
  });
  const answer = value as PromqlAnswer;
  if ('error' in answer) return { ...errorAnswer(answer.error.type, answer.error.message), sent: release };
  if (answer.body === undefined) return { status: 204, sent: release };
  return {
    type: 'application/json',
    body: answer.body,
    sent: release,
    ...(answer.isGzipped ? { headers: { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } } : {}),
  };
}

/** What lists of running queries show. */
function textOf(question: PromqlQuestion): string {
  if ('query' in question) return question.query;
  return 'selectors' in question ? question.selectors.join(', ') : '';
}

function errorAnswer(errorType: ErrorType, error: string): ReadAnswer {
  return json(errorTypes[errorType], { status: 'error', errorType, error });
}

/** Errors of HTTP itself, for which Prometheus has no words. */
const kindsOfHttp: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'malformed',
  'unauthenticated',
  'forbidden',
  'notFound',
  'methodNotAllowed',
  'throttled',
  'tooLarge',
]);

/** What fails outside of the engine, in the API's form. */
function failed(failure: Failure): ReadAnswer {
  if (!kindsOfHttp.has(failure.kind)) return errorAnswer(errorTypeOf(failure.kind), failure.message);
  const { http, reason } = failureKinds[failure.kind];
  const errorType = failure.kind === 'malformed' ? 'bad_data' : reason;
  return json(http, { status: 'error', errorType, error: failure.message });
}

function json(status: number, value: unknown): ReadAnswer {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

// Tempo's API, as Grafana and tempo-cli call it: routes and gRPC calls → questions to the engine → answers.

import { type Failure, failureKinds } from '../../../base/failure.js';
import type { TableHome } from '../../../catalog/table-home.js';
import type {
  ReadAnswer,
  ReadApi,
  ReadCall,
  ReadCallRequest,
  ReadRequest,
  ReadRoute,
} from '../../../server/read/read-api.js';
import type { QueryRunner } from '../../run/query-runner.js';
import { callQuestions } from './call-questions.js';
import {
  instantMetricsQuestion,
  rangeMetricsQuestion,
  searchQuestion,
  selectedTraceQuestion,
  tagsQuestion,
  tagValuesQuestion,
  traceQuestion,
} from './parameters.js';
import type { AnswerName, TempoAnswer, TempoPiece, TempoQuestion, TempoRequest } from './tempo-question.js';

/** Clients turn features on by it: that of the Tempo whose API this is. */
const TEMPO_VERSION = '2.9.0';
const SERVICE = 'tempopb.StreamingQuerier';

export interface TempoOptions {
  readonly query_timeout_ms: number;
  readonly max_samples: number;
  readonly max_series: number;
  readonly max_trace_bytes: number;
}

/** What the API answers from. */
export interface TempoParts {
  readonly runner: QueryRunner;
  readonly home: TableHome;
  readonly options: TempoOptions;
}

interface Endpoint {
  readonly answer: AnswerName;
  question(request: ReadRequest): TempoQuestion;
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/api/traces/:id': {
    answer: 'Trace',
    question: ({ pathValues, query }) => traceQuestion(pathValues['id']!, query),
  },
  '/api/v2/traces/:id': {
    answer: 'TraceByIDResponse',
    question: ({ pathValues, query }) => selectedTraceQuestion(pathValues['id']!, query),
  },
  '/api/search': { answer: 'SearchResponse', question: ({ query }) => searchQuestion(query) },
  '/api/search/tags': { answer: 'SearchTagsResponse', question: ({ query }) => tagsQuestion(query) },
  '/api/v2/search/tags': { answer: 'SearchTagsV2Response', question: ({ query }) => tagsQuestion(query) },
  '/api/search/tag/:tag/values': {
    answer: 'SearchTagValuesResponse',
    question: ({ pathValues, query }) => tagValuesQuestion(pathValues['tag']!, query),
  },
  '/api/v2/search/tag/:tag/values': {
    answer: 'SearchTagValuesV2Response',
    question: ({ pathValues, query }) => tagValuesQuestion(pathValues['tag']!, query),
  },
  '/api/metrics/query_range': {
    answer: 'QueryRangeResponse',
    question: ({ query }) => rangeMetricsQuestion(query, Date.now()),
  },
  '/api/metrics/query': {
    answer: 'QueryInstantResponse',
    question: ({ query }) => instantMetricsQuestion(query, Date.now()),
  },
};

export function tempoApi(parts: TempoParts): ReadApi {
  const asked = Object.entries(endpoints).map(
    ([path, endpoint]): ReadRoute => ({
      method: 'GET',
      path,
      permission: 'read',
      handle: (request) => answer(parts, request, endpoint),
    }),
  );
  const calls = Object.entries(callQuestions).map(
    ([method, { answer: name, question }]): ReadCall => ({
      path: `/${SERVICE}/${method}`,
      permission: 'read',
      handle: (request) => answers(parts, request, question(request.message, Date.now()), name),
    }),
  );
  return { routes: [...asked, ...statusRoutes], calls, failed };
}

const statusRoutes: readonly ReadRoute[] = [
  { method: 'GET', path: '/api/echo', permission: 'read', handle: () => text(200, 'echo') },
  {
    method: 'GET',
    path: '/api/status/buildinfo',
    permission: 'read',
    handle: () => ({
      type: 'application/json',
      body: JSON.stringify({
        version: TEMPO_VERSION,
        revision: '',
        branch: '',
        buildUser: '',
        buildDate: '',
        goVersion: '',
      }),
    }),
  },
  {
    method: 'GET',
    path: '/status/version',
    permission: 'public',
    handle: () => text(200, `tempo, version ${TEMPO_VERSION} (otelduck)\n`),
  },
];

async function answer(parts: TempoParts, request: ReadRequest, endpoint: Endpoint): Promise<ReadAnswer> {
  const question = endpoint.question(request);
  const accept = String(request.headers.accept ?? '');
  const encoding = accept.includes('application/protobuf') ? 'protobuf' : 'json';
  const asked: TempoRequest = { ...requestOf(parts, question, endpoint.answer), encoding, form: 'whole' };
  const { value, release } = await parts.runner.ask(queryOf(parts, request, asked));
  const { body } = value as TempoAnswer;
  if (body === undefined) return { ...text(404, 'trace not found'), sent: release };
  return { type: `application/${encoding}`, body, sent: release };
}

async function* answers(
  parts: TempoParts,
  request: ReadCallRequest,
  question: TempoQuestion,
  name: AnswerName,
): AsyncGenerator<Uint8Array> {
  const asked: TempoRequest = { ...requestOf(parts, question, name), encoding: 'protobuf', form: 'parts' };
  for await (const { body } of parts.runner.stream<TempoPiece>(queryOf(parts, request, asked))) yield body;
}

function requestOf({ options }: TempoParts, question: TempoQuestion, answer: AnswerName) {
  return { question, answer, maxSeries: options.max_series, maxTraceBytes: options.max_trace_bytes };
}

function queryOf(
  { home, options }: TempoParts,
  { client, principal, signal }: Pick<ReadRequest, 'client' | 'principal' | 'signal'>,
  request: TempoRequest,
) {
  const { question } = request;
  return {
    engine: 'tempo',
    kind: question.kind === 'search' || question.kind === 'metrics' ? 'traceql' : `tempo ${question.kind}`,
    text: textOf(question),
    client,
    principal,
    home,
    limits: { maxSamples: options.max_samples, timeoutMs: options.query_timeout_ms },
    request,
    signal,
  };
}

/** What lists of running queries show. */
function textOf(question: TempoQuestion): string {
  if (question.kind === 'trace') return question.traceId;
  return question.kind === 'tag values' ? `${question.tag} ${question.query}`.trim() : question.query;
}

/** Clients show the text as it is. */
function failed({ kind, message }: Failure): ReadAnswer {
  return text(failureKinds[kind].http, message);
}

function text(status: number, body: string): ReadAnswer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

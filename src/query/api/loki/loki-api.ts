// Loki's HTTP API, as Grafana and logcli call it: a table of routes → questions to engines → answers.

import type { Duplex } from 'node:stream';
import { ParseError, parseExpression, parseLogQuery, print } from '#logql';
import { compilePipeline } from '#logql/pipeline/pipeline';
import { type Clock, systemClock } from '../../../base/clock.js';
import { type Failure, failureKinds } from '../../../base/failure.js';
import type { LokiOptions } from '../../../schema/loki-options.js';
import type { Principal } from '../../../server/identity/principal.js';
import type { ReadAnswer, ReadApi, ReadRequest, ReadRoute, UpgradeRoute } from '../../../server/read/read-api.js';
import {
  type InstantQuestion,
  type LabelEncoding,
  LOGQL_ENGINE,
  type LogqlRequest,
  type RangeQuestion,
} from '../../logql/logql-request.js';
import { logqlSettings } from '../../logql/logql-settings.js';
import type { EngineQuery } from '../../run/query-runner.js';
import { encodingOf } from './encoding-flags.js';
import { type IndexQuestion, type IndexRequest, LOKI_ENGINE } from './index-question.js';
import type { LokiParts } from './loki-parts.js';
import { BadRequest, LokiParameters } from './parameters.js';
import { json, serverAnswers } from './server-answers.js';
import { TailHub, type TailReader } from './tail-hub.js';
import { TailSocket, type TailSocketOptions, tailSockets } from './tail-socket.js';

const PREFIX = '/loki/api/v1';
const BOTH = ['GET', 'POST'] as const;
const MINUTE_NS = 60_000_000_000n;

type LogqlQuestion = RangeQuestion | InstantQuestion;

/** Reads the parameters of a request. Throws what is wrong with them. */
type AskedBy = (parameters: LokiParameters, request: ReadRequest) => IndexQuestion;

/** What is asked of the index, by path. */
const questions: Readonly<Record<string, AskedBy>> = {
  labels: (parameters) => ({ kind: 'labels', ...ofStreams(parameters) }),
  label: (parameters) => ({ kind: 'labels', ...ofStreams(parameters) }),
  'label/:name/values': (parameters, { pathValues }) => ({
    kind: 'label-values',
    label: pathValues['name'] ?? '',
    ...ofStreams(parameters),
  }),
  series: (parameters) => {
    const selectors = [...new Set([...parameters.all('match'), ...parameters.all('match[]')])];
    return { kind: 'series', selectors, ...parameters.bounds() };
  },
  'index/stats': (parameters) => ({ kind: 'stats', ...ofStreams(parameters) }),
  'index/volume': (parameters) => ({
    kind: 'volume',
    ...volume(parameters),
    ...parameters.orderedBounds(),
    stepNs: undefined,
  }),
  'index/volume_range': (parameters) => ({ kind: 'volume', ...volume(parameters), ...parameters.range() }),
  patterns: (parameters) => ({ kind: 'patterns', query: parameters.query, ...parameters.range() }),
  detected_labels: (parameters) => ({
    kind: 'detected-labels',
    query: parameters.query,
    ...parameters.orderedBounds(),
  }),
  detected_fields: (parameters) => detectedFields(parameters, undefined),
  'detected_field/:name/values': (parameters, { pathValues }) => detectedFields(parameters, pathValues['name'] ?? ''),
};

/** What is asked of the log lines themselves, by path. */
const queries: Readonly<Record<string, (parameters: LokiParameters, encoding: LabelEncoding) => LogqlQuestion>> = {
  query: (parameters, encoding) => {
    // Looked at as Loki does, though samples have no limit and no direction.
    parameters.limit();
    parameters.direction();
    return { kind: 'instant', query: parameters.query, timeNs: parameters.time(), encoding };
  },
  query_range: (parameters, encoding) => ({
    kind: 'range',
    query: parameters.query,
    limit: parameters.limit(),
    direction: parameters.direction(),
    intervalNs: parameters.intervalNs(),
    ...parameters.range(),
    encoding,
  }),
};

export function lokiApi(parts: LokiParts, clock: Clock = systemClock): ReadApi {
  const queryRoutes = Object.entries(queries).map(
    ([path, asked]): ReadRoute => ({
      method: BOTH,
      path: `${PREFIX}/${path}`,
      permission: 'read',
      handle: (request) =>
        answer(request, (parameters) => evaluate(parts, request, asked(parameters, encodingOf(request.headers)))),
    }),
  );
  const indexRoutes = Object.entries(questions).map(
    ([path, asked]): ReadRoute => ({
      method: BOTH,
      path: `${PREFIX}/${path}`,
      permission: 'read',
      handle: (request) => answer(request, (parameters) => ask(parts, request, asked(parameters, request))),
    }),
  );
  const serverRoutes = Object.entries(serverAnswers(parts.options)).map(
    ([path, handle]): ReadRoute => ({ method: 'GET', path, permission: 'read', handle }),
  );
  const formatRoute: ReadRoute = {
    method: BOTH,
    path: `${PREFIX}/format_query`,
    permission: 'read',
    handle: (request) => answer(request, ({ query }) => formatted(query)),
  };
  return {
    routes: [...queryRoutes, ...indexRoutes, ...serverRoutes, formatRoute],
    upgrades: [tailRoute(parts, clock)],
    failed,
  };
}

/** `tail`: entries as they come, over a websocket. */
function tailRoute(parts: LokiParts, clock: Clock): UpgradeRoute {
  // Of tenants that tail: no tenant's rows reach another's clients.
  const hubs = new Map<string | undefined, TailHub>();
  const join = (principal: Principal, reader: TailReader) => {
    const { tenant } = principal;
    const hub = hubs.get(tenant) ?? new TailHub(parts, principal, clock);
    hubs.set(tenant, hub);
    const leave = hub.add(reader);
    return () => {
      leave();
      if (hub.isEmpty && hubs.get(tenant) === hub) hubs.delete(tenant);
    };
  };
  return {
    path: `${PREFIX}/tail`,
    permission: 'read',
    upgrade(request, incoming, socket, head) {
      let options: Omit<TailSocketOptions, 'clock'>;
      try {
        options = tailOptions(request);
      } catch (error) {
        if (!(error instanceof BadRequest || error instanceof ParseError)) throw error;
        refuse(socket, error.message);
        return;
      }
      tailSockets.handleUpgrade(incoming, socket, head, (client) => {
        const end = join(request.principal, new TailSocket(client, { ...options, clock }));
        client.once('close', end);
      });
    },
  };
}

function tailOptions({ query: values, headers, signal }: ReadRequest): Omit<TailSocketOptions, 'clock'> {
  const parameters = new LokiParameters([values], Date.now());
  const { query } = parameters;
  // Throws what is wrong with the query, or with a template in it.
  compilePipeline(parseLogQuery(query).stages);
  const { startNs } = parameters.bounds();
  // Those who ask for no time share the history of a minute: a wall of dashboards opens hundreds of tails at once.
  const isAsked = parameters.text('start') !== '' || parameters.text('since') !== '';
  return {
    query: {
      query,
      encoding: encodingOf(headers),
      history: { startNs: isAsked ? startNs : startNs - (startNs % MINUTE_NS), limit: parameters.limit() },
    },
    delayMs: 1000 * parameters.delaySeconds(),
    signal,
  };
}

/** Answers as HTTP does, before there is a websocket. */
function refuse(socket: Duplex, message: string): void {
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
}

function ofStreams(parameters: LokiParameters) {
  return { query: parameters.query, ...parameters.bounds() };
}

function volume(parameters: LokiParameters) {
  const aggregateBy = parameters.text('aggregateBy') || 'series';
  if (aggregateBy !== 'series' && aggregateBy !== 'labels') {
    throw new BadRequest('invalid aggregation option');
  }
  return {
    query: parameters.query,
    limit: parameters.limit(),
    targetLabels: parameters.list('targetLabels'),
    aggregateBy,
  } as const;
}

function detectedFields(parameters: LokiParameters, field: string | undefined): IndexQuestion {
  const { query } = parameters;
  return { kind: 'detected-fields', query, field, limits: parameters.fieldLimits(), ...parameters.orderedBounds() };
}

async function answer(
  { form, query }: ReadRequest,
  answered: (parameters: LokiParameters) => ReadAnswer | Promise<ReadAnswer>,
): Promise<ReadAnswer> {
  try {
    return await answered(new LokiParameters([form, query], Date.now()));
  } catch (error) {
    if (error instanceof BadRequest || error instanceof ParseError) return text(400, error.message);
    throw error;
  }
}

async function ask(parts: LokiParts, request: ReadRequest, question: IndexQuestion): Promise<ReadAnswer> {
  const asked: IndexRequest = { question, indexAttributes: parts.options.log_index_attributes };
  const text = question.kind === 'series' ? question.selectors.join(', ') : question.query;
  return run(parts, request, { engine: LOKI_ENGINE, kind: `loki ${question.kind}`, text, request: asked });
}

async function evaluate(parts: LokiParts, request: ReadRequest, question: LogqlQuestion): Promise<ReadAnswer> {
  checkLimit(question, parts.options);
  const asked: LogqlRequest = { form: 'json', settings: logqlSettings(parts.options), question };
  return run(parts, request, { engine: LOGQL_ENGINE, kind: 'logql', text: question.query, request: asked });
}

function checkLimit(question: LogqlQuestion, { max_log_entries: most }: LokiOptions): void {
  if (question.kind === 'instant' || question.limit === undefined || question.limit <= most) return;
  if (parseExpression(question.query).kind !== 'logs') return;
  throw new BadRequest(
    `max entries limit per query exceeded, limit > max_entries_limit_per_query (${question.limit} > ${most})`,
  );
}

/** Has an engine answer. */
async function run(
  { runner, home, options }: LokiParts,
  { client, principal, signal }: ReadRequest,
  asked: Pick<EngineQuery, 'engine' | 'kind' | 'text' | 'request'>,
): Promise<ReadAnswer> {
  const { value, release } = await runner.ask({
    ...asked,
    client,
    principal,
    home,
    limits: { timeoutMs: options.query_timeout_ms, maxSamples: options.max_samples },
    signal,
  });
  return { type: 'application/json; charset=UTF-8', body: value as Uint8Array, sent: release };
}

function formatted(query: string): ReadAnswer {
  try {
    return json({ status: 'success', data: print(parseExpression(query)) });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { ...json({ status: 'invalid-query', error: error.message }), status: 400 };
  }
}

/** Statuses of Loki that are not those of other APIs. */
const statuses = { queryTooLarge: 400, overloaded: 429 } as const;

const LATE =
  'request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed';

function failed({ kind, message }: Failure): ReadAnswer {
  const status = kind in statuses ? statuses[kind as keyof typeof statuses] : failureKinds[kind].http;
  return text(status, kind === 'queryTimedOut' ? LATE : message);
}

function text(status: number, message: string): ReadAnswer {
  return {
    status,
    type: 'text/plain; charset=utf-8',
    headers: { 'x-content-type-options': 'nosniff' },
    body: message,
  };
}

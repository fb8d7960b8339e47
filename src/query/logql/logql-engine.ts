// LogQL as an engine: a request on a thread → an answer to hand over.

import {
  type EngineOptions,
  type Expression,
  evaluateInstant,
  evaluateLogs,
  evaluateRange,
  type LogTimes,
  ParseError,
  parseExpression,
  planReads,
  type QueryRequest,
  type RangeTimes,
  streamLogs,
} from '#logql';
import { QueryError } from '#promql/data/query-error';
import { Failure } from '../../base/failure.js';
import { SqlError } from '../../base/sql-error.js';
import { buffersOf, type ColumnBlock } from '../../buffer/column-block.js';
import type { Principal } from '../../server/identity/principal.js';
import type { LogStore } from '../logs/log-store.js';
import type { EngineAnswer, EngineContext, EngineRun, Report } from '../run/engine.js';
import { evaluationAccount } from '../run/evaluation-account.js';
import { linesBlock, planBlock, samplesBlocks } from './answer-blocks.js';
import { instantAnswer, matrixAnswer, streamsAnswer } from './answer-json.js';
import type { LogqlRequest, RangeQuestion } from './logql-request.js';

export type OpenLogStore = (context: EngineContext, indexAttributes: readonly string[]) => LogStore;

export function logqlEngine(openStore: OpenLogStore): EngineRun {
  return async (given, context) => {
    const request = given as LogqlRequest;
    const asked = askedOf(request, context, openStore);
    try {
      if (request.form === 'json') return await answerJson(request, asked);
      for await (const block of blocksOf(request, asked)) await context.emit(block, buffersOf(block));
      return { value: undefined };
    } catch (error) {
      throw request.form === 'json' ? httpFailure(error) : sqlError(error);
    }
  };
}

interface Asked {
  readonly expression: () => Expression;
  readonly request: QueryRequest<Principal>;
  readonly options: EngineOptions;
  readonly report: Report;
}

function askedOf({ question, settings }: LogqlRequest, context: EngineContext, openStore: OpenLogStore): Asked {
  const { query } = question;
  const { principal, signal, report } = context;
  const { source } = openStore(context, settings.indexAttributes);
  return {
    expression: () => parseExpression(query),
    request: { query, source, principal, signal, account: evaluationAccount(report) },
    options: { limits: settings.limits },
    report,
  };
}

async function answerJson(
  { question }: Extract<LogqlRequest, { form: 'json' }>,
  { expression, request, options, report }: Asked,
): Promise<EngineAnswer> {
  const startMs = performance.now();
  const parsed = expression();
  const given = { ...request, expression: parsed };
  const { encoding } = question;
  const done = (linesRead: number) => ({ linesRead, elapsedMs: performance.now() - startMs });
  // The texts that JSON is made of are about as long as what they say. All is given back when the answer is handed over.
  const reserveText = ({ bytes }: { readonly bytes: number }) => report.reserveBytes(bytes);
  let body: Uint8Array<ArrayBuffer>;
  if (question.kind === 'instant') {
    const answer = await evaluateInstant(given, question.timeNs, options);
    reserveText(answer);
    body = instantAnswer(answer, question.timeNs, encoding, done(answer.statistics.linesRead));
  } else if (parsed.kind === 'logs') {
    const answer = await evaluateLogs(given, logTimes(question), options);
    reserveText(answer);
    body = streamsAnswer(answer, encoding, done(answer.statistics.linesRead));
  } else {
    const answer = await evaluateRange(given, alignedTimes(question), options);
    reserveText(answer);
    body = matrixAnswer(answer, encoding, done(answer.statistics.linesRead));
  }
  return { value: body, transfer: [body.buffer] };
}

function logTimes({ startNs, endNs, direction, limit, intervalNs }: RangeQuestion): LogTimes {
  return { startNs, endNs, order: direction === 'backward' ? 'newest-first' : 'oldest-first', limit, intervalNs };
}

/** Loki's API answers for times that are whole steps, so that graphs do not move under the eyes of who refreshes them. */
function alignedTimes({ startNs, endNs, stepNs }: RangeQuestion): RangeTimes {
  return { startNs: startNs - (startNs % stepNs), endNs: endNs + ((stepNs - (endNs % stepNs)) % stepNs), stepNs };
}

async function* blocksOf(
  { form, question }: Exclude<LogqlRequest, { form: 'json' }>,
  { expression, request, options }: Asked,
): AsyncGenerator<ColumnBlock> {
  const parsed = expression();
  if (form === 'plan') {
    yield planBlock(planReads(parsed, question));
  } else if (form === 'lines') {
    if (parsed.kind !== 'logs') throw new ParseError('the query gives samples: use logql_range()');
    for await (const entries of streamLogs({ ...request, expression: parsed }, logTimes(question), options)) {
      yield linesBlock(entries);
    }
  } else {
    if (parsed.kind === 'logs') throw new ParseError('the query gives lines: use logql()');
    const { result } = await evaluateRange({ ...request, expression: parsed }, question, options);
    yield* samplesBlocks(result);
  }
}

/** What is wrong with a query is its own fault, and so are limits; everything else passes as it is. */
function httpFailure(error: unknown): unknown {
  const isOwn = error instanceof ParseError || (error instanceof QueryError && error.kind !== 'source');
  if (!isOwn || isEnded(error)) return causeOf(error);
  return new Failure('malformed', error.message, { cause: error });
}

function sqlError(error: unknown): unknown {
  if (error instanceof ParseError) return new SqlError('OTLP_QUERY_INVALID', error.message, { cause: error });
  if (!(error instanceof QueryError) || error.kind === 'source' || isEnded(error)) return causeOf(error);
  const code = error.kind === 'limit' ? 'OTLP_QUERY_LIMIT' : 'OTLP_QUERY_FAILED';
  return new SqlError(code, error.message, { cause: error });
}

/** Ended from outside, of which the runner knows more. */
function isEnded(error: unknown): boolean {
  return error instanceof QueryError && (error.kind === 'canceled' || error.kind === 'timeout');
}

function causeOf(error: unknown): unknown {
  return error instanceof QueryError && error.kind === 'source' ? (error.cause ?? error) : error;
}

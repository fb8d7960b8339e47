// PromQL as an engine: a request on a thread → an answer to hand over.

import { QueryError } from '#promql';
import { SqlError, type SqlErrorCode } from '../../base/sql-error.js';
import { buffersOf } from '../../buffer/column-block.js';
import type { MetricOptions } from '../metrics/metric-options.js';
import type { MetricStore } from '../metrics/metric-store.js';
import type { EngineAnswer, EngineContext, EngineRun } from '../run/engine.js';
import { evaluationAccount } from '../run/evaluation-account.js';
import { JsonAnswer } from '../run/json-answer.js';
import { answerBlocks } from './answer-blocks.js';
import { type Asked, answerQuestion, evaluate } from './answer-question.js';
import type { ErrorType } from './error-types.js';
import { planBlock } from './plan-blocks.js';
import { type PromqlFailure, promqlFailure } from './promql-failure.js';
import type { PromqlAnswer, PromqlRequest } from './promql-request.js';

export function promqlEngine(openStore: (context: EngineContext, options: MetricOptions) => MetricStore): EngineRun {
  return async (given, context) => {
    const request = given as PromqlRequest;
    const { settings } = request;
    const { principal, signal, report } = context;
    const store = openStore(context, settings.metrics);
    const asked: Asked = { store, principal, settings, signal, account: evaluationAccount(report), report };
    return request.form === 'json' ? answerJson(request, asked, context) : answerSql(request, asked, context);
  };
}

/** Rows are emitted as they are made; the answer itself is empty. */
async function answerSql(
  request: Exclude<PromqlRequest, { form: 'json' }>,
  asked: Asked,
  context: EngineContext,
): Promise<EngineAnswer> {
  try {
    const blocks =
      request.form === 'plan'
        ? [await planBlock(request.evaluation, asked.store, context, asked.signal)]
        : answerBlocks(await evaluate(request.evaluation, asked));
    for (const block of blocks) await context.emit(block, buffersOf(block));
    return { value: undefined };
  } catch (error) {
    throw sqlError(promqlFailure(error), error);
  }
}

const codes: Readonly<Partial<Record<ErrorType, SqlErrorCode>>> = {
  bad_data: 'OTLP_QUERY_INVALID',
  execution: 'OTLP_QUERY_FAILED',
};

/** Other errors than those of the query itself pass as they are: they have codes of their own. */
function sqlError({ type, detail }: PromqlFailure, thrown: unknown): unknown {
  const code = thrown instanceof QueryError && thrown.kind === 'limit' ? 'OTLP_QUERY_LIMIT' : codes[type];
  return code === undefined ? thrown : new SqlError(code, detail, { cause: thrown });
}

async function answerJson(
  { question, gzip }: Extract<PromqlRequest, { form: 'json' }>,
  asked: Asked,
  { report }: EngineContext,
): Promise<EngineAnswer> {
  let value: PromqlAnswer;
  try {
    const answer = new JsonAnswer(gzip ? 'gzip' : 'plain', report);
    value = (await answerQuestion(question, asked, answer)) ?? { body: undefined, isGzipped: false };
  } catch (error) {
    const { type, message } = promqlFailure(error);
    value = { error: { type, message } };
  }
  return { value, transfer: 'body' in value && value.body !== undefined ? [value.body.buffer] : [] };
}

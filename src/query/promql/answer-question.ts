// A question of Prometheus's API → the bytes of its answer, on the thread that evaluates.

import {
  type Answer,
  childrenOf,
  type EngineOptions,
  type Expression,
  evaluateInstant,
  evaluateRange,
  type InstantResult,
  type Matcher,
  parseExpression,
  parseSelector,
  prettify,
  type QueryAccount,
  type RangeResult,
  typeOf,
  type VectorSelector,
} from '#promql';
import { writeList } from '../../base/json-writer.js';
import type { Principal } from '../../server/identity/principal.js';
import type { ExemplarSeries, Limited, MetricStore, SeriesRequest } from '../metrics/metric-store.js';
import type { Report } from '../run/engine.js';
import type { AnswerBody, JsonAnswer } from '../run/json-answer.js';
import { type AnswerNotes, successAnswer, writeInstant, writeLabels, writeRange } from './answer-json.js';
import { cardinality } from './cardinality.js';
import { parseTree } from './parse-tree.js';
import { invalidParameter, PromqlFailure, promqlFailure } from './promql-failure.js';
import type { EvaluationRequest, PromqlQuestion, PromqlSettings, Search, SearchTimes } from './promql-request.js';

/** What a query is answered from, and for whom. */
export interface Asked {
  readonly store: MetricStore;
  readonly principal: Principal;
  readonly settings: PromqlSettings;
  readonly signal: AbortSignal;
  readonly account: QueryAccount;
  readonly report: Report;
}

export type Evaluation =
  | { readonly kind: 'instant'; readonly timeMs: number; readonly answer: Answer<InstantResult> }
  | { readonly kind: 'range'; readonly answer: Answer<RangeResult> };

const NO_NOTES: AnswerNotes = { warnings: [], infos: [] };
const TRUNCATED = 'results truncated due to limit';

/** Undefined where the answer has no content. Rejects with a `PromqlFailure`. */
export async function answerQuestion(
  question: PromqlQuestion,
  asked: Asked,
  answer: JsonAnswer,
): Promise<AnswerBody | undefined> {
  try {
    return await answerOf(question, asked, answer);
  } catch (error) {
    throw promqlFailure(error);
  } finally {
    answer.close();
  }
}

async function answerOf(question: PromqlQuestion, asked: Asked, answer: JsonAnswer): Promise<AnswerBody | undefined> {
  const { store, signal } = asked;
  const { json } = answer;
  const success = (write: () => Promise<void>) => successAnswer(answer, NO_NOTES, write);
  switch (question.kind) {
    case 'evaluate':
      return evaluated(question, asked, answer);
    case 'format':
      return success(async () => json.value(prettify(parsed(question.query))));
    case 'parse':
      return success(async () => json.value(parseTree(parsed(question.query))));
    case 'labels':
      return found(answer, await store.labelNames(seriesRequest(question), signal), (name) => json.value(name));
    case 'label-values': {
      const values = await store.labelValues(question.label, seriesRequest(question), signal);
      return found(answer, values, (value) => json.value(value));
    }
    case 'series':
      return found(answer, await store.series(seriesRequest(question), signal), (labels) => writeLabels(json, labels));
    case 'exemplars':
      return exemplars(question, asked, answer);
    case 'cardinality': {
      const { values } = await store.series({ matcherSets: [] }, signal);
      const counted = await cardinality(values, question.limit, asked.report);
      return success(async () => json.value(counted));
    }
    case 'metadata': {
      const { metric, limit, limitPerMetric } = question;
      const request = {
        ...(metric === '' ? {} : { metric }),
        ...(limit === undefined ? {} : { limit }),
        ...(limitPerMetric === undefined ? {} : { limitPerMetric }),
      };
      const families = await store.metadata(request, signal);
      return success(() => answer.members(families, (metadata) => json.value(metadata)));
    }
  }
}

/** An expression's answer. Rejects with a `PromqlFailure` where the expression is wrong. */
export async function evaluate(request: EvaluationRequest, asked: Asked): Promise<Evaluation> {
  const { query, times, lookbackMs } = request;
  const expression = parsed(query);
  const { store, principal, settings, signal, account } = asked;
  const queryRequest = { query, expression, source: store.source, principal, signal, account };
  const options: EngineOptions = {
    limits: settings.limits,
    ...(lookbackMs === undefined ? {} : { lookbackMs }),
  };
  if ('timeMs' in times) {
    const { timeMs } = times;
    return { kind: 'instant', timeMs, answer: await evaluateInstant(queryRequest, timeMs, options) };
  }
  checkRangeType(expression);
  return { kind: 'range', answer: await evaluateRange(queryRequest, times, options) };
}

export function parsed(query: string): Expression {
  try {
    return parseExpression(query);
  } catch (error) {
    throw invalidParameter('query', (error as Error).message);
  }
}

function checkRangeType(expression: Expression): void {
  const type = typeOf(expression);
  if (type === 'vector' || type === 'scalar') return;
  const name = type === 'matrix' ? 'range vector' : type;
  throw invalidParameter(
    'query',
    `invalid expression type "${name}" for range query, must be Scalar or instant Vector`,
  );
}

async function evaluated(
  question: Extract<PromqlQuestion, { kind: 'evaluate' }>,
  asked: Asked,
  answer: JsonAnswer,
): Promise<AnswerBody> {
  const { limit, stats } = question;
  const startMs = performance.now();
  const evaluation = await evaluate(question, asked);
  const { result, warnings, infos } = evaluation.answer;
  const statistics = stats === '' ? undefined : statisticsOf(evaluation.answer, performance.now() - startMs);
  const isTruncated = limit > 0 && sizeOf(result) > limit;
  const notes = { warnings: [...warnings, ...(isTruncated ? [TRUNCATED] : []), ...warningsOfStats(stats)], infos };
  if (evaluation.kind === 'instant') {
    const { timeMs } = evaluation;
    const shown = isTruncated ? truncated(evaluation.answer.result, limit) : evaluation.answer.result;
    return successAnswer(answer, notes, () => writeInstant(answer, shown, timeMs, statistics));
  }
  const { grid, series } = evaluation.answer.result;
  const shown = { ...evaluation.answer.result, grid, series: isTruncated ? series.slice(0, limit) : series };
  return successAnswer(answer, notes, () => writeRange(answer, shown, statistics));
}

function warningsOfStats(stats: string): readonly string[] {
  if (['', 'true', 'all'].includes(stats)) return [];
  return [
    `value ${JSON.stringify(stats)} for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"`,
  ];
}

function sizeOf(result: InstantResult | RangeResult): number {
  if (result.type === 'vector') return result.samples.length;
  return result.type === 'matrix' ? result.series.length : 1;
}

function truncated(result: InstantResult, limit: number): InstantResult {
  if (result.type === 'vector') return { ...result, samples: result.samples.slice(0, limit) };
  return result.type === 'matrix' ? { ...result, series: result.series.slice(0, limit) } : result;
}

function statisticsOf({ statistics }: Answer<unknown>, elapsedMs: number): object {
  const seconds = elapsedMs / 1000;
  const { samplesRead, peakSamples } = statistics;
  return {
    timings: { evalTotalTime: seconds, execTotalTime: seconds },
    samples: { totalQueryableSamples: samplesRead, samplesRead, peakSamples },
  };
}

function found<Value>(
  answer: JsonAnswer,
  { values, isTruncated }: Limited<Value>,
  write: (value: Value) => void,
): Promise<AnswerBody> {
  const warnings = isTruncated ? [TRUNCATED] : [];
  return successAnswer(answer, { warnings, infos: [] }, () => answer.list(values, write));
}

function seriesRequest(search: Search & { readonly kind: string }): SeriesRequest {
  const matcherSets = search.selectors.map((selector) => parsedSelector(selector));
  if (matcherSets.some((matchers) => matchers.every((matcher) => matcher.matches('')))) {
    throw selectorError(search.kind, 'match[] must contain at least one non-empty matcher');
  }
  return { matcherSets, ...timesOf(search), ...(search.limit > 0 ? { limit: search.limit } : {}) };

  function parsedSelector(selector: string): readonly Matcher[] {
    try {
      return parseSelector(selector);
    } catch (error) {
      throw selectorError(search.kind, (error as Error).message);
    }
  }
}

/** Only `series` says which parameter it was. */
function selectorError(kind: string, text: string): PromqlFailure {
  return kind === 'series' ? invalidParameter('match[]', text) : new PromqlFailure('bad_data', text);
}

function timesOf({ startMs, endMs }: SearchTimes): SearchTimes & { startMs?: number; endMs?: number } {
  return { ...(startMs === undefined ? {} : { startMs }), ...(endMs === undefined ? {} : { endMs }) };
}

async function exemplars(
  question: Extract<PromqlQuestion, { kind: 'exemplars' }>,
  { store, signal }: Asked,
  answer: JsonAnswer,
): Promise<AnswerBody | undefined> {
  const selectors = selectorsIn(parseExpression(question.query));
  if (selectors.length === 0) return undefined;
  const matcherSets = selectors.map(({ matchers }) => matchers);
  const series = await store.exemplars({ matcherSets, ...timesOf(question) }, signal);
  return successAnswer(answer, NO_NOTES, () => answer.list(series, (each) => writeExemplars(answer, each)));
}

/** The selectors of an expression. */
function selectorsIn(expression: Expression): readonly VectorSelector[] {
  return expression.kind === 'vector-selector' ? [expression] : childrenOf(expression).flatMap(selectorsIn);
}

function writeExemplars(answer: JsonAnswer, { labels, exemplars }: ExemplarSeries): void {
  const { json } = answer;
  json.ascii('{"seriesLabels":');
  writeLabels(json, labels);
  json.ascii(',"exemplars":');
  writeList(json, exemplars, (exemplar) => {
    json.ascii('{"labels":');
    writeLabels(json, exemplar.labels);
    json.ascii(',"value":');
    json.quotedNumber(exemplar.value);
    json.ascii(',"timestamp":');
    json.seconds(exemplar.timeMs);
    json.ascii('}');
    answer.passOn();
  });
  json.ascii('}');
}

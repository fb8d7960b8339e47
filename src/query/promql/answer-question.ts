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
import { type JsonWriter, writeList } from '../../base/json-writer.js';
import type { Principal } from '../../server/identity/principal.js';
import type { ExemplarSeries, MetricStore, SeriesRequest } from '../metrics/metric-store.js';
import { type AnswerNotes, successJson, writeInstant, writeLabels, writeRange } from './answer-json.js';
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
}

export type Evaluation =
  | { readonly kind: 'instant'; readonly timeMs: number; readonly answer: Answer<InstantResult> }
  | { readonly kind: 'range'; readonly answer: Answer<RangeResult> };

const NO_NOTES: AnswerNotes = { warnings: [], infos: [] };
const TRUNCATED = 'results truncated due to limit';

/** Undefined where the answer has no content. Rejects with a `PromqlFailure`. */
export async function answerQuestion(question: PromqlQuestion, asked: Asked): Promise<Buffer<ArrayBuffer> | undefined> {
  try {
    return await answerOf(question, asked);
  } catch (error) {
    throw promqlFailure(error);
  }
}

async function answerOf(question: PromqlQuestion, asked: Asked): Promise<Buffer<ArrayBuffer> | undefined> {
  const { store, signal } = asked;
  switch (question.kind) {
    case 'evaluate':
      return evaluated(question, asked);
    case 'format':
      return successJson((json) => json.value(prettify(parsed(question.query))), NO_NOTES);
    case 'parse':
      return successJson((json) => json.value(parseTree(parsed(question.query))), NO_NOTES);
    case 'labels':
      return valuesJson(await store.labelNames(seriesRequest(question), signal), (json, name) => json.value(name));
    case 'label-values': {
      const found = await store.labelValues(question.label, seriesRequest(question), signal);
      return valuesJson(found, (json, value) => json.value(value));
    }
    case 'series':
      return valuesJson(await store.series(seriesRequest(question), signal), writeLabels);
    case 'exemplars':
      return exemplars(question, asked);
    case 'cardinality': {
      const { values } = await store.series({ matcherSets: [] }, signal);
      return successJson((json) => json.value(cardinality(values, question.limit)), NO_NOTES);
    }
    case 'metadata': {
      const { metric, limit, limitPerMetric } = question;
      const request = {
        ...(metric === '' ? {} : { metric }),
        ...(limit === undefined ? {} : { limit }),
        ...(limitPerMetric === undefined ? {} : { limitPerMetric }),
      };
      const found = await store.metadata(request, signal);
      return successJson((json) => json.value(Object.fromEntries(found)), NO_NOTES);
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
): Promise<Buffer<ArrayBuffer>> {
  const { limit, stats } = question;
  const startMs = performance.now();
  const evaluation = await evaluate(question, asked);
  const { answer } = evaluation;
  const statistics = stats === '' ? undefined : statisticsOf(answer, performance.now() - startMs);
  const warnings = [...answer.warnings];
  const isTruncated = limit > 0 && sizeOf(answer.result) > limit;
  if (isTruncated) warnings.push(TRUNCATED);
  if (!['', 'true', 'all'].includes(stats)) {
    warnings.push(
      `value ${JSON.stringify(stats)} for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"`,
    );
  }
  const notes = { warnings, infos: answer.infos };
  if (evaluation.kind === 'instant') {
    const { timeMs } = evaluation;
    const result = isTruncated ? truncated(evaluation.answer.result, limit) : evaluation.answer.result;
    return successJson((json) => writeInstant(json, result, timeMs, statistics), notes);
  }
  const { result } = evaluation.answer;
  const shown = isTruncated ? { ...result, series: result.series.slice(0, limit) } : result;
  return successJson((json) => writeRange(json, shown, statistics), notes);
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

function valuesJson<Value>(
  { values, isTruncated }: { readonly values: readonly Value[]; readonly isTruncated: boolean },
  write: (json: JsonWriter, value: Value) => void,
): Buffer<ArrayBuffer> {
  const warnings = isTruncated ? [TRUNCATED] : [];
  return successJson((json) => writeList(json, values, (value) => write(json, value)), { warnings, infos: [] });
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
): Promise<Buffer<ArrayBuffer> | undefined> {
  const selectors = selectorsIn(parseExpression(question.query));
  if (selectors.length === 0) return undefined;
  const matcherSets = selectors.map(({ matchers }) => matchers);
  const found = await store.exemplars({ matcherSets, ...timesOf(question) }, signal);
  return successJson((json) => writeList(json, found, (series) => writeExemplars(json, series)), NO_NOTES);
}

/** The selectors of an expression. */
function selectorsIn(expression: Expression): readonly VectorSelector[] {
  return expression.kind === 'vector-selector' ? [expression] : childrenOf(expression).flatMap(selectorsIn);
}

function writeExemplars(json: JsonWriter, { labels, exemplars }: ExemplarSeries): void {
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
  });
  json.ascii('}');
}

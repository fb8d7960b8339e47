import { Annotations, type AnnotationTexts } from '../data/annotations.js';
import { type Grid, gridBetween, instant, lastTime } from '../data/grid.js';
import { compareLabels, Labels } from '../data/labels.js';
import { withoutName } from '../data/names.js';
import { executionError } from '../data/query-error.js';
import { NOTHING, SERIES_BYTES, StepSeries } from '../data/step-series.js';
import type { NativeHistogram } from '../histogram/native-histogram.js';
import type { SampleSource, Selection } from '../source.js';
import { type Expression, typeOf } from '../syntax/ast.js';
import { parseExpression } from '../syntax/parser.js';
import { mergedByLabels } from '../vector/collect.js';
import { Evaluation, type EvaluationOptions } from './evaluation.js';
import { type QueryAccount, QueryControl, type QueryLimits } from './limits.js';
import { inParts } from './parts.js';
import { planReads } from './read-plan.js';
import { Reader } from './reader.js';
import { type QueryTimes, resolve } from './resolve.js';
import { type RangeSamples, rangeHolding, selectRange } from './select-range.js';
import type { Value } from './value.js';

/** How queries are evaluated; the same for all of them. */
export interface EngineOptions {
  /** How old a sample may be to stand for a time. Prometheus's default is five minutes. */
  readonly lookbackMs?: number;
  /** Step of subqueries that name none. Prometheus takes its evaluation interval, one minute. */
  readonly defaultSubqueryStepMs?: (rangeMs: number) => number;
  /** Drop names that no longer fit from the answer only, so that series which only they tell apart do not collide. */
  readonly delayedNameRemoval?: boolean;
  /** Let rates know of resets from when samples began to count. */
  readonly startTimestamps?: boolean;
  /** Judge by the label `__type__` instead of the name whether a metric is a counter. */
  readonly typeAndUnitLabels?: boolean;
  readonly limits?: QueryLimits;
}

/** One query: its text or the expression parsed from it, who asks, and of whom. */
export interface QueryRequest<Principal> {
  readonly query: string;
  readonly expression?: Expression;
  readonly source: SampleSource<Principal>;
  readonly principal: Principal;
  readonly signal?: AbortSignal;
  readonly account?: QueryAccount;
}

export interface QueryStatistics {
  readonly samplesRead: number;
  readonly peakSamples: number;
}

export interface InstantSample {
  readonly labels: Labels;
  readonly value: number | NativeHistogram;
}

export type InstantResult =
  | { readonly type: 'scalar'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'vector'; readonly samples: readonly InstantSample[] }
  | { readonly type: 'matrix'; readonly series: readonly RangeSamples[] };

/** Series by their labels, with a value for each step or none. A scalar is one without labels. */
export interface RangeResult {
  readonly type: 'matrix';
  readonly grid: Grid;
  readonly series: readonly StepSeries[];
}

export interface Answer<Result> extends AnnotationTexts {
  readonly result: Result;
  /** What the result takes. The account of the query has it as held; whoever asked releases it. */
  readonly bytes: number;
  readonly statistics: QueryStatistics;
}

export const defaultOptions: EvaluationOptions = {
  lookbackMs: 5 * 60_000,
  defaultSubqueryStepMs: () => 60_000,
  delaysNameRemoval: true,
  usesStartTimes: false,
  hasTypeLabels: false,
};

/** Evaluates a query for one time. Rejects with `ParseError` or `QueryError`. */
export function evaluateInstant<Principal>(
  request: QueryRequest<Principal>,
  timeMs: number,
  options: EngineOptions = {},
): Promise<Answer<InstantResult>> {
  const times = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
  return run(request, times, instant(timeMs), options, instantResult);
}

/** Evaluates a query for the times from `startMs` to `endMs`, `stepMs` apart. Rejects as `evaluateInstant` does. */
export function evaluateRange<Principal>(
  request: QueryRequest<Principal>,
  times: QueryTimes,
  options: EngineOptions = {},
): Promise<Answer<RangeResult>> {
  const grid = gridBetween(times.startMs, times.endMs, times.stepMs);
  const deadlineMs = performance.now() + (options.limits?.timeoutMs ?? Infinity);
  return inParts(grid, request.account, (part) =>
    run(request, times, part, endingAt(options, deadlineMs), rangeResult),
  );
}

/** Options for a part of an evaluation, which has the time that is left. */
function endingAt(options: EngineOptions, deadlineMs: number): EngineOptions {
  if (options.limits?.timeoutMs === undefined) return options;
  return { ...options, limits: { ...options.limits, timeoutMs: Math.max(0, deadlineMs - performance.now()) } };
}

/** What an evaluation reads first, without reading it. `info` reads more, by the series that it has found. */
export function plannedSelections(
  expression: Expression,
  times: QueryTimes,
  options: EngineOptions = {},
): readonly Selection[] {
  const selections = planReads(resolve(expression, times), times, { ...withDefaults(options), stepMs: times.stepMs });
  return [...new Set(selections.values())];
}

type Evaluate<Result> = (evaluation: Evaluation, expression: Expression, grid: Grid) => Promise<Result>;

async function run<Principal, Result extends InstantResult | RangeResult>(
  { query, expression, source, principal, signal, account }: QueryRequest<Principal>,
  times: QueryTimes,
  grid: Grid,
  options: EngineOptions,
  evaluate: Evaluate<Result>,
): Promise<Answer<Result>> {
  const parsed = expression ?? parseExpression(query);
  const evaluationOptions = withDefaults(options);
  const control = new QueryControl(options.limits ?? {}, signal, account);
  try {
    control.checkSteps(grid.count);
    const annotations = new Annotations();
    const resolved = resolve(parsed, times);
    const planOptions = { ...evaluationOptions, stepMs: times.stepMs };
    const span = grid.count === 0 ? times : { startMs: grid.startMs, endMs: lastTime(grid) };
    const selections = planReads(resolved, span, planOptions);
    const reader = new Reader<unknown>(source as SampleSource<unknown>, principal, control, annotations);
    const evaluation = new Evaluation(resolved, reader, selections, control, annotations, evaluationOptions);
    const result = await evaluate(evaluation, resolved, grid);
    const statistics = { samplesRead: control.samplesRead, peakSamples: control.peakSamples };
    const bytes = bytesOf(result);
    control.keep(bytes);
    return { result, bytes, statistics, ...annotations.texts(query) };
  } finally {
    control.end();
  }
}

function withDefaults(options: EngineOptions): EvaluationOptions {
  return {
    lookbackMs: options.lookbackMs ?? defaultOptions.lookbackMs,
    defaultSubqueryStepMs: options.defaultSubqueryStepMs ?? defaultOptions.defaultSubqueryStepMs,
    delaysNameRemoval: options.delayedNameRemoval ?? defaultOptions.delaysNameRemoval,
    usesStartTimes: options.startTimestamps ?? defaultOptions.usesStartTimes,
    hasTypeLabels: options.typeAndUnitLabels ?? defaultOptions.hasTypeLabels,
  };
}

async function instantResult(evaluation: Evaluation, expression: Expression, grid: Grid): Promise<InstantResult> {
  const inner = withoutParentheses(expression);
  if (inner.kind === 'matrix-selector' || inner.kind === 'subquery') {
    return { type: 'matrix', series: (await selectRange(evaluation, inner, grid)).sort(byLabels) };
  }
  const value = await evaluation.evaluate(expression, grid);
  if (value.type === 'scalar') return { type: 'scalar', value: value.values[0]! };
  if (value.type === 'string') return value;
  const samples: InstantSample[] = [];
  for (const series of cleaned(value.series)) {
    if (series.kinds[0] === NOTHING) continue;
    samples.push({ labels: series.labels, value: series.histogramAt(0) ?? series.values[0]! });
  }
  return { type: 'vector', samples };
}

async function rangeResult(evaluation: Evaluation, expression: Expression, grid: Grid): Promise<RangeResult> {
  const type = typeOf(expression);
  if (type !== 'vector' && type !== 'scalar') {
    const name = type === 'matrix' ? 'range vector' : type;
    throw executionError(`invalid expression type "${name}" for range query, must be Scalar or instant Vector`);
  }
  const value =
    grid.count === 0 ? ({ type: 'vector', series: [] } as const) : await evaluation.evaluate(expression, grid);
  const series = cleaned(asSeries(value, grid)).filter((each) => !each.isEmpty);
  return { type: 'matrix', grid, series: series.sort(byLabels) };
}

function bytesOf(result: InstantResult | RangeResult): number {
  switch (result.type) {
    case 'vector':
      return result.samples.length * SERIES_BYTES;
    case 'matrix':
      return result.series.reduce((sum, each) => sum + ('kinds' in each ? each.holding : rangeHolding(each)).bytes, 0);
    default:
      return 0;
  }
}

function asSeries(value: Value, grid: Grid): readonly StepSeries[] {
  if (value.type === 'vector') return value.series;
  const series = new StepSeries(Labels.none, grid.count);
  if (value.type === 'scalar') for (const [step, each] of value.values.entries()) series.setFloat(step, each);
  return [series];
}

/** Without the names that no longer fit. Series that only they told apart must not have values at the same time. */
function cleaned(series: readonly StepSeries[]): StepSeries[] {
  return mergedByLabels(series.map((each) => (each.dropsName ? withoutName(each) : each)));
}

function withoutParentheses(expression: Expression): Expression {
  return expression.kind === 'parentheses' ? withoutParentheses(expression.expression) : expression;
}

function byLabels(left: { readonly labels: Labels }, right: { readonly labels: Labels }): number {
  return compareLabels(left.labels, right.labels);
}

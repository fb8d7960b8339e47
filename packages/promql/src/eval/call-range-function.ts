import { type Grid, timeAt } from '../data/grid.js';
import { withoutName } from '../data/names.js';
import { executionError, SAME_LABELS } from '../data/query-error.js';
import { FLOAT, StepSeries } from '../data/step-series.js';
import type { Call, MatrixSelector, Subquery } from '../syntax/ast.js';
import { quoted } from '../syntax/go-text.js';
import type { Position } from '../syntax/position.js';
import { haveSharedLabels } from '../vector/collect.js';
import type { Evaluation } from './evaluation.js';
import { type Implementation, implementations } from './functions/table.js';
import { HeldSeries } from './held-series.js';
import type { RangeCall, RangeFunction } from './range-call.js';
import { type RangeSeries, windowEnd } from './range-series.js';
import { scalarOf } from './value.js';
import { splitSamples, Window } from './window.js';

type RangeImplementation = Extract<Implementation, { over: 'range' }>;

/** Prometheus replaces a subquery by its result, which has no place in the query: it says that it stands at the start. */
const START: Position = { start: 0, end: 0 };

/** Evaluates a function at each step over the window of each series. */
export async function callRangeFunction(
  evaluation: Evaluation,
  call: Call,
  implementation: RangeImplementation,
  grid: Grid,
): Promise<StepSeries[]> {
  const rangeIndex = call.arguments.findIndex(({ kind }) => kind === 'matrix-selector' || kind === 'subquery');
  const range = call.arguments[rangeIndex] as MatrixSelector | Subquery;
  // A subquery is evaluated before the other arguments, a selector is read after them.
  const early: readonly RangeSeries[] | undefined =
    range.kind === 'subquery' ? (await collect(evaluation.rangeSeries(range, grid))).flat() : undefined;
  const scalars: Float64Array[] = [];
  for (const [index, argument] of call.arguments.entries()) {
    if (index !== rangeIndex) scalars.push(scalarOf(await evaluation.evaluate(argument, grid)));
  }
  refuseUnfitExtension(call, implementation, range);
  const rangeCall = rangeCallOf(evaluation, call, range, scalars);
  const held = new HeldSeries(evaluation.control);
  const batches = early === undefined ? evaluation.rangeSeries(range, grid) : [early];
  for await (const batch of batches) {
    for (const series of batch) {
      const result = evaluateSeries(evaluation, series, range, grid, implementation, rangeCall);
      noteNonCounter(evaluation, call, series, result, rangeCall);
      held.add(result);
      await evaluation.control.checkpoint();
    }
  }
  const results = held.handOver();
  if (evaluation.options.delaysNameRemoval) return results;
  const named = results.map((result) => (result.dropsName ? withoutName(result) : result));
  if (haveSharedLabels(named)) throw executionError(SAME_LABELS);
  return named;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function evaluateSeries(
  { options }: Evaluation,
  { samples, dropsName }: RangeSeries,
  range: MatrixSelector | Subquery,
  grid: Grid,
  { evaluate, keepsName, usesStartTimes }: RangeImplementation,
  call: RangeCall,
): StepSeries {
  const hasStartTimes = options.usesStartTimes && usesStartTimes === true;
  const split = splitSamples(hasStartTimes ? samples : { ...samples, startTimes: undefined });
  const result = new StepSeries(samples.labels, grid.count, dropsName || keepsName !== true);
  const before = call.extension === undefined ? 0 : options.lookbackMs;
  const after = call.extension === 'smoothed' ? options.lookbackMs : 0;
  evaluateSteps(new Window(split, samples.labels), range, grid, before, after, evaluate, call, result);
  return result;
}

/** The hot loop: two places move through the samples of a series, once over all steps. */
function evaluateSteps(
  window: Window,
  range: MatrixSelector | Subquery,
  grid: Grid,
  before: number,
  after: number,
  evaluate: RangeFunction,
  call: RangeCall,
  result: StepSeries,
): void {
  for (let step = 0; step < grid.count; step++) {
    const endMs = windowEnd(range, grid, step);
    window.step = step;
    window.stepTimeMs = timeAt(grid, step);
    window.endMs = endMs;
    window.startMs = endMs - range.rangeMs;
    window.moveTo(window.startMs - before, endMs + after);
    if (window.isEmpty) continue;
    const value = evaluate(window, call);
    if (typeof value === 'number') result.setFloat(step, value);
    else if (value !== undefined) result.setHistogram(step, value);
  }
}

function rangeCallOf(
  { annotations }: Evaluation,
  { arguments: given }: Call,
  range: MatrixSelector | Subquery,
  scalars: readonly Float64Array[],
): RangeCall {
  const positions = given.map(({ kind, position }) => (kind === 'subquery' ? START : position));
  return {
    annotations,
    position: range.kind === 'subquery' ? START : range.position,
    firstPosition: positions[0]!,
    argumentsPosition: { start: positions[0]!.start, end: positions.at(-1)!.end },
    rangeMs: range.rangeMs,
    extension: range.kind === 'subquery' ? undefined : range.selector.extension,
    scalars,
  };
}

function refuseUnfitExtension(call: Call, implementation: RangeImplementation, range: MatrixSelector | Subquery): void {
  const extension = range.kind === 'subquery' ? undefined : range.selector.extension;
  if (extension === undefined || implementation.extensions?.includes(extension)) return;
  const fit = Object.entries(implementations)
    .filter(([, each]) => each.over === 'range' && each.extensions?.includes(extension))
    .map(([name]) => name)
    .sort();
  throw executionError(
    `${extension} modifier can only be used with: ${fit.join(', ')} - not with ${call.function.name}`,
  );
}

const counterSuffix = /_(?:total|sum|count|bucket)$/;

/** Rates of what is no counter are most often a mistake. */
function noteNonCounter(
  { annotations, options }: Evaluation,
  { function: { name } }: Call,
  { samples: { labels } }: RangeSeries,
  { kinds }: StepSeries,
  { firstPosition }: RangeCall,
): void {
  if ((name !== 'rate' && name !== 'increase') || labels.metricName === '' || !kinds.includes(FLOAT)) return;
  if (options.hasTypeLabels) {
    const type = labels.get('__type__');
    if (type === 'counter' || type === 'histogram') return;
    const rule = '__type__ label is not set to "counter" or "histogram"';
    annotations.info(
      `metric might not be a counter, ${rule}, got ${quoted(type)}: ${quoted(labels.metricName)}`,
      firstPosition,
    );
  } else if (!counterSuffix.test(labels.metricName)) {
    const rule = 'name does not end in _total/_sum/_count/_bucket';
    annotations.info(`metric might not be a counter, ${rule}: ${quoted(labels.metricName)}`, firstPosition);
  }
}

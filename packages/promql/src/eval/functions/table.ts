import { timeAt } from '../../data/grid.js';
import { Labels } from '../../data/labels.js';
import { FLOAT, HISTOGRAM, NOTHING, StepSeries } from '../../data/step-series.js';
import type { NativeHistogram } from '../../histogram/native-histogram.js';
import type { FunctionName } from '../../syntax/functions.js';
import type { RangeFunction } from '../range-call.js';
import { scalarOf, seriesOf, stringOf, type Value, vector } from '../value.js';
import type { VectorCall } from '../vector-call.js';
import { absentSeries } from './absent.js';
import { changes, resets } from './changes.js';
import { histogramFunctions } from './histogram-functions.js';
import { checkQuantiles, fractionsOfHistograms, quantileLabel, quantilesOfHistograms } from './histogram-quantile.js';
import { idelta, irate } from './instant-rate.js';
import { joinLabels, replaceLabel } from './label-functions.js';
import { dateFunctions, dateOf, floatFunctions } from './math.js';
import {
  avgOverTime,
  countOverTime,
  firstOverTime,
  lastOverTime,
  madOverTime,
  maxOverTime,
  minOverTime,
  presentOverTime,
  quantileOverTime,
  stddevOverTime,
  stdvarOverTime,
  sumOverTime,
  timeOfFirst,
  timeOfLast,
  timeOfMax,
  timeOfMin,
} from './over-time.js';
import { delta, increase, rate } from './rate.js';
import { deriv, doubleExponentialSmoothing, predictLinear } from './regression.js';
import { sortByLabels, sortByValue } from './sort.js';

/**
 * What a function does. `range` ones see the windows of a range vector, one series and step at a time; `values` ones
 * the values of all arguments; the others look into their arguments and are part of the evaluation.
 */
export type Implementation =
  | {
      readonly over: 'range';
      readonly evaluate: RangeFunction;
      /** The result is a sample of the series, which keeps its name. */
      readonly keepsName?: true;
      readonly usesStartTimes?: true;
      readonly extensions?: readonly ('anchored' | 'smoothed')[];
    }
  | { readonly over: 'values'; readonly evaluate: (call: VectorCall) => Value }
  | { readonly over: 'expression' };

const expression: Implementation = { over: 'expression' };

function range(evaluate: RangeFunction): Implementation {
  return { over: 'range', evaluate };
}

function values(evaluate: (call: VectorCall) => Value): Implementation {
  return { over: 'values', evaluate };
}

function series(evaluate: (call: VectorCall) => readonly StepSeries[]): Implementation {
  return values((call) => vector(evaluate(call)));
}

/** A function of each float. `evaluate` gets the step, for arguments that change with it. */
function ofFloats(evaluate: (value: number, step: number, call: VectorCall) => number): Implementation {
  return series((call) => mapFloats(call, evaluate));
}

function mapFloats(
  call: VectorCall,
  evaluate: (value: number, step: number, call: VectorCall) => number,
): readonly StepSeries[] {
  const results = seriesOf(call.values[0]!).map((each) => {
    const result = new StepSeries(each.labels, call.grid.count, true);
    for (let step = 0; step < call.grid.count; step++) {
      if (each.kinds[step] === FLOAT) result.setFloat(step, evaluate(each.values[step]!, step, call));
    }
    return result;
  });
  return call.named(results.filter((result) => !result.isEmpty));
}

function ofHistograms(evaluate: (histogram: NativeHistogram) => number): Implementation {
  return series((call) => {
    const results = seriesOf(call.values[0]!).map((each) => {
      const result = new StepSeries(each.labels, call.grid.count, true);
      for (let step = 0; step < call.grid.count; step++) {
        if (each.kinds[step] === HISTOGRAM) result.setFloat(step, evaluate(each.histograms![step]!));
      }
      return result;
    });
    return call.named(results.filter((result) => !result.isEmpty));
  });
}

/** Without an argument the time of the step is meant. */
function ofDates(evaluate: (date: Date) => number): Implementation {
  return series((call) => {
    if (call.values.length > 0) return mapFloats(call, (seconds) => evaluate(dateOf(seconds)));
    const result = new StepSeries(Labels.none, call.grid.count);
    for (let step = 0; step < call.grid.count; step++) {
      result.setFloat(step, evaluate(dateOf(Math.trunc(timeAt(call.grid, step) / 1000))));
    }
    return [result];
  });
}

function scalarAt(call: VectorCall, argument: number, step: number): number {
  return scalarOf(call.values[argument]!)[step]!;
}

function ofScalars(evaluate: (left: number, right: number) => number): Implementation {
  return values(({ values: [left, right] }) => ({
    type: 'scalar',
    values: scalarOf(left!).map((value, step) => evaluate(value, scalarOf(right!)[step]!)),
  }));
}

/** Bounds that exclude each other leave nothing. */
function clamped(
  boundsOf: (call: VectorCall, step: number) => readonly [smallest: number, largest: number],
): Implementation {
  return series((call) => {
    const results = seriesOf(call.values[0]!).map((each) => {
      const result = new StepSeries(each.labels, call.grid.count, true);
      for (let step = 0; step < call.grid.count; step++) {
        const [smallest, largest] = boundsOf(call, step);
        if (each.kinds[step] !== FLOAT || largest < smallest) continue;
        result.setFloat(step, Math.max(smallest, Math.min(largest, each.values[step]!)));
      }
      return result;
    });
    return call.named(results.filter((result) => !result.isEmpty));
  });
}

const round = ofFloats((value, step, call) => {
  // Multiplying by the inverse loses less to rounding than dividing.
  const inverse = 1 / (call.values.length > 1 ? scalarAt(call, 1, step) : 1);
  return Math.floor(value * inverse + 0.5) / inverse;
});

/** The one float of a vector. */
const scalar = values(({ values: [value], grid }) => {
  const result = new Float64Array(grid.count).fill(NaN);
  for (let step = 0; step < grid.count; step++) {
    const floats = seriesOf(value!).filter(({ kinds }) => kinds[step] === FLOAT);
    if (floats.length === 1) result[step] = floats[0]!.values[step]!;
  }
  return { type: 'scalar', values: result };
});

const vectorOfScalar = series(({ values: [value], grid }) => {
  const result = new StepSeries(Labels.none, grid.count);
  for (const [step, each] of scalarOf(value!).entries()) result.setFloat(step, each);
  return [result];
});

/** Only of selectors are the times of the samples known; anything else was computed at the step. */
const timestampOfValues = series((call) => {
  const results = seriesOf(call.values[0]!).map((each) => {
    const result = new StepSeries(each.labels, call.grid.count, true);
    for (let step = 0; step < call.grid.count; step++) {
      if (each.kinds[step] !== NOTHING) result.setFloat(step, timeAt(call.grid, step) / 1000);
    }
    return result;
  });
  return call.named(results);
});

const histogramQuantile = series((call) => {
  const q = scalarOf(call.values[0]!);
  checkQuantiles(q, call.annotations, call.positions[0]!);
  return quantilesOfHistograms(q, seriesOf(call.values[1]!), call.histogramContext(1), (labels) => labels);
});

const histogramQuantiles = series((call) => {
  const label = stringOf(call.values[1]!);
  const results: StepSeries[] = [];
  for (const [index, value] of call.values.entries()) {
    if (index < 2) continue;
    const q = scalarOf(value);
    checkQuantiles(q, call.annotations, call.positions[index]!);
    const context = call.histogramContext(0);
    const found = quantilesOfHistograms(q, seriesOf(call.values[0]!), context, (labels, step) =>
      labels.with([[label, quantileLabel(q[step]!)]]),
    );
    results.push(...found);
  }
  return call.merged(results);
});

const histogramFraction = series((call) =>
  fractionsOfHistograms(
    scalarOf(call.values[0]!),
    scalarOf(call.values[1]!),
    seriesOf(call.values[2]!),
    call.histogramContext(2),
  ),
);

const rateLike = { usesStartTimes: true, extensions: ['anchored', 'smoothed'] } as const;

/** What each function of `../../syntax/functions.ts` does. */
export const implementations: Readonly<Record<FunctionName, Implementation>> = {
  ...mapped(floatFunctions, (evaluate) => ofFloats(evaluate)),
  ...mapped(dateFunctions, ofDates),
  ...mapped(histogramFunctions, ofHistograms),
  absent: series(({ values: [value], expressions, grid }) =>
    absentSeries(seriesOf(value!), expressions[0]!, grid.count, false),
  ),
  absent_over_time: range(presentOverTime),
  avg_over_time: range(avgOverTime),
  changes: { over: 'range', evaluate: changes, extensions: ['anchored'] },
  clamp: clamped((call, step) => [scalarAt(call, 1, step), scalarAt(call, 2, step)]),
  clamp_max: clamped((call, step) => [-Infinity, scalarAt(call, 1, step)]),
  clamp_min: clamped((call, step) => [scalarAt(call, 1, step), Infinity]),
  count_over_time: range(countOverTime),
  delta: { over: 'range', evaluate: delta, extensions: ['anchored', 'smoothed'] },
  deriv: range(deriv),
  double_exponential_smoothing: range(doubleExponentialSmoothing),
  end: expression,
  first_over_time: { over: 'range', evaluate: firstOverTime, keepsName: true },
  histogram_fraction: histogramFraction,
  histogram_quantile: histogramQuantile,
  histogram_quantiles: histogramQuantiles,
  idelta: range(idelta),
  increase: { over: 'range', evaluate: increase, ...rateLike },
  info: expression,
  irate: { over: 'range', evaluate: irate, usesStartTimes: true },
  label_join: series(({ values: [value, ...rest] }) => joinLabels(seriesOf(value!), rest.map(stringOf))),
  label_replace: series(({ values: [value, ...rest] }) => replaceLabel(seriesOf(value!), rest.map(stringOf))),
  last_over_time: { over: 'range', evaluate: lastOverTime, keepsName: true },
  mad_over_time: range(madOverTime),
  max_of: ofScalars(Math.max),
  max_over_time: range(maxOverTime),
  min_of: ofScalars(Math.min),
  min_over_time: range(minOverTime),
  pi: values(({ grid }) => ({ type: 'scalar', values: new Float64Array(grid.count).fill(Math.PI) })),
  predict_linear: range(predictLinear),
  present_over_time: range(presentOverTime),
  quantile_over_time: range(quantileOverTime),
  range: expression,
  rate: { over: 'range', evaluate: rate, ...rateLike },
  resets: { over: 'range', evaluate: resets, usesStartTimes: true, extensions: ['anchored'] },
  round,
  scalar,
  sort: series((call) => sortByValue(call, 'ascending')),
  sort_by_label: series((call) => sortByLabels(call, 'ascending')),
  sort_by_label_desc: series((call) => sortByLabels(call, 'descending')),
  sort_desc: series((call) => sortByValue(call, 'descending')),
  start: expression,
  start_timestamp: series(() => []),
  stddev_over_time: range(stddevOverTime),
  stdvar_over_time: range(stdvarOverTime),
  step: expression,
  sum_over_time: range(sumOverTime),
  time: values(({ grid }) => ({
    type: 'scalar',
    values: Float64Array.from({ length: grid.count }, (_, step) => timeAt(grid, step) / 1000),
  })),
  timestamp: timestampOfValues,
  ts_of_first_over_time: range(timeOfFirst),
  ts_of_last_over_time: range(timeOfLast),
  ts_of_max_over_time: range(timeOfMax),
  ts_of_min_over_time: range(timeOfMin),
  vector: vectorOfScalar,
};

function mapped<Name extends FunctionName, Operation>(
  operations: Readonly<Record<Name, Operation>>,
  implementationOf: (operation: Operation) => Implementation,
): Record<Name, Implementation> {
  const entries = Object.entries<Operation>(operations);
  return Object.fromEntries(entries.map(([name, operation]) => [name, implementationOf(operation)])) as Record<
    Name,
    Implementation
  >;
}

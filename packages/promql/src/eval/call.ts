import type { Grid } from '../data/grid.js';
import { executionError } from '../data/query-error.js';
import type { StepSeries } from '../data/step-series.js';
import type { Call, VectorSelector } from '../syntax/ast.js';
import { mergedByLabels } from '../vector/collect.js';
import { callRangeFunction } from './call-range-function.js';
import type { Evaluation } from './evaluation.js';
import { absentSeries } from './functions/absent.js';
import { implementations } from './functions/table.js';
import { HeldSeries } from './held-series.js';
import { evaluateInfo } from './info.js';
import { selectStartTimes, selectTimes } from './select-instant.js';
import { type Value, vector } from './value.js';
import type { VectorCall } from './vector-call.js';

/** Evaluates a call, its arguments first. */
export async function callFunction(evaluation: Evaluation, call: Call, grid: Grid): Promise<Value> {
  const { name } = call.function;
  const [first] = call.arguments;
  if ((name === 'timestamp' || name === 'start_timestamp') && first?.kind === 'vector-selector') {
    return vector(await sampleTimes(evaluation, first, name, grid));
  }
  if (name === 'info') return vector(await evaluateInfo(evaluation, call, grid));
  const implementation = implementations[name];
  if (implementation.over === 'expression') throw executionError(`BUG: ${name} was not resolved`);
  if (implementation.over === 'range') {
    const series = await callRangeFunction(evaluation, call, implementation, grid);
    if (name !== 'absent_over_time') return vector(series);
    return vector(absentSeries(series, first!, grid.count, true));
  }
  const values: Value[] = [];
  for (const argument of call.arguments) values.push(await evaluation.evaluate(argument, grid));
  return implementation.evaluate(vectorCall(evaluation, call, values, grid));
}

function vectorCall(evaluation: Evaluation, call: Call, values: readonly Value[], grid: Grid): VectorCall {
  const { annotations, options } = evaluation;
  const positions = call.arguments.map(({ position }) => position);
  return {
    values,
    expressions: call.arguments,
    positions,
    position: call.position,
    grid,
    annotations,
    named: (series) => evaluation.named(series),
    merged: mergedByLabels,
    histogramContext: (argument) => ({
      grid,
      annotations,
      position: positions[argument]!,
      delaysNameRemoval: options.delaysNameRemoval,
    }),
  };
}

/** In seconds. As in Prometheus, `@` takes the place of an offset here. */
async function sampleTimes(
  evaluation: Evaluation,
  selector: VectorSelector,
  name: 'timestamp' | 'start_timestamp',
  grid: Grid,
): Promise<readonly StepSeries[]> {
  if (name === 'start_timestamp' && !evaluation.options.usesStartTimes) return [];
  const select = name === 'timestamp' ? selectTimes : selectStartTimes;
  const times = evaluation.instantTimes(selector, grid);
  const effective = times.atMs === undefined ? times : { ...times, offsetMs: 0 };
  const held = new HeldSeries(evaluation.control);
  for await (const batch of evaluation.read(selector)) {
    for (const samples of batch) {
      const series = select(samples, effective);
      for (let step = 0; step < grid.count; step++) series.values[step]! /= 1000;
      series.dropsName = true;
      held.add(series);
    }
    await evaluation.control.checkpoint();
  }
  return evaluation.named(held.handOver());
}

import type { Annotations } from '../data/annotations.js';
import { executionError } from '../data/query-error.js';
import { NOTHING, StepSeries } from '../data/step-series.js';
import { general } from '../syntax/go-text.js';
import type { Position } from '../syntax/position.js';
import { type Grouping, groupsOf } from './group.js';
import { Heap } from './heap.js';
import { sampleOffset } from './sample-offset.js';
import { eachStep } from './step-blocks.js';

/** Aggregations that keep members of each group as they are. */
export type SelectingOperator = 'topk' | 'bottomk' | 'limitk' | 'limit_ratio';

export interface SelectionContext {
  readonly steps: number;
  readonly annotations: Annotations;
  /** Called again and again while the work lasts: what it throws ends it. */
  readonly throwIfEnded?: () => void;
  /** Of the whole aggregation, and of its parameter. */
  readonly position: Position;
  readonly parameterPosition: Position;
  /** How many members, or which part of them, for each step. */
  readonly parameter: Float64Array;
}

/** Calls `keep` for each step and each member chosen at it, in the order in which an instant query answers them. */
type Choose = (
  members: readonly StepSeries[],
  parameter: Float64Array,
  context: SelectionContext,
  keep: (step: number, member: StepSeries) => void,
) => void;

const choices: Readonly<Record<SelectingOperator, Choose>> = {
  topk: best('topk', (left, right) => Number.isNaN(left) || left < right),
  bottomk: best('bottomk', (left, right) => Number.isNaN(left) || left > right),
  limitk: (members, parameter, { steps }, keep) => {
    const counts = new Int32Array(steps);
    eachPresent(members, steps, (step, member) => {
      if (counts[step]!++ < parameter[step]!) keep(step, member);
    });
  },
  limit_ratio: (members, parameter, { steps }, keep) => {
    for (const member of members) {
      const offset = sampleOffset(member.labels);
      eachPresent([member], steps, (step) => {
        if (isSampled(offset, parameter[step]!)) keep(step, member);
      });
    }
  },
};

function eachPresent(
  members: readonly StepSeries[],
  steps: number,
  visit: (step: number, member: StepSeries) => void,
): void {
  for (const member of members) {
    for (let step = 0; step < steps; step++) if (member.kinds[step] !== NOTHING) visit(step, member);
  }
}

/** Members of each group. With one step they come in the order of their values, group by group. */
export function selectMembers(
  operator: SelectingOperator,
  series: readonly StepSeries[],
  grouping: Grouping,
  context: SelectionContext,
): StepSeries[] {
  if (!isWanted(operator, context)) return [];
  const parameter = context.parameter.map((value) => limited(operator, value, series.length));
  const chosen = new Map<StepSeries, StepSeries>();
  for (const { members } of groupsOf(series, grouping, context.throwIfEnded)) {
    context.throwIfEnded?.();
    choices[operator](members, parameter, context, (step, member) => {
      let result = chosen.get(member);
      if (result === undefined) {
        result = new StepSeries(member.labels, context.steps, member.dropsName);
        chosen.set(member, result);
      }
      result.copyStep(step, member);
    });
  }
  return [...chosen.values()];
}

/** Checks the parameter for all steps. Throws for what is no number of members. */
function isWanted(
  operator: SelectingOperator,
  { parameter, annotations, parameterPosition }: SelectionContext,
): boolean {
  const largest = extremeOf(parameter, (value, other) => value > other);
  const smallest = extremeOf(parameter, (value, other) => value < other);
  const hasNaN = parameter.some(Number.isNaN);
  if (operator === 'limit_ratio') {
    if (largest === 0 && smallest === 0) return false;
    if (hasNaN) throw executionError('Ratio value is NaN');
    for (const [value, limit] of [
      [largest, 1],
      [smallest, -1],
    ] as const) {
      if (limit > 0 ? value <= limit : value >= limit) continue;
      const text = `ratio value should be between -1 and 1, got ${general(value)}, capping to ${limit}`;
      annotations.warn(text, parameterPosition);
    }
    return true;
  }
  if (largest < 1) return false;
  if (hasNaN) throw executionError('Parameter value is NaN');
  if (smallest <= -(2 ** 63)) throw executionError(`Scalar value ${general(smallest)} underflows int64`);
  if (largest >= 2 ** 63) throw executionError(`Scalar value ${general(largest)} overflows int64`);
  return true;
}

function extremeOf(values: Float64Array, isBetter: (value: number, other: number) => boolean): number {
  let found = NaN;
  for (const value of values) if (Number.isNaN(found) || isBetter(value, found)) found = value;
  return found;
}

function limited(operator: SelectingOperator, parameter: number, members: number): number {
  if (operator === 'limit_ratio') return Math.max(-1, Math.min(1, parameter));
  return Math.max(0, Math.min(Math.trunc(parameter), members));
}

/** A negative ratio takes what the ratio 1 less would leave. */
function isSampled(offset: number, ratio: number): boolean {
  return ratio >= 0 ? offset < ratio : offset >= 1 + ratio;
}

/** A heap of the places of the best values, the least of them on top, which the next better one replaces. */
function best(name: string, isWorse: (left: number, right: number) => boolean): Choose {
  return (members, parameter, { steps, annotations, position, throwIfEnded }, keep) => {
    eachStep(members, steps, (step, { values, places, hasHistogram }) => {
      throwIfEnded?.();
      const limit = parameter[step]!;
      if (limit === 0) return;
      if (hasHistogram) annotations.info(`ignored histogram in ${name} aggregation`, position);
      const worse = (left: number, right: number) => isWorse(values[left]!, values[right]!);
      const heap = new Heap<number>(worse);
      for (let at = 0; at < values.length; at++) {
        if (heap.items.length < limit) {
          heap.push(at);
          continue;
        }
        const top = values[heap.items[0]!]!;
        const value = values[at]!;
        if (Number.isNaN(top) ? !Number.isNaN(value) : isWorse(top, value)) heap.replaceTop(at);
      }
      const sorted = heap.items.sort((left, right) => (worse(right, left) ? -1 : worse(left, right) ? 1 : 0));
      for (const at of sorted) keep(step, members[places[at]!]!);
    });
  };
}

import type { Annotations } from '../data/annotations.js';
import { executionError } from '../data/query-error.js';
import { HISTOGRAM, NOTHING, StepSeries } from '../data/step-series.js';
import { general } from '../syntax/go-text.js';
import type { Position } from '../syntax/position.js';
import { type Grouping, groupsOf } from './group.js';
import { Heap } from './heap.js';
import { sampleOffset } from './sample-offset.js';

/** Aggregations that keep members of each group as they are. */
export type SelectingOperator = 'topk' | 'bottomk' | 'limitk' | 'limit_ratio';

export interface SelectionContext {
  readonly steps: number;
  readonly annotations: Annotations;
  /** Of the whole aggregation, and of its parameter. */
  readonly position: Position;
  readonly parameterPosition: Position;
  /** How many members, or which part of them, for each step. */
  readonly parameter: Float64Array;
}

/** Members of a group that are chosen at a step, in the order in which an instant query answers them. */
type Choice = (
  members: readonly StepSeries[],
  step: number,
  parameter: number,
  context: SelectionContext,
) => readonly StepSeries[];

/** A choice for one evaluation: what it finds out of a series holds for all steps. */
const choices: Readonly<Record<SelectingOperator, () => Choice>> = {
  topk: () => best('topk', (left, right) => Number.isNaN(left) || left < right),
  bottomk: () => best('bottomk', (left, right) => Number.isNaN(left) || left > right),
  limitk: () => (members, step, parameter) => presentAt(members, step).slice(0, parameter),
  limit_ratio: () => {
    const offsets = new Map<StepSeries, number>();
    const offsetOf = (member: StepSeries) => {
      if (!offsets.has(member)) offsets.set(member, sampleOffset(member.labels));
      return offsets.get(member)!;
    };
    return (members, step, parameter) =>
      presentAt(members, step).filter((member) => isSampled(offsetOf(member), parameter));
  },
};

function presentAt(members: readonly StepSeries[], step: number): StepSeries[] {
  return members.filter(({ kinds }) => kinds[step] !== NOTHING);
}

/** Members of each group. With one step they come in the order of their values, group by group. */
export function selectMembers(
  operator: SelectingOperator,
  series: readonly StepSeries[],
  grouping: Grouping,
  context: SelectionContext,
): StepSeries[] {
  if (!isWanted(operator, context)) return [];
  const choose = choices[operator]();
  const chosen = new Map<StepSeries, StepSeries>();
  for (const { members } of groupsOf(series, grouping)) {
    for (let step = 0; step < context.steps; step++) {
      const parameter = limited(operator, context.parameter[step]!, series.length);
      if (parameter === 0) continue;
      for (const member of choose(members, step, parameter, context)) {
        let result = chosen.get(member);
        if (result === undefined) {
          result = new StepSeries(member.labels, context.steps, member.dropsName);
          chosen.set(member, result);
        }
        result.copyStep(step, member);
      }
    }
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

/** A heap of the best values, the least of them on top, which the next better one replaces. */
function best(name: string, isWorse: (left: number, right: number) => boolean): Choice {
  return (members, step, limit, { annotations, position }) => {
    const worse = (left: StepSeries, right: StepSeries) => isWorse(left.values[step]!, right.values[step]!);
    const heap = new Heap<StepSeries>(worse);
    for (const member of members) {
      if (member.kinds[step] === NOTHING) continue;
      if (member.kinds[step] === HISTOGRAM) {
        annotations.info(`ignored histogram in ${name} aggregation`, position);
        continue;
      }
      const value = member.values[step]!;
      const top = heap.items[0]?.values[step];
      if (heap.items.length < limit) heap.push(member);
      else if (Number.isNaN(top) ? !Number.isNaN(value) : isWorse(top!, value)) heap.replaceTop(member);
    }
    return heap.items.sort((left, right) => (worse(right, left) ? -1 : worse(left, right) ? 1 : 0));
  };
}

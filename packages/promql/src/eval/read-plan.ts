import type { Selection, SelectionHints } from '../source.js';
import { childrenOf, type Expression, type MatrixSelector, type VectorSelector } from '../syntax/ast.js';

/** Times at which a part of a query is evaluated. */
interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

interface Wanted extends Span {
  readonly selector: VectorSelector;
  readonly hints: SelectionHints;
}

export interface PlanOptions {
  readonly lookbackMs: number;
  readonly stepMs: number;
  readonly defaultSubqueryStepMs: (rangeMs: number) => number;
}

/**
 * What a resolved expression reads, by selector. Equal selectors whose times overlap share one selection, which spans
 * the times of all.
 */
export function planReads(expression: Expression, span: Span, options: PlanOptions): Map<VectorSelector, Selection> {
  const wanted: Wanted[] = [];
  collect(expression, span, { function: '', grouping: [], by: false, stepMs: options.stepMs }, options, wanted);
  const bySelector = new Map<string, Wanted[]>();
  for (const each of wanted) {
    const key = each.selector.matchers.map(String).sort().join(',');
    bySelector.set(key, [...(bySelector.get(key) ?? []), each]);
  }
  const plan = new Map<VectorSelector, Selection>();
  for (const same of bySelector.values()) for (const group of overlapping(same)) addSelection(plan, group);
  return plan;
}

type Surroundings = Pick<SelectionHints, 'function' | 'grouping' | 'by' | 'stepMs'>;

function collect(
  expression: Expression,
  span: Span,
  around: Surroundings,
  options: PlanOptions,
  wanted: Wanted[],
): void {
  switch (expression.kind) {
    case 'vector-selector':
      wanted.push(selectorReads(expression, span, undefined, around, options));
      return;
    case 'matrix-selector':
      wanted.push(selectorReads(expression.selector, span, expression, around, options));
      return;
    case 'subquery': {
      const { startMs, endMs } =
        expression.at === undefined ? span : { startMs: expression.at as number, endMs: expression.at as number };
      const inner = { startMs: startMs - expression.offsetMs - expression.rangeMs, endMs: endMs - expression.offsetMs };
      const stepMs = expression.stepMs || options.defaultSubqueryStepMs(expression.rangeMs);
      collect(expression.expression, inner, { ...around, stepMs }, options, wanted);
      return;
    }
    default:
      for (const child of childrenOf(expression))
        collect(child, span, surroundingsOf(expression, around), options, wanted);
  }
}

function surroundingsOf(expression: Expression, around: Surroundings): Surroundings {
  const { stepMs } = around;
  switch (expression.kind) {
    case 'aggregation':
      return { function: expression.operator, grouping: expression.grouping, by: !expression.without, stepMs };
    case 'call':
      return { function: expression.function.name, grouping: [], by: false, stepMs };
    case 'binary':
      return { function: '', grouping: [], by: false, stepMs };
    default:
      return around;
  }
}

/** Windows are open on their left, so that reading begins a millisecond later. */
function selectorReads(
  selector: VectorSelector,
  span: Span,
  matrix: MatrixSelector | undefined,
  around: Surroundings,
  { lookbackMs }: PlanOptions,
): Wanted {
  const at = selector.at as number | undefined;
  const rangeMs = matrix?.rangeMs ?? 0;
  const isExtended = matrix === undefined || selector.extension !== undefined;
  const before = rangeMs + (isExtended ? lookbackMs : 0) - 1;
  const after = selector.extension === 'smoothed' ? lookbackMs : 0;
  return {
    selector,
    startMs: (at ?? span.startMs) - selector.offsetMs - before,
    endMs: (at ?? span.endMs) - selector.offsetMs + after,
    hints: { ...around, rangeMs },
  };
}

function overlapping(same: readonly Wanted[]): Wanted[][] {
  const groups: { endMs: number; members: Wanted[] }[] = [];
  for (const each of [...same].sort((left, right) => left.startMs - right.startMs)) {
    const last = groups.at(-1);
    if (last !== undefined && each.startMs <= last.endMs) {
      last.members.push(each);
      last.endMs = Math.max(last.endMs, each.endMs);
    } else {
      groups.push({ endMs: each.endMs, members: [each] });
    }
  }
  return groups.map(({ members }) => members);
}

function addSelection(plan: Map<VectorSelector, Selection>, group: readonly Wanted[]): void {
  const [first] = group;
  const selection: Selection = {
    matchers: first!.selector.matchers,
    startMs: Math.min(...group.map(({ startMs }) => startMs)),
    endMs: Math.max(...group.map(({ endMs }) => endMs)),
    isShared: group.length > 1,
    hints: group.length > 1 ? { ...first!.hints, function: '', grouping: [], by: false } : first!.hints,
  };
  for (const { selector } of group) plan.set(selector, selection);
}

import { reordered } from '../pipeline/pipeline.js';
import type { LogFilter } from '../source.js';
import type { Expression, LogQuery, RangeAggregation, SampleExpression, Stage } from '../syntax/ast.js';
import { lineFilterText, matchersText, stageText, unwrapText } from '../syntax/print.js';
import { pushdownOf } from './pushdown.js';
import type { RangeTimes } from './query.js';
import { canCount } from './range-aggregation.js';
import { gridBetween } from './time-grid.js';
import { WindowCells } from './window-cells.js';

/** What a part of a query reads, for those who want to know what a query costs. */
export interface PlannedRead {
  readonly selector: string;
  /** Times of lines that are read, both included. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** `counts`: the store may count, so that no line leaves it. */
  readonly reads: 'lines' | 'counts';
  /** Conditions that the store is told. One that some lines may pass which the query then drops begins with `at least`. */
  readonly pushed: readonly string[];
  /** What lines that the store gives go through. */
  readonly stages: readonly string[];
}

/** A row for each selector of a query, in the order in which they are evaluated. */
export function planReads(expression: Expression, { startNs, endNs, stepNs }: RangeTimes): PlannedRead[] {
  if (expression.kind === 'logs') return [plannedRead(expression, startNs, endNs - 1n, 'lines', [])];
  const grid = gridBetween(startNs, endNs, stepNs);
  return aggregationsIn(expression).map((aggregation) => {
    const { query, unwrap, rangeNs, offsetNs } = aggregation.range;
    const cells = new WindowCells(grid, rangeNs, offsetNs);
    const { isComplete } = pushdownOf(query.stages);
    const reads = isComplete && canCount(aggregation) ? 'counts' : 'lines';
    const rest = unwrap === undefined ? [] : [unwrapText(unwrap)];
    return plannedRead(query, cells.startNs + 1n, cells.endNs, reads, rest);
  });
}

function aggregationsIn(expression: SampleExpression): RangeAggregation[] {
  switch (expression.kind) {
    case 'range-aggregation':
      return [expression];
    case 'vector-aggregation':
    case 'label-replace':
      return aggregationsIn(expression.expression);
    case 'binary':
      return [...aggregationsIn(expression.left), ...aggregationsIn(expression.right)];
    case 'number':
    case 'vector':
      return [];
  }
}

function plannedRead(
  { matchers, stages }: LogQuery,
  startNs: bigint,
  endNs: bigint,
  reads: PlannedRead['reads'],
  rest: readonly string[],
): PlannedRead {
  const { filters, prefilters } = pushdownOf(stages);
  return {
    selector: matchersText(matchers),
    startNs,
    endNs,
    reads,
    pushed: [...filters.map(filterText), ...prefilters.map((filter) => `at least ${filterText(filter)}`)],
    stages: [...reordered(stages).flatMap(stageTexts), ...rest],
  };
}

function stageTexts(stage: Stage): string[] {
  return stage.kind === 'line-filters' ? stage.filters.map(lineFilterText) : [stageText(stage)];
}

function filterText(filter: LogFilter): string {
  switch (filter.kind) {
    case 'line-contains':
      return `${filter.isNegated ? '!=' : '|='} ${filter.texts.map((text) => JSON.stringify(text)).join(' or ')}`;
    case 'line-matches':
      return `${filter.isNegated ? '!~' : '|~'} ${filter.patterns.map((text) => JSON.stringify(text)).join(' or ')}`;
    case 'label-matches':
      return String(filter.matcher);
    case 'any-of':
      return filter.alternatives.map(filterText).join(' or ');
  }
}

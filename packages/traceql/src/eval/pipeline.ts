// Pipelines, compiled once for a query and then run over each trace.

import { QueryError } from '#promql';
import type {
  GroupBy,
  Pipeline,
  PipelineStep,
  ScalarFilter,
  SpansetExpression,
  SpansetOperation,
} from '../syntax/ast.js';
import { printStep } from '../syntax/print.js';
import { compileField, compileFilter } from './field.js';
import { comparison, keyOf } from './operators.js';
import { relate, union } from './relations.js';
import { compileScalar } from './scalar.js';
import type { Spanset, SpansetAttribute } from './spanset.js';
import type { TraceTree } from './trace-tree.js';

type Step = (tree: TraceTree, input: readonly Spanset[]) => readonly Spanset[];

/** The spansets of a trace that the pipeline lets through; at first there is one with all spans. */
export function compilePipeline(pipeline: Pipeline): (tree: TraceTree) => readonly Spanset[] {
  const run = compileSteps(pipeline);
  return (tree) => run(tree, [{ spans: tree.spans.map((_span, index) => index), attributes: [] }]);
}

function compileSteps({ steps }: Pipeline): Step {
  const compiled = steps.map(compileStep);
  return (tree, input) => {
    let spansets = input;
    for (const step of compiled) {
      if (spansets.length === 0) return spansets;
      spansets = step(tree, spansets);
    }
    return spansets;
  };
}

function compileStep(step: PipelineStep): Step {
  switch (step.kind) {
    case 'by':
      return compileGrouping(step);
    case 'coalesce':
      return (_tree, spansets) => [{ spans: allSpans(spansets), attributes: [] }];
    case 'select':
      return (_tree, spansets) => spansets;
    case 'scalar-filter':
      return compileScalarFilter(step);
    default:
      return compileSpanset(step);
  }
}

function compileSpanset(expression: SpansetExpression): Step {
  switch (expression.kind) {
    case 'pipeline':
      return compileSteps(expression);
    case 'spanset-operation':
      return compileOperation(expression);
    case 'spanset-filter': {
      const matches = compileFilter(expression.expression);
      return (tree, spansets) => keepSpans(spansets, ({ spans }) => spans.filter((span) => matches(tree, span)));
    }
  }
}

/** Spansets with the spans that are left; those without any are dropped. */
function keepSpans(spansets: readonly Spanset[], keep: (spanset: Spanset) => readonly number[]): Spanset[] {
  return spansets.map((spanset) => ({ ...spanset, spans: keep(spanset) })).filter(({ spans }) => spans.length > 0);
}

function compileOperation({ operator, left, right }: SpansetOperation): Step {
  const evaluateLeft = compileSpanset(left);
  const evaluateRight = compileSpanset(right);
  return (tree, spansets) =>
    keepSpans(spansets, (spanset) => {
      const [lefts, rights] = [evaluateLeft(tree, [spanset]), evaluateRight(tree, [spanset])];
      if (operator === '&&')
        return lefts.length > 0 && rights.length > 0 ? union(allSpans(lefts), allSpans(rights)) : [];
      if (operator === '||') return union(allSpans(lefts), allSpans(rights));
      if (rights.length === 0) return [];
      if (lefts.length > 1 || rights.length > 1) throw new QueryError('execution', SEVERAL_SPANSETS);
      return relate(operator, tree, lefts[0]?.spans ?? [], rights[0]!.spans);
    });
}

const SEVERAL_SPANSETS =
  'spanset operators are not supported for multiple spansets per trace. consider using coalesce()';

function allSpans(spansets: readonly Spanset[]): readonly number[] {
  if (spansets.length < 2) return spansets[0]?.spans ?? [];
  return [...new Set(spansets.flatMap(({ spans }) => spans))].sort((left, right) => left - right);
}

function compileGrouping(step: GroupBy): Step {
  const field = compileField(step.expression, (value) => value !== undefined);
  const name = printStep(step);
  return (tree, spansets) => {
    const groups: { readonly spans: number[]; readonly attributes: readonly SpansetAttribute[] }[] = [];
    for (const { spans, attributes } of spansets) {
      const byKey = new Map<string, (typeof groups)[number]>();
      for (const span of spans) {
        const value = field(tree, span);
        const key = keyOf(value);
        let group = byKey.get(key);
        if (group === undefined) {
          group = { spans: [], attributes: [...attributes, { name, value }] };
          byKey.set(key, group);
          groups.push(group);
        }
        group.spans.push(span);
      }
    }
    return groups;
  };
}

function compileScalarFilter({ operator, left, right }: ScalarFilter): Step {
  const leftValue = compileScalar(left, compileSteps);
  const rightValue = compileScalar(right, compileSteps);
  const compare = comparison(operator);
  return (tree, spansets) =>
    spansets.flatMap((spanset) => {
      const found: SpansetAttribute[] = [];
      const note = (attribute: SpansetAttribute) => found.push(attribute);
      const isKept = compare(leftValue(tree, spanset, note), rightValue(tree, spanset, note));
      return isKept ? [{ ...spanset, attributes: [...spanset.attributes, ...found] }] : [];
    });
}

// Pipelines → conditions on traces: which spans a trace must have for the pipeline to let anything of it through.

import type { SpanCondition, TraceCondition } from '../source.js';
import type { Pipeline, PipelineStep, ScalarExpression, SpansetExpression } from '../syntax/ast.js';
import { allOf, EVERY, spanCondition } from './span-condition.js';

export function traceCondition(pipeline: Pipeline): TraceCondition {
  return bothOf(pipelineConditions(pipeline));
}

/** Conditions that must all hold. Filters one after another are about the same span. */
function pipelineConditions({ steps }: Pipeline): TraceCondition[] {
  const conditions: TraceCondition[] = [];
  let filtered: SpanCondition | undefined = EVERY;
  for (const step of steps) {
    if (step.kind === 'spanset-filter') {
      const condition = spanCondition(step.expression);
      filtered = filtered === undefined ? condition : allOf([filtered, condition]);
      continue;
    }
    if (keepsSpans(step)) {
      if (step.kind === 'scalar-filter')
        conditions.push(...scalarConditions(step.left), ...scalarConditions(step.right));
      continue;
    }
    // What a filter behind it sees are spans of the result, which may have met any side of the operators.
    if (filtered !== undefined) conditions.push({ kind: 'some', span: filtered });
    filtered = undefined;
    conditions.push(spansetCondition(step as SpansetExpression));
  }
  if (filtered !== undefined) conditions.push({ kind: 'some', span: filtered });
  return conditions;
}

function keepsSpans({ kind }: PipelineStep): boolean {
  return kind === 'by' || kind === 'coalesce' || kind === 'select' || kind === 'scalar-filter';
}

function scalarConditions(scalar: ScalarExpression): TraceCondition[] {
  switch (scalar.kind) {
    case 'literal':
    case 'aggregate':
      return [];
    case 'scalar-operation':
      return [...scalarConditions(scalar.left), ...scalarConditions(scalar.right)];
    case 'scalar-pipeline':
      return [traceCondition(scalar.pipeline)];
  }
}

function spansetCondition(spanset: SpansetExpression): TraceCondition {
  switch (spanset.kind) {
    case 'pipeline':
      return traceCondition(spanset);
    case 'spanset-filter':
      return { kind: 'some', span: spanCondition(spanset.expression) };
    case 'spanset-operation': {
      const right = spansetCondition(spanset.right);
      if (spanset.operator.startsWith('!')) return right;
      const left = spansetCondition(spanset.left);
      return spanset.operator === '||' ? eitherOf([left, right]) : bothOf([left, right]);
    }
  }
}

const isNever = (condition: TraceCondition) => condition.kind === 'some' && condition.span.kind === 'none';
const isAlways = (condition: TraceCondition) => condition.kind === 'some' && condition.span.kind === 'every';
const ALWAYS: TraceCondition = { kind: 'some', span: EVERY };

function bothOf(conditions: readonly TraceCondition[]): TraceCondition {
  const parts = conditions.flatMap((part) => (part.kind === 'all' ? part.conditions : [part]));
  const never = parts.find(isNever);
  if (never !== undefined) return never;
  const left = parts.filter((part) => !isAlways(part));
  return left.length < 2 ? (left[0] ?? ALWAYS) : { kind: 'all', conditions: left };
}

function eitherOf(conditions: readonly TraceCondition[]): TraceCondition {
  const parts = conditions.flatMap((part) => (part.kind === 'any' ? part.conditions : [part]));
  const always = parts.find(isAlways);
  if (always !== undefined) return always;
  const left = parts.filter((part) => !isNever(part));
  return left.length < 2 ? (left[0] ?? parts[0]!) : { kind: 'any', conditions: left };
}

/** Whether no trace can meet the condition, so that nothing needs to be read. */
export function isImpossible(condition: TraceCondition): boolean {
  return isNever(condition);
}

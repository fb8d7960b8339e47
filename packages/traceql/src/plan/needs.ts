// What of a span a query reads, so that a store reads nothing else.

import type { Attribute, NamedAttribute } from '../data/attribute.js';
import { attributesOf } from '../eval/attributes-of.js';
import type { Needs, SpanMember } from '../source.js';
import type { MetricsPipeline, Pipeline, PipelineStep, ScalarExpression, SpansetExpression } from '../syntax/ast.js';

/** Every attribute that a pipeline reads, each once. */
export function attributesOfPipeline(pipeline: Pipeline): Attribute[] {
  return unique(pipeline.steps.flatMap(attributesOfStep));
}

/** Also those of the metrics behind it. */
export function attributesOfMetrics({ pipeline, aggregate }: MetricsPipeline): Attribute[] {
  const own =
    aggregate.kind === 'compare'
      ? attributesOf(aggregate.selection.expression)
      : [...(aggregate.attribute ? [aggregate.attribute] : []), ...aggregate.by].map(({ attribute }) => attribute);
  return unique([...attributesOfPipeline(pipeline), ...own]);
}

function attributesOfStep(step: PipelineStep): Attribute[] {
  switch (step.kind) {
    case 'by':
      return attributesOf(step.expression);
    case 'coalesce':
      return [];
    case 'select':
      return step.attributes.map(({ attribute }) => attribute);
    case 'scalar-filter':
      return [...attributesOfScalar(step.left), ...attributesOfScalar(step.right)];
    default:
      return attributesOfSpanset(step);
  }
}

function attributesOfSpanset(spanset: SpansetExpression): Attribute[] {
  switch (spanset.kind) {
    case 'pipeline':
      return spanset.steps.flatMap(attributesOfStep);
    case 'spanset-filter':
      return attributesOf(spanset.expression);
    case 'spanset-operation':
      return [...attributesOfSpanset(spanset.left), ...attributesOfSpanset(spanset.right)];
  }
}

function attributesOfScalar(scalar: ScalarExpression): Attribute[] {
  switch (scalar.kind) {
    case 'literal':
      return [];
    case 'aggregate':
      return scalar.expression === undefined ? [] : attributesOf(scalar.expression);
    case 'scalar-operation':
      return [...attributesOfScalar(scalar.left), ...attributesOfScalar(scalar.right)];
    case 'scalar-pipeline':
      return [...scalar.pipeline.steps.flatMap(attributesOfStep), ...attributesOfScalar(scalar.scalar)];
  }
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Map(list.map((each) => [JSON.stringify(each), each])).values()];
}

/** Members that a named attribute of the scope is in. */
const memberByScope: Partial<Record<string, SpanMember>> = {
  event: 'events',
  link: 'links',
  instrumentation: 'instrumentation',
};

/** `kind` tells duplicates of a parent apart, and `statusCode` counts errors. */
const ALWAYS_READ: readonly SpanMember[] = ['kind', 'statusCode'];

export function needsOf(attributes: readonly Attribute[]): Needs {
  const members = new Set<SpanMember>(ALWAYS_READ);
  const named: NamedAttribute[] = [];
  for (const attribute of attributes) {
    const scope = attribute.kind === 'attribute' ? attribute.scope : attribute.name.split(':')[0]!;
    const member = memberByScope[scope];
    if (member !== undefined) members.add(member);
    if (attribute.kind === 'attribute') named.push({ ...attribute, ofParent: false });
    else if (attribute.name === 'statusMessage') members.add('statusMessage');
  }
  return { members: [...members], attributes: unique(named) };
}

/** For `compare`, which looks at everything that a span has. */
export const ALL_NEEDS: Needs = {
  members: ['kind', 'statusCode', 'statusMessage', 'instrumentation', 'events', 'links'],
  attributes: 'all',
};

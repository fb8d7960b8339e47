// Conditions of requests, tested on spans as src/source.ts says that they mean. What reads them here and in a store's tests is
// written twice on purpose: a mistake in one must not hide one in the other.

import type { Attribute, Span, SpanCondition, TraceCondition, Value } from '../../src/traceql.js';
import { compares, type Whole } from './evaluate.js';

export function meetsTrace(whole: Whole, condition: TraceCondition): boolean {
  switch (condition.kind) {
    case 'some':
      return whole.spans.some((span) => meetsSpan(span, condition.span));
    case 'all':
      return condition.conditions.every((each) => meetsTrace(whole, each));
    case 'any':
      return condition.conditions.some((each) => meetsTrace(whole, each));
  }
}

export function meetsSpan(span: Span, condition: SpanCondition): boolean {
  switch (condition.kind) {
    case 'every':
      return true;
    case 'none':
      return false;
    case 'all':
      return condition.conditions.every((each) => meetsSpan(span, each));
    case 'any':
      return condition.conditions.some((each) => meetsSpan(span, each));
    case 'compare':
      return valuesOf(span, condition.attribute).some((value) => compares(value, condition.operator, condition.value));
    case 'present':
      return valuesOf(span, condition.attribute).some((value) => value !== undefined);
    case 'absent':
      return valuesOf(span, condition.attribute).every((value) => value === undefined);
  }
}

/** One value, or one for each event or link. */
function valuesOf(span: Span, attribute: Attribute): Value[] {
  const { name } = attribute;
  if (attribute.kind === 'intrinsic') {
    if (name === 'event:name') return span.events.map((event) => event.name);
    if (name === 'event:timeSinceStart') return span.events.map(({ timeSinceStartNs }) => timeSinceStartNs);
    return name === 'name' ? [span.name] : name === 'duration' ? [span.durationNs] : [undefined];
  }
  switch (attribute.scope) {
    case 'event':
      return span.events.map((event) => event.attributes.get(name));
    case 'link':
      return span.links.map((link) => link.attributes.get(name));
    case 'resource':
      return [span.resource.attributes.get(name)];
    case 'span':
      return [span.attributes.get(name)];
    default:
      return [span.attributes.get(name) ?? span.resource.attributes.get(name)];
  }
}

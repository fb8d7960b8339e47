// What a condition means, word by word, over spans as they are read: what SQL is held against. The package has an oracle of its own,
// which shares nothing with this one on purpose.

import {
  ArrayValue,
  type Attribute,
  Duration,
  Keyword,
  kindOf,
  type Span,
  type SpanCondition,
  statusOf,
  type TraceCondition,
  type Value,
} from '#traceql';

type Comparison = Extract<SpanCondition, { kind: 'compare' }>;

export function meets(span: Span, condition: SpanCondition): boolean {
  switch (condition.kind) {
    case 'every':
      return true;
    case 'none':
      return false;
    case 'all':
      return condition.conditions.every((part) => meets(span, part));
    case 'any':
      return condition.conditions.some((part) => meets(span, part));
    case 'present':
      return valuesOf(span, condition.attribute).length > 0;
    case 'absent':
      return valuesOf(span, condition.attribute).length === 0;
    case 'compare':
      return valuesOf(span, condition.attribute).some((value) => compares(value, condition));
  }
}

export function traceMeets(spans: readonly Span[], condition: TraceCondition): boolean {
  if (condition.kind === 'some') return spans.some((span) => meets(span, condition.span));
  const parts = condition.conditions.map((part) => traceMeets(spans, part));
  return condition.kind === 'all' ? parts.every(Boolean) : parts.some(Boolean);
}

/** The value of an attribute, or those of all events or links. */
export function valuesOf(span: Span, attribute: Attribute): readonly Exclude<Value, undefined>[] {
  return allValues(span, attribute).filter((value) => value !== undefined);
}

function allValues(span: Span, attribute: Attribute): readonly Value[] {
  if (attribute.kind === 'intrinsic') {
    switch (attribute.name) {
      case 'name':
        return [span.name];
      case 'duration':
        return [new Duration(span.durationNs)];
      case 'status':
        return [statusOf(span.statusCode)];
      case 'kind':
        return [kindOf(span.kind)];
      case 'event:name':
        return span.events.map(({ name }) => name);
      default:
        throw new Error(`the tests ask for no ${attribute.name}`);
    }
  }
  const { scope, name } = attribute;
  switch (scope) {
    case 'span':
      return [span.attributes.get(name)];
    case 'resource':
      return [span.resource.attributes.get(name)];
    case 'any':
      return [span.attributes.get(name) ?? span.resource.attributes.get(name)];
    case 'instrumentation':
      return [span.instrumentation.attributes.get(name)];
    case 'event':
      return span.events.map(({ attributes }) => attributes.get(name));
    case 'link':
      return span.links.map(({ attributes }) => attributes.get(name));
  }
}

function compares(value: Exclude<Value, undefined>, comparison: Comparison): boolean {
  if (!(value instanceof ArrayValue)) return comparesScalar(value, comparison);
  const isNegated = comparison.operator === '!=' || comparison.operator === '!~';
  return isNegated
    ? value.values.every((element) => comparesScalar(element, comparison))
    : value.values.some((element) => comparesScalar(element, comparison));
}

function comparesScalar(value: Exclude<Value, undefined>, { operator, value: wanted }: Comparison): boolean {
  const [a, b] = [comparable(value), comparable(wanted)];
  if (typeof a !== typeof b) return false;
  if (operator === '=~') return typeof a === 'string' && new RegExp(`^(?:${b})$`).test(a);
  if (operator === '!~') return typeof a === 'string' && !new RegExp(`^(?:${b})$`).test(a);
  switch (operator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

function comparable(value: Exclude<Value, undefined>): string | number | boolean {
  if (value instanceof Duration) return value.ns;
  if (value instanceof Keyword) return value.name;
  if (typeof value === 'bigint') return Number(value);
  return value as string | number | boolean;
}

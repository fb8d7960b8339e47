// Conditions of requests as TraceQL would write them.

import { printAttribute, printValue, type SpanCondition, type TraceCondition } from '#traceql';

export function traceConditionText(condition: TraceCondition): string {
  if (condition.kind === 'some') return `{ ${spanConditionText(condition.span)} }`;
  const operator = condition.kind === 'all' ? ' && ' : ' || ';
  return condition.conditions
    .map((each) => (each.kind === 'some' ? traceConditionText(each) : `(${traceConditionText(each)})`))
    .join(operator);
}

export function spanConditionText(condition: SpanCondition): string {
  switch (condition.kind) {
    case 'every':
      return 'true';
    case 'none':
      return 'false';
    case 'present':
      return `${printAttribute(condition.attribute)} != nil`;
    case 'absent':
      return `${printAttribute(condition.attribute)} = nil`;
    case 'compare':
      return `${printAttribute(condition.attribute)} ${condition.operator} ${printValue(condition.value)}`;
    case 'all':
    case 'any': {
      const operator = condition.kind === 'all' ? ' && ' : ' || ';
      const isGroup = ({ kind }: SpanCondition) => kind === 'all' || kind === 'any';
      return condition.conditions
        .map((each) => (isGroup(each) ? `(${spanConditionText(each)})` : spanConditionText(each)))
        .join(operator);
    }
  }
}

// The oracle: what a query means, told span by span and pair by pair. It shares no code with the engine.

import { ArrayValue, type Span, type Trace, type Value } from '../../src/traceql.js';
import type { Condition, Metrics, Operand, Pipeline, Spanset, Step } from './queries.js';

/** A trace with the answers that only the whole of it gives. */
export class Whole {
  /** By start; equal ones as they came. */
  readonly spans: readonly Span[];

  constructor({ spans }: Trace) {
    this.spans = spans
      .map((span, place) => ({ span, place }))
      .sort((left, right) => Number(left.span.startUnixNs - right.span.startUnixNs) || left.place - right.place)
      .map(({ span }) => span);
  }

  parentOf(span: Span): Span | undefined {
    if (span.parentSpanId === '') return undefined;
    const named = this.spans.filter(({ spanId }) => spanId === span.parentSpanId);
    if (named.length < 2) return named[0];
    const others = named.filter((each) => each !== span);
    const partner = span.kind === 2 ? 3 : 2;
    return others.find(({ kind }) => kind === partner) ?? others[0];
  }

  /** From the parent upwards; undefined on a circle. */
  ancestorsOf(span: Span): readonly Span[] | undefined {
    const ancestors: Span[] = [];
    for (let above = this.parentOf(span); above !== undefined; above = this.parentOf(above)) {
      if (ancestors.includes(above)) return undefined;
      ancestors.push(above);
    }
    return ancestors;
  }

  isAncestor(above: Span, below: Span): boolean {
    return this.ancestorsOf(below)?.includes(above) ?? false;
  }

  isParent(above: Span, below: Span): boolean {
    return this.ancestorsOf(below)?.[0] === above;
  }

  isSibling(left: Span, right: Span): boolean {
    if (left === right) return false;
    const [leftLine, rightLine] = [this.ancestorsOf(left), this.ancestorsOf(right)];
    if (leftLine === undefined || rightLine === undefined) return false;
    if (leftLine.length === 0 && rightLine.length === 0) return left.parentSpanId === right.parentSpanId;
    return leftLine[0] === rightLine[0];
  }
}

interface Look {
  readonly whole: Whole;
  readonly span: Span;
  readonly event: Span['events'][number] | undefined;
  readonly link: Span['links'][number] | undefined;
}

/** Every way to look at a span: with each event and link that the parts are about. */
function looks(whole: Whole, span: Span, operands: readonly Operand[]): Look[] {
  const reads = (scope: string) => operands.some((each) => mentions(each, scope));
  const events = reads('event') && span.events.length > 0 ? span.events : [undefined];
  const links = reads('link') && span.links.length > 0 ? span.links : [undefined];
  return events.flatMap((event) => links.map((link) => ({ whole, span, event, link })));
}

function mentions(operand: Operand, scope: string): boolean {
  if (operand.kind === 'arithmetic') return mentions(operand.left, scope) || mentions(operand.right, scope);
  return operand.kind === 'attribute' && (operand.scope === scope || operand.text.startsWith(`${scope}:`));
}

function operandsOf(condition: Condition): Operand[] {
  switch (condition.kind) {
    case 'compare':
      return [condition.left, condition.right];
    case 'nil':
    case 'truth':
      return [condition.operand];
    case 'not':
      return operandsOf(condition.condition);
    default:
      return [...operandsOf(condition.left), ...operandsOf(condition.right)];
  }
}

export function matches(whole: Whole, span: Span, condition: Condition): boolean {
  return looks(whole, span, operandsOf(condition)).some((look) => holds(condition, look) === true);
}

/** Undefined where a denial has nothing to deny. */
function holds(condition: Condition, look: Look): boolean | undefined {
  switch (condition.kind) {
    case 'compare':
      return compares(valueIn(condition.left, look), condition.operator, valueIn(condition.right, look));
    case 'nil':
      return (valueIn(condition.operand, look) === undefined) === (condition.operator === '=');
    case 'truth': {
      const value = valueIn(condition.operand, look);
      return typeof value === 'boolean' ? value : undefined;
    }
    case 'not': {
      const inner = holds(condition.condition, look);
      return inner === undefined ? undefined : !inner;
    }
    case 'and':
      return holds(condition.left, look) === true && holds(condition.right, look) === true;
    case 'or':
      return holds(condition.left, look) === true || holds(condition.right, look) === true;
  }
}

function valueIn(operand: Operand, look: Look): Value {
  if (operand.kind === 'literal') return operand.value;
  if (operand.kind === 'arithmetic') return computed(operand, look);
  return attributeOf(operand.scope, operand.name, look);
}

function attributeOf(scope: string, name: string, look: Look): Value {
  const { whole, span, event, link } = look;
  switch (scope) {
    case 'any':
      return span.attributes.get(name) ?? span.resource.attributes.get(name);
    case 'span':
      return span.attributes.get(name);
    case 'resource':
      return span.resource.attributes.get(name);
    case 'event':
      return event?.attributes.get(name);
    case 'link':
      return link?.attributes.get(name);
    case 'parent': {
      const parent = whole.parentOf(span);
      return parent && attributeOf('any', name, { ...look, span: parent });
    }
    default:
      return intrinsicOf(name, look);
  }
}

function intrinsicOf(name: string, { whole, span, event }: Look): Value {
  const { spans } = whole;
  const root = spans.find(({ parentSpanId }) => parentSpanId === '');
  switch (name) {
    case 'name':
      return span.name;
    case 'duration':
      return span.durationNs;
    case 'rootName':
      return root?.name;
    case 'rootServiceName':
      return root?.resource.serviceName;
    case 'traceDuration': {
      const ends = spans.map((each) => Number(each.startUnixNs) + each.durationNs);
      return Math.max(...ends) - Math.min(...spans.map(({ startUnixNs }) => Number(startUnixNs)));
    }
    case 'span:childCount':
      return BigInt(spans.filter((each) => whole.parentOf(each) === span).length);
    case 'nestedSetParent':
      return nestedSetParent(whole, span);
    case 'event:name':
      return event?.name;
    case 'event:timeSinceStart':
      return event?.timeSinceStartNs;
    default:
      throw new Error(`what is ${name}?`);
  }
}

/** Numbers roots and what is below them, then the same for spans whose parent is missing. */
function nestedSetParent(whole: Whole, wanted: Span): bigint {
  const lefts = new Map<Span, bigint>();
  let bound = 0n;
  const visit = (span: Span) => {
    lefts.set(span, ++bound);
    for (const each of whole.spans) if (whole.isParent(span, each)) visit(each);
    bound++;
  };
  const tops = whole.spans.filter((span) => whole.ancestorsOf(span)?.length === 0);
  for (const span of tops) if (span.parentSpanId === '') visit(span);
  for (const span of tops) if (span.parentSpanId !== '') visit(span);
  if (tops.includes(wanted)) return wanted.parentSpanId === '' ? -1n : 0n;
  const parent = whole.ancestorsOf(wanted)?.[0];
  return parent === undefined ? 0n : lefts.get(parent)!;
}

function computed({ operator, left, right }: Extract<Operand, { kind: 'arithmetic' }>, look: Look): Value {
  const [first, second] = [valueIn(left, look), valueIn(right, look)];
  if (typeof first === 'bigint' && typeof second === 'bigint') {
    if (operator === '+') return first + second;
    if (operator === '-') return first - second;
    if (operator === '*') return first * second;
    if (second === 0n) return undefined;
    return operator === '/' ? first / second : first % second;
  }
  if (!isNumber(first) || !isNumber(second)) return undefined;
  const [a, b] = [Number(first), Number(second)];
  return { '+': a + b, '-': a - b, '*': a * b, '/': a / b, '%': a % b }[operator];
}

function isNumber(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

export function compares(left: Value, operator: string, right: Value): boolean {
  if (left instanceof ArrayValue || right instanceof ArrayValue) return comparesArray(left, operator, right);
  if (operator === '=~' || operator === '!~') {
    if (typeof left !== 'string' || typeof right !== 'string') return false;
    return new RegExp(`^(?:${right})$`, 's').test(left) === (operator === '=~');
  }
  if (isNumber(left) && isNumber(right)) {
    if (Number.isNaN(Number(left)) || Number.isNaN(Number(right))) return operator === '!=';
    return ordered(left < right, left > right, operator);
  }
  if (typeof left === 'string' && typeof right === 'string') return ordered(left < right, left > right, operator);
  if (typeof left === 'boolean' && typeof right === 'boolean') {
    return operator === '=' ? left === right : operator === '!=' && left !== right;
  }
  return false;
}

function comparesArray(left: Value, operator: string, right: Value): boolean {
  if (left instanceof ArrayValue && right instanceof ArrayValue) return false;
  const array = (left instanceof ArrayValue ? left : right) as ArrayValue;
  const single = left instanceof ArrayValue ? right : left;
  const fits = array.elementType === 'int' ? isNumber(single) : typeof single === 'string';
  if (!fits) return false;
  // A pattern stands on the right.
  if (/~/.test(operator) && !(left instanceof ArrayValue)) return false;
  if (/~/.test(operator) && array.elementType !== 'string') return false;
  const results = array.values.map((element) =>
    left instanceof ArrayValue ? compares(element, operator, single) : compares(single, operator, element),
  );
  return operator.startsWith('!') ? results.every(Boolean) : results.some(Boolean);
}

function ordered(isLess: boolean, isMore: boolean, operator: string): boolean {
  switch (operator) {
    case '=':
      return !isLess && !isMore;
    case '!=':
      return isLess || isMore;
    case '<':
      return isLess;
    case '<=':
      return !isMore;
    case '>':
      return isMore;
    default:
      return !isLess;
  }
}

function spansOf(whole: Whole, spanset: Spanset, among: readonly Span[]): readonly Span[] {
  if (spanset.kind === 'filter') {
    const { condition } = spanset;
    return condition === undefined ? among : among.filter((span) => matches(whole, span, condition));
  }
  const left = spansOf(whole, spanset.left, among);
  const right = spansOf(whole, spanset.right, among);
  const inOrder = (chosen: (span: Span) => boolean) => whole.spans.filter(chosen);
  const { operator } = spanset;
  if (operator === '&&' && (left.length === 0 || right.length === 0)) return [];
  if (operator === '&&' || operator === '||') return inOrder((span) => left.includes(span) || right.includes(span));
  /** Whether `l relation r` stands for the two spans. */
  const isRelated = (l: Span, r: Span): boolean => {
    switch (operator.replace(/^[!&]/, '')) {
      case '>':
        return whole.isParent(l, r);
      case '<':
        return whole.isParent(r, l);
      case '>>':
        return whole.isAncestor(l, r);
      case '<<':
        return whole.isAncestor(r, l);
      default:
        return whole.isSibling(l, r);
    }
  };
  const hasLeft = (r: Span) => left.some((l) => isRelated(l, r));
  const hasRight = (l: Span) => right.some((r) => isRelated(l, r));
  if (operator.startsWith('!')) return inOrder((span) => right.includes(span) && !hasLeft(span));
  if (!operator.startsWith('&')) return inOrder((span) => right.includes(span) && hasLeft(span));
  return inOrder((span) => (right.includes(span) && hasLeft(span)) || (left.includes(span) && hasRight(span)));
}

/** The spansets of a trace: for each the places of its spans by start. */
export function spansetsOf(whole: Whole, { first, steps }: Pipeline): number[][] {
  let spansets: (readonly Span[])[] = [spansOf(whole, first, whole.spans)];
  for (const step of steps)
    spansets = spansets
      .filter(({ length }) => length > 0)
      .flatMap((each, _place, all) => applied(whole, step, each, all));
  return spansets.filter(({ length }) => length > 0).map((spans) => spans.map((span) => whole.spans.indexOf(span)));
}

function applied(
  whole: Whole,
  step: Step,
  spans: readonly Span[],
  all: readonly (readonly Span[])[],
): (readonly Span[])[] {
  switch (step.kind) {
    case 'filter':
      return [spans.filter((span) => matches(whole, span, step.condition))];
    case 'by': {
      const groups = new Map<string, Span[]>();
      for (const span of spans) {
        const key = keyOf(firstValue(whole, span, step.operand));
        groups.set(key, [...(groups.get(key) ?? []), span]);
      }
      return [...groups.values()];
    }
    case 'coalesce':
      return spans === all[0] ? [whole.spans.filter((span) => all.some((each) => each.includes(span)))] : [];
    case 'aggregate': {
      const value = aggregated(whole, step.name, step.operand, spans);
      return value !== undefined && compares(value, step.operator, step.value) ? [spans] : [];
    }
  }
}

export function firstValue(whole: Whole, span: Span, operand: Operand): Value {
  return looks(whole, span, [operand])
    .map((look) => valueIn(operand, look))
    .find((value) => value !== undefined);
}

export function keyOf(value: Value): string {
  const shown = value instanceof ArrayValue ? value.values.map(keyOf) : value;
  return `${typeof value} ${String(shown)}`;
}

function aggregated(whole: Whole, name: string, operand: Operand, spans: readonly Span[]): number | undefined {
  if (name === 'count') return spans.length;
  const values = spans
    .map((span) => firstValue(whole, span, operand))
    .filter(isNumber)
    .map(Number);
  return values.length === 0 ? undefined : folded(name, values);
}

function folded(name: string, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  if (name.startsWith('min')) return Math.min(...values);
  if (name.startsWith('max')) return Math.max(...values);
  return name.startsWith('sum') ? sum : sum / values.length;
}

/** Values by the text of the labels, one for each step; a step holds what starts after its left edge up to its right one. */
export function seriesOf(
  wholes: readonly Whole[],
  { pipeline, name, operand, by }: Metrics,
  startNs: number,
  stepNs: number,
  steps: number,
) {
  const values = new Map<string, number[][]>();
  const isCount = /rate|count|histogram/.test(name);
  const listsOf = (labels: string) => {
    if (!values.has(labels))
      values.set(
        labels,
        Array.from({ length: steps }, () => []),
      );
    return values.get(labels)!;
  };
  if (by.length === 0 && operand === undefined) listsOf('');
  for (const whole of wholes) {
    for (const place of spansetsOf(whole, pipeline).flat()) {
      const span = whole.spans[place]!;
      const step = Math.ceil((Number(span.startUnixNs) - startNs) / stepNs) - 1;
      if (step < 0 || step >= steps) continue;
      const unit = operand?.kind === 'attribute' && operand.text === 'duration' ? 1e9 : 1;
      const measured = operand === undefined ? 0 : firstValue(whole, span, operand);
      if (!isNumber(measured)) continue;
      const bucket = name === 'histogram_over_time' ? bucketAbove(Number(measured)) : 0;
      if (bucket === undefined) continue;
      const labels = by.map((each) => keyOf(firstValue(whole, span, each)));
      if (name === 'histogram_over_time') labels.push(`number ${bucket / unit}`);
      listsOf(labels.join(';'))[step]!.push(Number(measured) / unit);
    }
  }
  const seconds = stepNs / 1e9;
  return new Map(
    [...values].map(([labels, lists]) => [
      labels,
      lists.map((list) => {
        if (isCount) return name === 'rate' ? list.length / seconds : list.length;
        return list.length === 0 ? Number.NaN : folded(name, list);
      }),
    ]),
  );
}

function bucketAbove(value: number): number | undefined {
  if (value < 2) return undefined;
  let bucket = 2;
  while (bucket < value) bucket *= 2;
  return bucket;
}

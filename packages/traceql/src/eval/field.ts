// Expressions over fields of a span, compiled into closures once for a query.

import type { Attribute, IntrinsicName, NamedAttribute } from '../data/attribute.js';
import type { Resource, Span, SpanEvent, SpanLink } from '../data/span.js';
import { Duration, kindOf, statusOf, type Value } from '../data/value.js';
import type { ComparisonOperator } from '../source.js';
import type { BinaryOperation, FieldExpression } from '../syntax/ast.js';
import type { ArithmeticOperator } from '../syntax/token.js';
import { attributesOf } from './attributes-of.js';
import { comparableValue } from './comparable-value.js';
import { arithmetic, comparison, negated } from './operators.js';
import { NO_PARENT, type TraceTree } from './trace-tree.js';

const SERVICE_NAME = 'service.name';

/** The span that an expression is about, and the one event and link of it that it looks at. */
interface Subject {
  tree: TraceTree;
  index: number;
  span: Span;
  event: SpanEvent | undefined;
  link: SpanLink | undefined;
}

type Getter = (subject: Subject) => Value;

/** A value of the span at an index of a trace. */
export type Field = (tree: TraceTree, index: number) => Value;

/**
 * Compiles an expression. One that reads events or links is evaluated for each of them, all parts looking at the same
 * one, and its value is the first that `isWanted` accepts: a filter holds when it holds for one event.
 */
export function compileField(expression: FieldExpression, isWanted: (value: Value) => boolean): Field {
  const get = compile(expression);
  const scopes = new Set(attributesOf(expression).map(scopeOf));
  const readsEvents = scopes.has('event');
  const readsLinks = scopes.has('link');
  const subject: Subject = { tree: undefined!, index: 0, span: undefined!, event: undefined, link: undefined };
  return (tree, index) => {
    const span = tree.spans[index]!;
    subject.tree = tree;
    subject.index = index;
    subject.span = span;
    if (!readsEvents && !readsLinks) return get(subject);
    let first: Value;
    for (const event of readsEvents && span.events.length > 0 ? span.events : [undefined]) {
      for (const link of readsLinks && span.links.length > 0 ? span.links : [undefined]) {
        subject.event = event;
        subject.link = link;
        const value = get(subject);
        if (isWanted(value)) return value;
        first ??= value;
      }
    }
    return first;
  };
}

/** Whether a span matches. */
export function compileFilter(expression: FieldExpression): (tree: TraceTree, index: number) => boolean {
  const isTrue = (value: Value) => value === true;
  const field = compileField(expression, isTrue);
  return (tree, index) => field(tree, index) === true;
}

/** The value of an attribute, nil where there is none. */
export function compileAttribute(attribute: Attribute): Field {
  const position = { start: 0, end: 0 };
  return compileField({ kind: 'reference', attribute, position }, (value) => value !== undefined);
}

function scopeOf(attribute: Attribute): string {
  if (attribute.kind === 'attribute') return attribute.scope;
  return attribute.name.split(':')[0]!;
}

function compile(expression: FieldExpression): Getter {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'reference':
      return getterOf(expression.attribute);
    case 'nil-test': {
      const get = compile(expression.expression);
      return expression.operator === '='
        ? (subject) => get(subject) === undefined
        : (subject) => get(subject) !== undefined;
    }
    case 'unary': {
      const get = compile(expression.expression);
      if (expression.operator === '-') return (subject) => negated(get(subject));
      return (subject) => {
        const value = get(subject);
        return typeof value === 'boolean' ? !value : undefined;
      };
    }
    case 'binary':
      return compileBinary(expression);
  }
}

function compileBinary({ operator, left, right }: BinaryOperation): Getter {
  const getLeft = compileOperand(left, right);
  const getRight = compileOperand(right, left);
  switch (operator) {
    case '&&':
      return (subject) => getLeft(subject) === true && getRight(subject) === true;
    case '||':
      return (subject) => getLeft(subject) === true || getRight(subject) === true;
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return compileArithmetic(operator, getLeft, getRight);
    default:
      return compileComparison(operator, getLeft, getRight);
  }
}

/** Ids in the form that spans have them in. */
function compileOperand(operand: FieldExpression, other: FieldExpression): Getter {
  if (operand.kind !== 'literal' || other.kind !== 'reference') return compile(operand);
  const value = comparableValue(operand.value, other.attribute);
  return () => value;
}

function compileArithmetic(operator: ArithmeticOperator, left: Getter, right: Getter): Getter {
  return (subject) => arithmetic(operator, left(subject), right(subject));
}

function compileComparison(operator: ComparisonOperator, left: Getter, right: Getter): Getter {
  const compare = comparison(operator);
  return (subject) => compare(left(subject), right(subject));
}

function getterOf(attribute: Attribute): Getter {
  if (attribute.kind === 'intrinsic') return intrinsicGetters[attribute.name];
  const get = namedGetter(attribute);
  if (!attribute.ofParent) return get;
  return (subject) => {
    const { tree } = subject;
    const index = tree.parents[subject.index]!;
    if (index === NO_PARENT) return undefined;
    return get({ ...subject, index, span: tree.spans[index]! });
  };
}

function namedGetter({ scope, name }: NamedAttribute): Getter {
  switch (scope) {
    case 'any':
      return ({ span }) => span.attributes.get(name) ?? resourceAttribute(span.resource, name);
    case 'span':
      return ({ span }) => span.attributes.get(name);
    case 'resource':
      return ({ span }) => resourceAttribute(span.resource, name);
    case 'event':
      return ({ event }) => event?.attributes.get(name);
    case 'link':
      return ({ link }) => link?.attributes.get(name);
    case 'instrumentation':
      return ({ span }) => span.instrumentation.attributes.get(name);
  }
}

/** The name of the service is known without its other attributes. */
function resourceAttribute({ serviceName, attributes }: Resource, name: string): Value {
  return name === SERVICE_NAME ? serviceName || undefined : attributes.get(name);
}

const intrinsicGetters: Readonly<Record<IntrinsicName, Getter>> = {
  duration: ({ span }) => new Duration(span.durationNs),
  name: ({ span }) => span.name,
  status: ({ span }) => statusOf(span.statusCode),
  statusMessage: ({ span }) => span.statusMessage,
  kind: ({ span }) => kindOf(span.kind),
  parent: () => undefined,
  rootName: ({ tree }) => tree.root?.name,
  rootServiceName: ({ tree }) => tree.root?.resource.serviceName,
  traceDuration: ({ tree }) => new Duration(tree.durationNs),
  nestedSetLeft: ({ tree, index }) => BigInt(tree.nestedSet.left[index]!),
  nestedSetRight: ({ tree, index }) => BigInt(tree.nestedSet.right[index]!),
  nestedSetParent: ({ tree, index }) => BigInt(tree.nestedSet.parent[index]!),
  'span:id': ({ span }) => span.spanId,
  'span:parentID': ({ span }) => span.parentSpanId,
  'span:childCount': ({ tree, index }) => BigInt(tree.childCounts[index]!),
  'trace:id': ({ tree }) => tree.traceId,
  'event:name': ({ event }) => event?.name,
  'event:timeSinceStart': ({ event }) => event && new Duration(event.timeSinceStartNs),
  'link:traceID': ({ link }) => link?.traceId,
  'link:spanID': ({ link }) => link?.spanId,
  'instrumentation:name': ({ span }) => span.instrumentation.name,
  'instrumentation:version': ({ span }) => span.instrumentation.version,
};

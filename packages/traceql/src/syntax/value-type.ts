import type { Attribute, IntrinsicName } from '../data/attribute.js';
import { Duration, Keyword, type Value } from '../data/value.js';

export type ValueType =
  | 'nil'
  | 'string'
  | 'int'
  | 'float'
  | 'boolean'
  | 'duration'
  | 'status'
  | 'kind'
  | 'array'
  /** Known only when a span is there. */
  | 'any';

export function typeOfValue(value: Value): ValueType {
  if (value === undefined) return 'nil';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (value instanceof Duration) return 'duration';
  if (value instanceof Keyword) return value.type;
  return 'array';
}

const intrinsicTypes: Readonly<Record<IntrinsicName, ValueType>> = {
  duration: 'duration',
  name: 'string',
  status: 'status',
  statusMessage: 'string',
  kind: 'kind',
  parent: 'nil',
  rootName: 'string',
  rootServiceName: 'string',
  traceDuration: 'duration',
  nestedSetLeft: 'int',
  nestedSetRight: 'int',
  nestedSetParent: 'int',
  'span:id': 'string',
  'span:parentID': 'string',
  'span:childCount': 'int',
  'trace:id': 'string',
  'event:name': 'string',
  'event:timeSinceStart': 'duration',
  'link:traceID': 'string',
  'link:spanID': 'string',
  'instrumentation:name': 'string',
  'instrumentation:version': 'string',
};

export function typeOfAttribute(attribute: Attribute): ValueType {
  return attribute.kind === 'intrinsic' ? intrinsicTypes[attribute.name] : 'any';
}

export function isNumeric(type: ValueType): boolean {
  return type === 'int' || type === 'float' || type === 'duration';
}

/** Whether an operator can have sides of the types, whichever operator it is. */
export function isMatching(left: ValueType, right: ValueType): boolean {
  if (left === right || left === 'any' || right === 'any' || left === 'nil' || right === 'nil') return true;
  return isNumeric(left) && isNumeric(right);
}

const equality = ['=', '!='];
const order = ['>', '>=', '<', '<='];
const numeric = ['+', '-', '*', '/', '%', '^', ...equality, ...order];

const operatorsByType: Readonly<Record<Exclude<ValueType, 'any' | 'array'>, readonly string[]>> = {
  boolean: ['&&', '||', ...equality],
  int: numeric,
  float: numeric,
  duration: numeric,
  string: [...equality, ...order, '=~', '!~'],
  nil: equality,
  status: equality,
  kind: equality,
};

export function hasOperator(type: ValueType, operator: string): boolean {
  return type === 'any' || type === 'array' || operatorsByType[type].includes(operator);
}

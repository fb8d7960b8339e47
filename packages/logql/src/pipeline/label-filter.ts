import type { LabelComparison, LabelFilter } from '../syntax/ast.js';
import { parseByteSize } from '../text/byte-size.js';
import { parseGoDuration } from '../text/go-duration.js';
import { parseFloat64 } from '../text/parse-float.js';
import { compilePattern } from '../text/regular-expression.js';
import { compileAddressMatcher, holdsAddress } from './address.js';
import type { LabelsBuilder } from './labels-builder.js';
import type { EarlyFilter } from './parser-hints.js';

export type LabelPredicate = (labels: LabelsBuilder) => boolean;

/** Throws an error with Loki's text for an address that cannot be. */
export function compileLabelFilter(filter: LabelFilter): LabelPredicate {
  switch (filter.kind) {
    case 'and': {
      const [left, right] = [compileLabelFilter(filter.left), compileLabelFilter(filter.right)];
      // Both sides are asked, because a comparison notes what is wrong with a value.
      return (labels) => {
        const isLeft = left(labels);
        return right(labels) && isLeft;
      };
    }
    case 'or': {
      const [left, right] = [compileLabelFilter(filter.left), compileLabelFilter(filter.right)];
      return (labels) => left(labels) || right(labels);
    }
    case 'matcher': {
      const { name, operator, value } = filter.matcher;
      const matches = valuePredicate(operator, value);
      return (labels) => matches(labels.valueOf(name));
    }
    case 'address':
      return compileAddress(filter.label, filter.operator, filter.pattern);
    case 'number':
      return comparison(filter, parseFloat64);
    case 'duration':
      return comparison(filter, parseGoDuration);
    case 'bytes':
      return comparison(filter, parseByteSize);
  }
}

/** In a filter, unlike in a selector, a dot of an expression is no line break. */
function valuePredicate(operator: string, value: string): (text: string) => boolean {
  if (operator === '=') return (text) => text === value;
  if (operator === '!=') return (text) => text !== value;
  const pattern = compilePattern(`^(?:${value})$`);
  return operator === '=~' ? (text) => pattern.test(text) : (text) => !pattern.test(text);
}

function compileAddress(label: string, operator: '=' | '!=', pattern: string): LabelPredicate {
  const matcher = compileAddressMatcher(pattern);
  return (labels) => {
    // Of a line with an error only texts are compared.
    if (labels.hasError) return true;
    const value = labels.get(label);
    return value !== undefined && holdsAddress(value, matcher) === (operator === '=');
  };
}

/** A line without the label does not pass. One whose label cannot be read does, with an error. */
function comparison<Value extends number | bigint>(
  { label, operator, value: wanted }: LabelComparison,
  parse: (text: string) => Value,
): LabelPredicate {
  const holds = comparisons[operator];
  return (labels) => {
    const text = labels.get(label);
    if (text === undefined) return false;
    let value: Value;
    try {
      value = parse(text);
    } catch (error) {
      labels.failUnlessFailed('LabelFilterErr', (error as Error).message);
      return true;
    }
    return holds(value, wanted);
  };
}

type Comparison = (left: number | bigint, right: number | bigint) => boolean;

const comparisons: Readonly<Record<LabelComparison['operator'], Comparison>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
};

/** Labels that a filter looks at. */
export function filteredLabels(filter: LabelFilter): readonly string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [...filteredLabels(filter.left), ...filteredLabels(filter.right)];
    case 'matcher':
      return isAlwaysTrue(filter) ? [] : [filter.matcher.name];
    default:
      return [filter.label];
  }
}

function isAlwaysTrue(filter: LabelFilter): boolean {
  return filter.kind === 'matcher' && filter.matcher.operator === '=~' && filter.matcher.value === '.*';
}

/** A filter on one label alone, which parsers may ask before they have read the whole line. */
export function earlyFilter(filter: LabelFilter): EarlyFilter | undefined {
  if (filter.kind === 'and' || filter.kind === 'or' || isAlwaysTrue(filter)) return undefined;
  const [label = ''] = filteredLabels(filter);
  return { label, passes: compileLabelFilter(filter) };
}

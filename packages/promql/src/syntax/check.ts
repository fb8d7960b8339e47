import {
  type BinaryOperation,
  type Call,
  type Expression,
  typeOf,
  type ValueType,
  type VectorSelector,
} from './ast.js';
import { quoted } from './go-text.js';
import { METRIC_NAME } from './label-name.js';
import type { ParseProblem } from './parse-error.js';
import type { Position } from './position.js';
import { isComparison, isSetOperator } from './token.js';

/**
 * Types and uses of a parsed expression → everything that is wrong, with Prometheus's texts. It also takes matching
 * away from operations that do not match vectors.
 */
export function check(expression: Expression, query: string): ParseProblem[] {
  const checker = new Checker(query);
  checker.check(expression);
  return checker.problems;
}

function documented(type: ValueType): string {
  if (type === 'vector') return 'instant vector';
  return type === 'matrix' ? 'range vector' : type;
}

class Checker {
  readonly problems: ParseProblem[] = [];
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  check(expression: Expression): ValueType {
    switch (expression.kind) {
      case 'aggregation':
        this.#expect(expression.expression, 'vector', 'aggregation expression');
        if (expression.parameter !== undefined) {
          const wanted = expression.operator === 'count_values' ? 'string' : 'scalar';
          this.#expect(expression.parameter, wanted, 'aggregation parameter');
        }
        break;
      case 'binary':
        this.#binary(expression);
        break;
      case 'call':
        this.#call(expression);
        break;
      case 'parentheses':
        this.check(expression.expression);
        break;
      case 'unary': {
        const type = this.check(expression.expression);
        if (type !== 'scalar' && type !== 'vector') {
          this.#report(
            expression.position,
            `unary expression only allowed on expressions of type scalar or instant vector, got ${quoted(documented(type))}`,
          );
        }
        break;
      }
      case 'subquery': {
        const type = this.check(expression.expression);
        if (type !== 'vector') {
          this.#report(expression.position, `subquery is only allowed on instant vector, got ${type} instead`);
        }
        break;
      }
      case 'matrix-selector':
        this.check(expression.selector);
        break;
      case 'vector-selector':
        this.#vectorSelector(expression);
        break;
      case 'number':
      case 'string':
        break;
    }
    return typeOf(expression);
  }

  #report(position: Position, message: string): void {
    this.problems.push({ position, message });
  }

  #expect(expression: Expression, wanted: ValueType, context: string): void {
    const type = this.check(expression);
    if (type === wanted) return;
    this.#report(expression.position, `expected type ${documented(wanted)} in ${context}, got ${documented(type)}`);
  }

  #vectorSelector(selector: VectorSelector): void {
    if (selector.name !== '') {
      for (const matcher of selector.matchers.slice(0, -1)) {
        if (matcher.name !== METRIC_NAME) continue;
        this.#report(
          selector.position,
          `metric name must not be set twice: ${quoted(selector.name)} or ${quoted(matcher.value)}`,
        );
      }
      return;
    }
    if (selector.matchesAnything || selector.matchers.some((matcher) => !matcher.matches(''))) return;
    this.#report(selector.position, 'vector selector must contain at least one non-empty matcher');
  }

  #binary(operation: BinaryOperation): void {
    const { operator, left, right, matching, position } = operation;
    const types = [this.check(left), this.check(right)];
    if (operation.returnsBool && !isComparison(operator)) {
      this.#report(this.#operatorPosition(operation), 'bool modifier can only be used on comparison operators');
    }
    if (isComparison(operator) && !operation.returnsBool && types.every((type) => type === 'scalar')) {
      this.#report(this.#operatorPosition(operation), 'comparisons between scalars must use BOOL modifier');
    }
    this.#labelsNamedTwice(operation);
    for (const [index, side] of [left, right].entries()) {
      if (types[index] === 'scalar' || types[index] === 'vector') continue;
      this.#report(side.position, 'binary expression must contain only scalar and instant vector types');
    }
    if (matching !== undefined && types.some((type) => type !== 'vector')) {
      if (matching.labels.length > 0) {
        this.#report(position, 'vector matching only allowed between instant vectors');
      }
      if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
        this.#report(position, 'filling in missing series only allowed between instant vectors');
      }
      operation.matching = undefined;
    } else if (matching !== undefined && isSetOperator(operator)) {
      if (matching.cardinality !== 'many-to-many') {
        this.#report(position, `no grouping allowed for ${quoted(operator)} operation`);
        this.#report(position, 'set operations must always be many-to-many');
      }
      if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
        this.#report(position, 'filling in missing series not allowed for set operators');
      }
    }
    if (isSetOperator(operator) && types.includes('scalar')) {
      this.#report(position, `set operator ${quoted(operator)} not allowed in binary scalar expression`);
    }
  }

  #labelsNamedTwice(operation: BinaryOperation): void {
    const { matching } = operation;
    if (matching === undefined || !matching.on) return;
    for (const label of matching.labels) {
      if (!matching.include.includes(label)) continue;
      this.#report(
        this.#operatorPosition(operation),
        `label ${quoted(label)} must not occur in ON and GROUP clause at once`,
      );
    }
  }

  /** What stands between the two sides, without the space around it. */
  #operatorPosition({ left, right }: BinaryOperation): Position {
    let { end: start } = left.position;
    let end = right.position.start - 1;
    while (/\s/.test(this.#query[start]!)) start++;
    while (/\s/.test(this.#query[end]!)) end--;
    return { start, end };
  }

  #call(call: Call): void {
    const { arguments: wanted, name, variadic } = call.function;
    this.#argumentCount(call);
    if (name === 'info') this.#infoLabels(call);
    for (const [index, argument] of call.arguments.entries()) {
      // An argument too many has no type to be held against; that there is one is reported already.
      if (index >= wanted.length && variadic === 0) break;
      const type = wanted[Math.min(index, wanted.length - 1)]!;
      this.#expect(argument, type, `call to function ${quoted(name)}`);
    }
  }

  #argumentCount({ function: { arguments: wanted, name, variadic }, arguments: given, position }: Call): void {
    const call = `argument(s) in call to ${quoted(name)}, got ${given.length}`;
    const fewest = wanted.length - 1;
    if (variadic === 0) {
      if (given.length !== wanted.length) this.#report(position, `expected ${wanted.length} ${call}`);
    } else if (given.length < fewest) {
      this.#report(position, `expected at least ${fewest} ${call}`);
    } else if (variadic > 0 && given.length > fewest + variadic) {
      this.#report(position, `expected at most ${fewest + variadic} ${call}`);
    }
  }

  /** The second argument of `info` names labels in the form of a selector, which may match everything. */
  #infoLabels(call: Call): void {
    const labels = call.arguments[1];
    if (labels === undefined) return;
    if (typeOf(labels) !== 'vector') {
      this.#report(
        call.position,
        `expected type instant vector in call to function "info", got ${documented(typeOf(labels))}`,
      );
    }
    if (labels.kind !== 'vector-selector') this.#report(labels.position, 'expected label selectors only');
    else if (labels.name !== '') {
      this.#report(labels.position, 'expected label selectors only, got vector selector instead');
    } else labels.matchesAnything = true;
  }
}

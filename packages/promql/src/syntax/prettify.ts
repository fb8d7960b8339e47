import type { Expression } from './ast.js';
import { aggregationArguments, aggregationHead, operatorText, print, subquerySuffix } from './print.js';

/** Bytes of the longest expression that stays on one line. */
const LONGEST_LINE = 100;
const INDENT = '  ';

/** An expression as Prometheus's `format_query` answers it: what is longer than a line is broken at each level. */
export function prettify(expression: Expression): string {
  return pretty(expression, 0);
}

function pretty(expression: Expression, level: number): string {
  const indent = INDENT.repeat(level);
  if (expression.kind === 'unary') return indent + expression.operator + pretty(expression.expression, level).trim();
  const line = print(expression);
  const fits = Buffer.byteLength(line) <= LONGEST_LINE;
  // Prometheus gives a subquery on one line no indent of its own.
  if (expression.kind === 'subquery') {
    return fits ? line : pretty(expression.expression, level) + subquerySuffix(expression);
  }
  if (fits) return indent + line;
  switch (expression.kind) {
    case 'aggregation':
      return block(indent + aggregationHead(expression), aggregationArguments(expression), level);
    case 'binary': {
      const left = pretty(expression.left, level + 1);
      const right = pretty(expression.right, level + 1);
      return `${left}\n${indent}${operatorText(expression)}\n${right}`;
    }
    case 'call':
      return block(indent + expression.function.name, expression.arguments, level);
    case 'parentheses':
      return block(indent, [expression.expression], level);
    default:
      return indent + line;
  }
}

function block(head: string, expressions: readonly Expression[], level: number): string {
  const lines = expressions.map((expression) => pretty(expression, level + 1)).join(',\n');
  return `${head}(\n${lines}\n${INDENT.repeat(level)})`;
}

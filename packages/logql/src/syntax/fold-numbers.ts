import type { BinaryOperator, SetOperator } from './operators.js';

/** The operation on two numbers. Dividing by zero gives no number, and a comparison gives 1 or 0. */
export function computeNumbers(operator: Exclude<BinaryOperator, SetOperator>, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? NaN : left / right;
    case '%':
      return left % right;
    case '^':
      return left ** right;
    case '==':
      return Number(left === right);
    case '!=':
      return Number(left !== right);
    case '>':
      return Number(left > right);
    case '>=':
      return Number(left >= right);
    case '<':
      return Number(left < right);
    case '<=':
      return Number(left <= right);
  }
}

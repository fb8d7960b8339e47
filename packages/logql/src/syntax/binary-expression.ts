import { type Draft, draft, failed } from './draft.js';
import { computeNumbers } from './fold-numbers.js';
import { type BinaryOperator, isSetOperator } from './operators.js';
import { ParseError } from './parse-error.js';
import type { Modifiers } from './parse-grouping.js';

/** An operation on two expressions. Two numbers become one at once. */
export function binaryExpression(operator: BinaryOperator, modifiers: Modifiers, left: Draft, right: Draft): Draft {
  const { expression: leftSide } = left;
  const { expression: rightSide } = right;
  if (leftSide.kind === 'logs') return failed(wrongType('left', operator, leftSide.stages.length));
  if (rightSide.kind === 'logs') return failed(wrongType('right', operator, rightSide.stages.length));
  for (const side of [left, right]) {
    if (side.expression.kind === 'number' && side.problem !== undefined) return failed(side.problem);
  }
  if (isSetOperator(operator)) {
    if (leftSide.kind === 'number') return failed(wrongLiteral('left', operator, leftSide.value));
    if (rightSide.kind === 'number') return failed(wrongLiteral('right', operator, rightSide.value));
  } else if (leftSide.kind === 'number' && rightSide.kind === 'number') {
    return draft({ kind: 'number', value: computeNumbers(operator, leftSide.value, rightSide.value) });
  }
  return draft({ kind: 'binary', operator, ...modifiers, left: leftSide, right: rightSide }, [left, right]);
}

/** Loki's errors name its own types. */
function wrongType(side: string, operator: string, stages: number): ParseError {
  const type = stages === 0 ? '*syntax.MatchersExpr' : '*syntax.PipelineExpr';
  return new ParseError(`unexpected type for ${side} leg of binary operation (${operator}): ${type}`);
}

function wrongLiteral(side: string, operator: string, value: number): ParseError {
  const text = `unexpected literal for ${side} leg of logical/set binary operation (${operator})`;
  return new ParseError(`${text}: ${value.toFixed(6)}`);
}

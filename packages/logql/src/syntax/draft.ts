import type { Expression } from './ast.js';
import type { ParseError } from './parse-error.js';

/**
 * An expression whose form is right. What is wrong with its meaning is told when the form of the whole query is known to be
 * right, from the outside in.
 */
export interface Draft<Kind extends Expression = Expression> {
  readonly expression: Kind;
  readonly problem: ParseError | undefined;
  readonly parts: readonly Draft[];
}

export function draft<Kind extends Expression>(expression: Kind, parts: readonly Draft[] = []): Draft<Kind> {
  return { expression, problem: undefined, parts };
}

/** What stands for an expression that cannot be. */
export function failed(problem: ParseError): Draft<Expression & { kind: 'vector' }> {
  return { expression: { kind: 'vector', value: NaN }, problem, parts: [] };
}

/** What stands for a number that cannot be read. */
export function failedNumber(problem: ParseError): Draft<Expression & { kind: 'number' }> {
  return { expression: { kind: 'number', value: NaN }, problem, parts: [] };
}

import type { Duration, Expression, MatrixSelector, Subquery, VectorSelector } from './ast.js';
import { roundAwayFromZero, secondsToMs } from './duration.js';
import { general } from './go-text.js';
import type { Position } from './position.js';
import type { TokenStream } from './token-stream.js';

type Modifiable = VectorSelector | Subquery;

/** Applies `offset …`. The words behind a selector are applied to it in place: they are part of its node. */
export function applyOffset(tokens: TokenStream, expression: Expression, offset: Duration): void {
  const target = modifiable(expression);
  if (target === undefined) {
    tokens.report(
      expression.position,
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    );
    return;
  }
  if (target.offsetMs !== 0 || target.offsetExpression !== undefined) {
    tokens.report(expression.position, 'offset may not be set multiple times');
  } else if (offset.kind === 'number') target.offsetMs = secondsToMs(offset.value);
  else target.offsetExpression = offset;
  extend(expression as MatrixSelector | Modifiable, tokens.last);
}

/** Applies `@ 1234.5`, in seconds, and `@ start()`. */
export function applyAt(tokens: TokenStream, expression: Expression, at: number | 'start' | 'end'): void {
  if (typeof at === 'number' && !(Math.abs(at) < 2 ** 63)) {
    const text = Number.isFinite(at) ? `${BigInt(at)}.000000` : general(at);
    tokens.report(expression.position, `timestamp out of bounds for @ modifier: ${text}`);
  }
  const target = modifiable(expression);
  if (target === undefined) {
    tokens.report(
      expression.position,
      '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    );
    return;
  }
  if (target.at !== undefined) {
    tokens.report(expression.position, '@ <timestamp> may not be set multiple times');
    return;
  }
  target.at = typeof at === 'number' ? roundAwayFromZero(at * 1000) : at;
  extend(expression as MatrixSelector | Modifiable, tokens.last);
}

/** Applies `anchored` or `smoothed`, which exclude each other. */
export function applyExtension(tokens: TokenStream, expression: Expression, extension: 'anchored' | 'smoothed'): void {
  const selector = expression.kind === 'matrix-selector' ? expression.selector : expression;
  if (selector.kind === 'subquery') {
    tokens.report(expression.position, `${extension} modifier is not supported for subqueries`);
  } else if (selector.kind !== 'vector-selector') {
    tokens.report(expression.position, `${extension} modifier not implemented`);
  } else if (selector.extension !== undefined && selector.extension !== extension) {
    tokens.report(expression.position, 'anchored and smoothed modifiers cannot be used together');
  } else {
    selector.extension = extension;
  }
}

function modifiable(expression: Expression): Modifiable | undefined {
  if (expression.kind === 'matrix-selector') return expression.selector;
  return expression.kind === 'vector-selector' || expression.kind === 'subquery' ? expression : undefined;
}

function extend(node: MatrixSelector | Modifiable, last: Position): void {
  node.position = { start: node.position.start, end: last.end };
}

import type { Cardinality, VectorMatching } from './ast.js';
import { parseNumberLiteral } from './parse-duration.js';
import { parseGroupingLabels } from './parse-selector.js';
import { type BinaryOperator, isSetOperator, startsExpression } from './token.js';
import type { TokenStream } from './token-stream.js';

/** What may stand behind a binary operator and `bool`: `on (job) group_left (version) fill (0)`. */
export function parseMatching(tokens: TokenStream, operator: BinaryOperator): VectorMatching {
  let labels: readonly string[] = [];
  let include: readonly string[] = [];
  let on = false;
  let cardinality: Cardinality = isSetOperator(operator) ? 'many-to-many' : 'one-to-one';
  if (tokens.isNext('on', 'ignoring')) {
    on = tokens.take().kind === 'on';
    labels = parseGroupingLabels(tokens);
    if (tokens.isNext('group_left', 'group_right')) {
      cardinality = tokens.take().kind === 'group_left' ? 'many-to-one' : 'one-to-many';
      if (!canFollowGroup(tokens)) include = parseGroupingLabels(tokens);
    }
  }
  return { cardinality, labels, on, include, ...parseFill(tokens) };
}

/** Behind `group_left` labels may be left out. A parenthesis always opens labels, not the right side. */
function canFollowGroup(tokens: TokenStream): boolean {
  if (tokens.isNext('(')) return false;
  return startsExpression(tokens.peek()) || tokens.isNext('fill', 'fill_left', 'fill_right');
}

function parseFill(tokens: TokenStream): Pick<VectorMatching, 'fillLeft' | 'fillRight'> {
  if (tokens.accept('fill') !== undefined) {
    const value = parseFillValue(tokens);
    return { fillLeft: value, fillRight: value };
  }
  let fillLeft: number | undefined;
  let fillRight: number | undefined;
  if (tokens.accept('fill_left') !== undefined) {
    fillLeft = parseFillValue(tokens);
    if (tokens.accept('fill_right') !== undefined) fillRight = parseFillValue(tokens);
  } else if (tokens.accept('fill_right') !== undefined) {
    fillRight = parseFillValue(tokens);
    if (tokens.accept('fill_left') !== undefined) fillLeft = parseFillValue(tokens);
  }
  return { fillLeft, fillRight };
}

function parseFillValue(tokens: TokenStream): number {
  tokens.expect('(');
  const sign = tokens.accept('+') ?? tokens.accept('-');
  if (!tokens.isNext('number', 'duration')) tokens.unexpected();
  const { value } = parseNumberLiteral(tokens);
  tokens.expect(')');
  return sign?.kind === '-' ? -value : value;
}

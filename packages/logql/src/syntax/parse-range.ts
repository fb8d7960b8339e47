import type { LogRange, Unwrap } from './ast.js';
import { parseMatchers } from './parse-selector.js';
import { type Pipeline, parsePipeline, parseUnwrap } from './parse-stage.js';
import type { TokenStream } from './token-stream.js';

/**
 * `{app="a"} | json | unwrap ms [5m] offset 1m`. The range may stand before the stages too, and parentheses around all of
 * it or around everything but range and offset.
 */
export function parseLogRange(tokens: TokenStream): LogRange {
  if (!tokens.isNext('{', '(')) tokens.unexpected('{', '(');
  if (tokens.accept('(') === undefined) return parseBare(tokens);
  return tokens.deeper(() => parseInParentheses(tokens));
}

function parseBare(tokens: TokenStream): LogRange {
  const matchers = parseMatchers(tokens);
  if (tokens.isNext('range')) return parseRangeFirst(tokens, matchers);
  const pipeline = parsePipeline(tokens, 'range');
  if (!tokens.isNext('range')) unexpectedBehind(tokens, pipeline, ['range', '|']);
  return logRange(matchers, pipeline, parseRangeAndOffset(tokens));
}

function parseInParentheses(tokens: TokenStream): LogRange {
  if (!tokens.isNext('{', '(')) tokens.unexpected('{', '(');
  if (tokens.isNext('(')) return closed(tokens, parseLogRange(tokens));
  const matchers = parseMatchers(tokens);
  if (tokens.isNext('range')) return closed(tokens, parseRangeFirst(tokens, matchers));
  const pipeline = parsePipeline(tokens, 'range');
  if (tokens.isNext('range')) return closed(tokens, logRange(matchers, pipeline, parseRangeAndOffset(tokens)));
  if (!tokens.isNext(')')) unexpectedBehind(tokens, pipeline, ['range', ')', '|']);
  tokens.take();
  if (!tokens.isNext('range')) tokens.unexpected('range');
  const range = parseRangeAndOffset(tokens);
  const isBare = pipeline.stages.length === 0 && pipeline.unwrap === undefined;
  const unwrap = isBare ? parseLateUnwrap(tokens) : pipeline.unwrap;
  return logRange(matchers, { ...pipeline, unwrap }, range);
}

function closed(tokens: TokenStream, range: LogRange): LogRange {
  tokens.expect(')');
  return range;
}

function parseRangeFirst(tokens: TokenStream, matchers: LogRange['query']['matchers']): LogRange {
  const range = parseRangeAndOffset(tokens);
  return logRange(matchers, parsePipeline(tokens, 'range'), range);
}

function parseLateUnwrap(tokens: TokenStream): Unwrap | undefined {
  if (tokens.accept('|') === undefined) return undefined;
  if (!tokens.isNext('unwrap')) tokens.unexpected('unwrap');
  return parseUnwrap(tokens);
}

interface RangeAndOffset {
  readonly rangeNs: bigint;
  readonly offsetNs: bigint;
}

function parseRangeAndOffset(tokens: TokenStream): RangeAndOffset {
  const rangeNs = tokens.take().value!;
  const offsetNs = tokens.accept('offset') === undefined ? 0n : tokens.expect('span').value!;
  return { rangeNs, offsetNs };
}

function logRange(
  matchers: LogRange['query']['matchers'],
  { stages, unwrap }: Pipeline,
  range: RangeAndOffset,
): LogRange {
  return { query: { kind: 'logs', matchers, stages }, unwrap, ...range };
}

/** Behind stages so much may follow that nothing is named; behind `unwrap` it is little. */
function unexpectedBehind(tokens: TokenStream, { unwrap }: Pipeline, expected: readonly string[]): never {
  if (unwrap === undefined) return tokens.unexpected();
  return tokens.unexpected(...expected);
}

import { compilePattern } from '../text/regular-expression.js';
import type { Extraction, LabelAssignment, LabelChoice, LineFilter, LineMatch, Stage, Unwrap } from './ast.js';
import { parseLinePattern } from './line-pattern.js';
import { type LineOperator, lineOperators, unwrapConversions } from './operators.js';
import { ParseError } from './parse-error.js';
import { parseAddress, parseLabelFilter } from './parse-label-filter.js';
import { matcherOf, matchOperators } from './parse-selector.js';
import type { TokenStream } from './token-stream.js';

/** What follows a selector. */
export interface Pipeline {
  readonly stages: readonly Stage[];
  readonly unwrap: Unwrap | undefined;
}

/** Where a pipeline stands: only in a range can its last part be `unwrap`. */
export type PipelinePlace = 'query' | 'range';

export function isPipelineNext(tokens: TokenStream): boolean {
  return tokens.isNext('|', ...lineOperators);
}

/** All stages up to what is none; in a range, up to `unwrap` and its label filters. */
export function parsePipeline(tokens: TokenStream, place: PipelinePlace): Pipeline {
  const stages: Stage[] = [];
  while (isPipelineNext(tokens)) {
    if (!tokens.isNext('|')) {
      stages.push({ kind: 'line-filters', filters: parseLineFilters(tokens) });
      continue;
    }
    tokens.take();
    if (place === 'range' && tokens.isNext('unwrap')) return { stages, unwrap: parseUnwrap(tokens) };
    stages.push(parseStage(tokens));
  }
  return { stages, unwrap: undefined };
}

/** `unwrap bytes(size) | __error__=""`, behind its first `|`. */
export function parseUnwrap(tokens: TokenStream): Unwrap {
  tokens.expect('unwrap');
  const { kind, text } = tokens.expect('identifier', ...unwrapConversions);
  const conversion = unwrapConversions.find((each) => each === kind);
  let label = text;
  if (conversion !== undefined) {
    tokens.expect('(');
    label = tokens.expect('identifier').text;
    tokens.expect(')');
  }
  const filters = [];
  while (tokens.accept('|') !== undefined) {
    if (!tokens.isNext('identifier', '(')) tokens.unexpected('identifier', '(');
    filters.push(parseLabelFilter(tokens));
  }
  return { label, conversion, filters };
}

/** Filters that follow each other. None of those must match is not either of those: `or` behind `!=` begins another filter. */
function parseLineFilters(tokens: TokenStream): LineFilter[] {
  const filters: LineFilter[] = [];
  while (tokens.isNext(...lineOperators)) {
    const operator = tokens.take().kind as LineOperator;
    const alternatives = [parseLineMatch(tokens)];
    while (tokens.accept('or') !== undefined) alternatives.push(parseLineMatch(tokens));
    if (operator.startsWith('!')) filters.push(...alternatives.map((match) => ({ operator, alternatives: [match] })));
    else filters.push({ operator, alternatives });
  }
  return filters;
}

function parseLineMatch(tokens: TokenStream): LineMatch {
  if (tokens.isNext('ip')) return { text: parseAddress(tokens), isAddress: true };
  return { text: tokens.expect('string', 'ip').text, isAddress: false };
}

function parseStage(tokens: TokenStream): Stage {
  const parse = stageParsers.get(tokens.peek().kind);
  if (parse !== undefined) {
    tokens.take();
    return parse(tokens);
  }
  if (!tokens.isNext('identifier', '(')) tokens.unexpected();
  return { kind: 'label-filter', filter: parseLabelFilter(tokens) };
}

/** Stages by the word that they begin with. */
const stageParsers = new Map<string, (tokens: TokenStream) => Stage>([
  ['json', (tokens) => ({ kind: 'json', expressions: parseExtractions(tokens) })],
  ['logfmt', parseLogfmt],
  ['regexp', parseRegexp],
  ['pattern', parsePattern],
  ['unpack', () => ({ kind: 'unpack' })],
  ['line_format', (tokens) => ({ kind: 'line-format', template: tokens.expect('string').text })],
  ['label_format', (tokens) => ({ kind: 'label-format', formats: parseList(tokens, parseAssignment) })],
  ['decolorize', () => ({ kind: 'decolorize' })],
  ['drop', (tokens) => ({ kind: 'drop', labels: parseList(tokens, parseChoice) })],
  ['keep', (tokens) => ({ kind: 'keep', labels: parseList(tokens, parseChoice) })],
]);

function parseLogfmt(tokens: TokenStream): Stage {
  const flags: string[] = [];
  while (tokens.isNext('flag')) flags.push(tokens.take().text);
  return {
    kind: 'logfmt',
    expressions: parseExtractions(tokens),
    isStrict: flags.includes('--strict'),
    keepsEmpty: flags.includes('--keep-empty'),
  };
}

function parseRegexp(tokens: TokenStream): Stage {
  const pattern = tokens.expect('string').text;
  try {
    checkCaptures(pattern);
  } catch (error) {
    const { message } = error as Error;
    const [, repeated] = /duplicate capture group name: `(.*)`/.exec(message) ?? [];
    const reason = repeated === undefined ? message : `duplicate extracted label name '${repeated}'`;
    throw new ParseError(`invalid regexp parser: ${reason}`);
  }
  return { kind: 'regexp', pattern };
}

function checkCaptures(pattern: string): void {
  if (compilePattern(pattern).groupNames.length > 0) return;
  throw new Error('at least one named capture must be supplied');
}

function parsePattern(tokens: TokenStream): Stage {
  const pattern = tokens.expect('string').text;
  try {
    parseLinePattern(pattern, 'parser');
  } catch (error) {
    throw new ParseError(`invalid pattern parser: ${(error as Error).message}`);
  }
  return { kind: 'pattern', pattern };
}

function parseExtractions(tokens: TokenStream): Extraction[] {
  return tokens.isNext('identifier') ? parseList(tokens, parseExtraction) : [];
}

function parseExtraction(tokens: TokenStream): Extraction {
  const label = tokens.expect('identifier').text;
  return { label, expression: tokens.accept('=') === undefined ? label : tokens.expect('string').text };
}

function parseAssignment(tokens: TokenStream): LabelAssignment {
  const label = tokens.expect('identifier').text;
  tokens.expect('=');
  const { kind, text } = tokens.expect('identifier', 'string');
  return kind === 'string' ? { label, kind: 'template', template: text } : { label, kind: 'rename', from: text };
}

function parseChoice(tokens: TokenStream): LabelChoice {
  const label = tokens.expect('identifier').text;
  const operator = matchOperators.find((each) => tokens.isNext(each));
  if (operator === undefined) return label;
  tokens.take();
  return matcherOf(label, operator, tokens.expect('string').text);
}

function parseList<Item>(tokens: TokenStream, parse: (tokens: TokenStream) => Item): Item[] {
  const items = [parse(tokens)];
  while (tokens.accept(',') !== undefined) items.push(parse(tokens));
  return items;
}

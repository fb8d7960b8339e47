import { DUPLICATE_SUFFIX } from '../pipeline/label-names.js';
import { reordered } from '../pipeline/pipeline.js';
import type { LabelMatches, LogFilter } from '../source.js';
import type { LabelFilter, LineFilter, Stage } from '../syntax/ast.js';
import { parseLinePattern } from '../syntax/line-pattern.js';

/** What of a query's stages can be said to a store. */
export interface Pushdown {
  readonly filters: readonly LogFilter[];
  readonly prefilters: readonly LogFilter[];
  /** The filters say all that the stages do. */
  readonly isComplete: boolean;
}

/**
 * Line filters can be said as long as no stage has changed the line, and filters of labels as long as none can have set one.
 * Behind parsers it can be said which texts a line must hold. What the store is not told the pipeline does, which does everything.
 */
export function pushdownOf(stages: readonly Stage[]): Pushdown {
  const filters: LogFilter[] = [];
  const prefilters: LogFilter[] = [];
  let isComplete = true;
  let hasOwnLabels = false;
  let isFormatted = false;
  for (const stage of reordered(stages)) {
    if (stage.kind === 'line-filters') {
      for (const filter of stage.filters) {
        const pushed = lineFilter(filter);
        filters.push(...pushed.filters);
        prefilters.push(...pushed.prefilters);
        isComplete &&= pushed.isComplete;
      }
    } else if (stage.kind === 'label-filter' && !hasOwnLabels) {
      const pushed = labelFilter(stage.filter);
      filters.push(...pushed.filters);
      prefilters.push(...pushed.prefilters);
      isComplete &&= pushed.isComplete;
    } else {
      isComplete = false;
      if (stage.kind === 'label-filter' && !isFormatted) prefilters.push(...parsedFilters(stage.filter));
      hasOwnLabels = true;
      isFormatted ||= stage.kind === 'label-format';
      if (stage.kind === 'line-format' || stage.kind === 'unpack' || stage.kind === 'decolorize') break;
    }
  }
  return { filters, prefilters, isComplete };
}

const everything: Pushdown = { filters: [], prefilters: [], isComplete: true };
const nothing: Pushdown = { filters: [], prefilters: [], isComplete: false };

function lineFilter({ operator, alternatives }: LineFilter): Pushdown {
  const texts = alternatives.map(({ text }) => text);
  if (alternatives.some(({ isAddress }) => isAddress)) return nothing;
  const isNegated = operator.startsWith('!');
  switch (operator) {
    case '|=':
      return texts.includes('') ? containsSome(texts) : exactly({ kind: 'line-contains', texts, isNegated });
    case '!=':
      return exactly({ kind: 'line-contains', texts, isNegated });
    case '|~':
    case '!~':
      return exactly({ kind: 'line-matches', patterns: texts, isNegated });
    case '|>':
      return texts.length === 1 ? partsOf(texts[0]!) : nothing;
    case '!>':
      return nothing;
  }
}

/** An empty text says nothing alone, and is left out beside others. */
function containsSome(texts: readonly string[]): Pushdown {
  const rest = texts.filter((text) => text !== '');
  return rest.length === 0 ? everything : exactly({ kind: 'line-contains', texts: rest, isNegated: false });
}

/** A line that matches a pattern holds every text of it. */
function partsOf(pattern: string): Pushdown {
  const texts = parseLinePattern(pattern, 'filter').flatMap((part) => ('text' in part ? [part.text] : []));
  const prefilters = texts.map((text): LogFilter => ({ kind: 'line-contains', texts: [text], isNegated: false }));
  return { filters: [], prefilters, isComplete: false };
}

function exactly(filter: LogFilter): Pushdown {
  return { filters: [filter], prefilters: [], isComplete: true };
}

function labelFilter(filter: LabelFilter): Pushdown {
  if (filter.kind === 'and') {
    const [left, right] = [labelFilter(filter.left), labelFilter(filter.right)];
    return {
      filters: [...left.filters, ...right.filters],
      prefilters: [...left.prefilters, ...right.prefilters],
      isComplete: left.isComplete && right.isComplete,
    };
  }
  if (filter.kind !== 'matcher') return nothing;
  const { matcher } = filter;
  if (!isOfStore(matcher.name)) return nothing;
  const pushed: LabelMatches = { kind: 'label-matches', matcher };
  if (matcher.operator === '=' || matcher.operator === '!=' || matcher.values !== undefined) return exactly(pushed);
  // In a filter a dot is no line break, so that it matches less than the matcher.
  return matcher.operator === '=~' ? { filters: [], prefilters: [pushed], isComplete: false } : nothing;
}

/**
 * What lines must hold for a filter of labels to pass which parsers may have set. A value that was parsed stands in the line, but
 * for its escapes, which begin with a backslash, and for characters that UTF-8 does not have, which became spaces.
 */
function parsedFilters(filter: LabelFilter): readonly LogFilter[] {
  if (filter.kind === 'and') return [...parsedFilters(filter.left), ...parsedFilters(filter.right)];
  if (filter.kind === 'or') {
    const [left, right] = [parsedFilters(filter.left), parsedFilters(filter.right)];
    // One text of each side is enough to say.
    return left.length === 0 || right.length === 0 ? [] : [{ kind: 'any-of', alternatives: [left[0]!, right[0]!] }];
  }
  if (filter.kind !== 'matcher' || !isOfStore(filter.matcher.name)) return [];
  const { matcher } = filter;
  if (matcher.values === undefined || matcher.matches('')) return [];
  const texts = matcher.values.map(longestPart);
  if (texts.includes('')) return [];
  const inLine: LogFilter = { kind: 'line-contains', texts: [...texts, '\\'], isNegated: false };
  return [{ kind: 'any-of', alternatives: [inLine, { kind: 'label-matches', matcher }] }];
}

/** The longest text between spaces. */
function longestPart(value: string): string {
  return value.split(' ').reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}

/** Errors are no labels of a store, and a name with the suffix may be that of another label. */
function isOfStore(name: string): boolean {
  return !name.startsWith('__') && !name.endsWith(DUPLICATE_SUFFIX);
}

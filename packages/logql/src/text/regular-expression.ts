import { RE2JS } from 're2js';

/**
 * Longest expression, in characters, and largest program that it may become. Matching takes their product with the length
 * of a line in the worst case.
 */
const MAX_SOURCE_LENGTH = 65_536;
const MAX_PROGRAM_SIZE = 20_000;

/** Where a pattern matched, and its groups: `starts[0]` is the whole match, -1 stands for a group without a part in it. */
export interface PatternMatch {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** A regular expression in Go's syntax. Time is linear in the length of a text, unlike with JavaScript's own expressions. */
export class Pattern {
  readonly #compiled: RE2JS;

  constructor(compiled: RE2JS) {
    this.#compiled = compiled;
  }

  get groupCount(): number {
    return this.#compiled.groupCount();
  }

  /** Names of the groups that have one, with their numbers. */
  get groupNames(): readonly (readonly [name: string, group: number])[] {
    const groups: Record<string, number> = this.#compiled.namedGroups();
    return Object.entries(groups).sort(([, left], [, right]) => left - right);
  }

  /** Whether any part of the text matches. */
  test(text: string): boolean {
    return this.#compiled.test(text);
  }

  /** The first match that begins at `from` or behind it. */
  match(text: string, from = 0): PatternMatch | undefined {
    const matcher = this.#compiled.matcher(text);
    if (!matcher.find(from)) return undefined;
    const starts: number[] = [];
    const ends: number[] = [];
    for (let group = 0; group <= this.groupCount; group++) {
      starts.push(matcher.start(group));
      ends.push(matcher.end(group));
    }
    return { starts, ends };
  }

  /** All matches that do not overlap. An empty one right behind another is none, as in Go. */
  *matches(text: string): Generator<PatternMatch> {
    let lastEnd = -1;
    for (let from = 0; from <= text.length; ) {
      const match = this.match(text, from);
      if (match === undefined) return;
      const [start = 0] = match.starts;
      const [end = 0] = match.ends;
      if (end > from || start !== lastEnd) yield match;
      from = end > from ? end : from + widthAt(text, from);
      lastEnd = end;
    }
  }

  /** The text with each match replaced by a template in which `$1`, `${1}` and `$name` stand for groups. */
  replaceAll(text: string, template: string): string {
    if (!template.includes('$')) return this.#replaced(text, () => template);
    return this.#replaced(text, (match) => this.expand(template, text, match));
  }

  replaceAllLiteral(text: string, replacement: string): string {
    return this.#replaced(text, () => replacement);
  }

  /** Go's templates: a name goes on as long as it can, `$$` is a dollar, and a dollar before anything else is dropped. */
  expand(template: string, text: string, match: PatternMatch): string {
    return template.replaceAll(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar?: string, bare?: string, braced?: string) => {
      if (dollar !== undefined) return '$';
      const group = this.#groupNumber((bare ?? braced)!);
      if (group === undefined || group > this.groupCount || match.starts[group] === -1) return '';
      return text.slice(match.starts[group], match.ends[group]);
    });
  }

  #groupNumber(name: string): number | undefined {
    if (/^\d+$/.test(name)) return Number(name);
    return this.groupNames.find(([each]) => each === name)?.[1];
  }

  #replaced(text: string, replacementOf: (match: PatternMatch) => string): string {
    let result = '';
    let copied = 0;
    for (const match of this.matches(text)) {
      result += text.slice(copied, match.starts[0]) + replacementOf(match);
      copied = match.ends[0]!;
    }
    return copied === 0 && result === '' ? text : result + text.slice(copied);
  }
}

/** Throws an error with Go's text. */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_SOURCE_LENGTH) throw tooLarge();
  const compiled = RE2JS.compile(source);
  if (compiled.programSize() > MAX_PROGRAM_SIZE) throw tooLarge();
  return new Pattern(compiled);
}

function widthAt(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
}

function tooLarge(): Error {
  return new Error('error parsing regexp: expression too large');
}

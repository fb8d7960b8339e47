// Lines → the templates that they are made of, with counts by time.
//
// DuckDB replaces every word with a digit in it by a placeholder and counts what is then equal: some thousand texts stand for
// millions of lines. A tree of fixed depth (the idea of Drain, He et al. 2017) then joins texts of equal length in words
// that differ in few of them. All of it is computed when asked for, so nothing has to be kept over a restart.

export const PLACEHOLDER = '<_>';

/** A word with a digit in it: RE2. What stands between words in logfmt, JSON, paths and addresses bounds it. */
export const NUMBERED_WORD = String.raw`[^\s=:,;/?&"'()\[\]{}<>|]*[0-9][^\s=:,;/?&"'()\[\]{}<>|]*`;

/** Characters of a line that count: what tells templates apart stands at the beginning, and stack traces are long. */
export const MAX_LINE_LENGTH = 1000;
/** Words of a template. Longer lines are cut. */
const MAX_WORDS = 100;
/** Templates that are kept, with their counts: with 100 words of ten characters each, 5 MB. Lines that match none of them count nowhere. */
const MAX_TEMPLATES = 2000;
/** Words that two texts of one template must share, of all. */
const SIMILARITY = 0.6;
/** Templates that differ in their first words are never joined: the tree branches there. */
const BRANCHING_WORDS = 2;

export interface LinePattern {
  readonly text: string;
  readonly count: number;
  /** By rising bucket. */
  readonly buckets: readonly { readonly bucket: number; readonly count: number }[];
}

interface Template {
  words: string[];
  readonly counts: Map<number, number>;
  count: number;
}

export class LinePatterns {
  /** Templates by number of words and first words. */
  readonly #branches = new Map<string, Template[]>();
  #templates = 0;

  /** Counts lines of a bucket that are equal but for placeholders. */
  add(line: string, bucket: number, count: number): void {
    const words = line.split(' ', MAX_WORDS);
    const branch = `${words.length} ${words.slice(0, BRANCHING_WORDS).join(' ')}`;
    const templates = this.#branches.get(branch) ?? [];
    const template = mostSimilar(templates, words) ?? this.#begin(branch, templates, words);
    if (template === undefined) return;
    template.words = template.words.map((word, i) => (word === words[i] ? word : PLACEHOLDER));
    add(template, bucket, count);
  }

  /** The most frequent first. */
  patterns(): readonly LinePattern[] {
    const merged = new Map<string, Template>();
    for (const template of [...this.#branches.values()].flat()) {
      const text = template.words.join(' ');
      const known = merged.get(text);
      if (known === undefined) merged.set(text, template);
      else for (const [bucket, count] of template.counts) add(known, bucket, count);
    }
    return [...merged]
      .map(([text, { count, counts }]) => ({
        text,
        count,
        buckets: [...counts]
          .map(([bucket, count]) => ({ bucket, count }))
          .sort((left, right) => left.bucket - right.bucket),
      }))
      .sort((left, right) => right.count - left.count);
  }

  #begin(branch: string, templates: Template[], words: string[]): Template | undefined {
    if (this.#templates >= MAX_TEMPLATES) return undefined;
    this.#templates++;
    const template = { words, counts: new Map<number, number>(), count: 0 };
    this.#branches.set(branch, [...templates, template]);
    return template;
  }
}

function add(template: Template, bucket: number, count: number): void {
  template.counts.set(bucket, (template.counts.get(bucket) ?? 0) + count);
  template.count += count;
}

function mostSimilar(templates: readonly Template[], words: readonly string[]): Template | undefined {
  let best: Template | undefined;
  let bestShare = SIMILARITY;
  for (const template of templates) {
    const equal = template.words.filter((word, i) => word === words[i] || word === PLACEHOLDER).length;
    const share = equal / words.length;
    if (share < bestShare) continue;
    best = template;
    bestShare = share;
  }
  return best;
}

import { RE2JS } from 're2js';

/** A regular expression over a whole value. */
export interface LabelPattern {
  matches(value: string): boolean;
  /** The values that match, when they are few and known. */
  readonly words: readonly string[] | undefined;
}

/** Characters that mean themselves in a regular expression. */
const plainWords = /^[\w :;,=~"'#%&@!<>/-]*(?:\|[\w :;,=~"'#%&@!<>/-]*)*$/;

/**
 * RE2's syntax, matched against the whole value; `.` also matches a line break, as in Prometheus. Time is linear in
 * the length of the value whatever the expression, unlike JavaScript's own: a query must not be able to stop the
 * process. Lists of words and the commonest forms need no automaton. Throws an error with Go's text.
 */
export function compilePattern(source: string): LabelPattern {
  if (plainWords.test(source)) return listOfWords(source.split('|'));
  if (source === '.*') return { matches: () => true, words: undefined };
  if (source === '.+') return { matches: (value) => value !== '', words: undefined };
  const [prefix = '', rest] = splitPlainPrefix(source);
  if (rest === '.*') return { matches: (value) => value.startsWith(prefix), words: undefined };
  if (rest === '.+') {
    return { matches: (value) => value.length > prefix.length && value.startsWith(prefix), words: undefined };
  }
  const pattern = compiled(source);
  return { matches: (value) => pattern.testExact(value), words: undefined };
}

function listOfWords(words: readonly string[]): LabelPattern {
  const known = new Set(words);
  return { matches: (value) => known.has(value), words: [...known] };
}

function splitPlainPrefix(source: string): [string, string] {
  const length = /^[\w :;,=~"'#%&@!<>/-]*/.exec(source)![0].length;
  return [source.slice(0, length), source.slice(length)];
}

function compiled(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.DOTALL);
  } catch (error) {
    // The flag shows in texts that quote the expression.
    throw new Error((error as Error).message.replace('`(?s)', '`'), { cause: error });
  }
}

// The colours of a query language: one reader of tokens for all of them, which differ by their words.

import { HighlightStyle, StreamLanguage, type StringStream, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { tags } from '@lezer/highlight';
import type { Words } from './words.js';

interface State {
  /** The quote of a string that goes on in the next line. */
  quote: string | undefined;
}

export function language(words: Words): Extension {
  const fold = (word: string) => (words.ignoresCase ? word.toLowerCase() : word);
  const kinds = new Map<string, string>([
    ...words.keywords.map((word): [string, string] => [word, 'keyword']),
    ...words.constants.map((word): [string, string] => [word, 'atom']),
    ...words.functions.map((word): [string, string] => [word, 'function']),
  ]);
  return StreamLanguage.define<State>({
    startState: () => ({ quote: undefined }),
    tokenTable: { function: tags.function(tags.variableName), label: tags.propertyName, atom: tags.atom },
    languageData: { closeBrackets: { brackets: ['(', '[', '{', '"', '`', "'"] } },
    token(stream, state) {
      if (state.quote !== undefined) return readString(stream, state);
      if (stream.eatSpace()) return null;
      if (stream.match(words.lineComment)) {
        stream.skipToEnd();
        return 'comment';
      }
      const quote = stream.eat(/["'`]/);
      if (typeof quote === 'string') {
        state.quote = quote;
        return readString(stream, state);
      }
      if (stream.match(/^\d[\d_.]*(?:e[+-]?\d+)?(?:(?:ns|us|µs|ms|s|m|h|d|w|y|[kmgt]i?b)\d*)*/i)) return 'number';
      const word = stream.match(/^[\p{L}_:][\p{L}\p{N}_:]*/u);
      if (word !== null && word !== true) {
        const kind = kinds.get(fold((word as RegExpMatchArray)[0]));
        // A function is one where it is called; a label may have its name.
        if (kind === 'function') return stream.match(/^\s*(?:\(|by\b|without\b)/, false) ? 'function' : 'label';
        return kind ?? 'label';
      }
      if (stream.match(/^(?:[=!<>~&|]+|[-+*/%^])/)) return 'operator';
      stream.next();
      return 'punctuation';
    },
  });
}

function readString(stream: StringStream, state: State): string {
  for (let char = stream.next(); char !== undefined; char = stream.next()) {
    if (char === '\\' && state.quote !== '`') stream.next();
    else if (char === state.quote) {
      state.quote = undefined;
      break;
    }
  }
  return 'string';
}

export const highlighting = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.keyword, color: 'var(--code-keyword)' },
    { tag: tags.function(tags.variableName), color: 'var(--code-function)' },
    { tag: tags.string, color: 'var(--code-string)' },
    { tag: [tags.number, tags.atom], color: 'var(--code-number)' },
    { tag: tags.comment, color: 'var(--faint)', fontStyle: 'italic' },
    { tag: [tags.operator, tags.punctuation], color: 'var(--muted)' },
    { tag: tags.propertyName, color: 'var(--text)' },
  ]),
);

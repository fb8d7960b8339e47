import { modes } from '../output/result-modes.js';
import { dotCommands } from './dot-commands.js';

export interface Completion {
  readonly candidates: readonly string[];
  /** The end of the line that a candidate replaces. */
  readonly replaced: string;
}

/** One row of DuckDB's `sql_auto_complete`. */
export interface Suggestion {
  readonly text: string;
  /** Position in the SQL, in bytes. */
  readonly start: number;
}

const MAX_CANDIDATES = 20;

/** Completes a dot command's name, or the mode after `.mode`. */
export function completeDotCommand(line: string): Completion {
  const mode = /^\.mode\s+(\S*)$/.exec(line)?.[1];
  if (mode !== undefined) return { candidates: begun(Object.keys(modes), mode), replaced: mode };
  const names = Object.keys(dotCommands).map((name) => `.${name} `);
  return { candidates: begun(names, line), replaced: line };
}

function begun(words: readonly string[], typed: string): string[] {
  return words.filter((word) => word.startsWith(typed));
}

/** Completes SQL whose last line is `line` and whose earlier lines are `before`, from what DuckDB suggests for both. */
export function completeSql(before: string, line: string, suggestions: readonly Suggestion[]): Completion {
  const [first] = suggestions;
  if (first === undefined) return { candidates: [], replaced: '' };
  const tail = Buffer.from(before + line)
    .subarray(first.start)
    .toString();
  const replaced = tail.length > line.length ? line : tail;
  // DuckDB also suggests similar words (`delete` for `sel`), which would replace what was typed.
  const typed = replaced.replace(/^"/, '').toLowerCase();
  const candidates = suggestions
    .filter(({ start, text }) => start === first.start && text.replace(/^"/, '').toLowerCase().startsWith(typed))
    .map(({ text }) => text);
  return { candidates: candidates.slice(0, MAX_CANDIDATES), replaced };
}

// What `update` writes into a test file: the results that came, in place of the expectations that they do not meet.

import type { ExpectationPlace } from './test-record.js';

const SEPARATOR = '----';

/** What a record gave, as lines of its file; undefined for what the file's format cannot say. */
export type GivenLines = readonly string[] | undefined;

/** The edits of one file, collected while it runs. */
export class ExpectationUpdates {
  /** By line of the expectation; undefined for one that held. */
  readonly #edits = new Map<number, { readonly at: ExpectationPlace; readonly lines: GivenLines }>();

  /** How many expectations change. */
  get count(): number {
    return [...this.#edits.values()].filter(({ lines }) => lines !== undefined).length;
  }

  /**
   * Notes what a record gave, or undefined if its expectation held. False if an earlier round of a loop gave something
   * else, so that no text of the file would hold for both.
   */
  note(at: ExpectationPlace, lines: GivenLines): boolean {
    const earlier = this.#edits.get(at.line);
    const agrees = earlier === undefined || earlier.lines?.join('\n') === lines?.join('\n');
    this.#edits.set(at.line, { at, lines: agrees ? lines : undefined });
    return agrees;
  }

  /** The text of the file with the edits made. */
  apply(text: string): string {
    const lines = text.split('\n');
    const newline = text.includes('\r\n') ? '\r' : '';
    const last = [...this.#edits.values()].sort((left, right) => right.at.line - left.at.line);
    for (const { at, lines: given } of last) {
      if (given === undefined) continue;
      lines.splice(at.line - 1, at.lines, ...[SEPARATOR, ...given].map((line) => line + newline));
    }
    return lines.join('\n');
  }
}

/**
 * The rows of a result as lines. Lines of `expected` stay where they hold, so that patterns and names in them survive.
 * Undefined if a value has a tab or a line break, which no line can hold.
 */
export async function linesOf(
  rows: readonly (readonly string[])[],
  expected: readonly string[],
  holds: (line: string, row: readonly string[]) => Promise<boolean>,
): Promise<GivenLines> {
  const lines: string[] = [];
  for (const [index, row] of rows.entries()) {
    const line = expected.length === rows.length ? expected[index]! : undefined;
    if (line !== undefined && (await holds(line, row))) lines.push(line);
    else if (row.some((value) => /[\t\n\r]/.test(value))) return undefined;
    else lines.push(row.join('\t'));
  }
  return lines;
}

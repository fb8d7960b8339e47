// The lines of a test file, read paragraph by paragraph: an empty line ends one, and so does a comment before its
// `----`. After `----` a line that starts with # is data.

import { TestFailure } from './test-failure.js';
import type { ExpectationPlace } from './test-record.js';

const SEPARATOR = '----';

export class LineReader {
  readonly #path: string;
  readonly #lines: readonly string[];
  #next = 0;

  constructor(text: string, path: string) {
    this.#path = path;
    this.#lines = text.replaceAll('\r', '').split('\n');
  }

  /** Number of the line that was read last, counted from 1. */
  get line(): number {
    return this.#next;
  }

  /** The words of the next line that is neither empty nor a comment, or undefined at the end of the file. */
  nextDirective(): string[] | undefined {
    while (this.#next < this.#lines.length && isEmptyOrComment(this.#lines[this.#next]!)) this.#next++;
    const line = this.#lines[this.#next];
    if (line === undefined) return undefined;
    this.#next++;
    const words = line.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) throw this.failure('a line of spaces stands where a directive must; empty it');
    return words;
  }

  /** The lines up to `----`, an empty line, a comment or the end of the file. */
  textLines(): string[] {
    const lines: string[] = [];
    for (let line = this.#lines[this.#next]; line !== undefined; line = this.#lines[this.#next]) {
      if (isEmptyOrComment(line) || line === SEPARATOR) break;
      lines.push(line);
      this.#next++;
    }
    return lines;
  }

  /** The lines after `----`, up to an empty line, and where they stand; no lines if the paragraph has no `----`. */
  expectation(): { readonly lines: string[] | undefined; readonly at: ExpectationPlace } {
    const start = this.#next;
    const lines = this.expectedLines();
    return { lines, at: { line: start + 1, lines: this.#next - start } };
  }

  /** The lines after `----`, up to an empty line; undefined if the paragraph has no `----`. */
  expectedLines(): string[] | undefined {
    if (this.#lines[this.#next] !== SEPARATOR) return undefined;
    this.#next++;
    return this.#restOfParagraph();
  }

  skipParagraph(): void {
    this.#restOfParagraph();
  }

  /** A directive without a body ends its paragraph, or the lines below it would be silently lost. */
  requireParagraphEnd(directive: string): void {
    const line = this.#lines[this.#next];
    if (line !== undefined && !isEmptyOrComment(line)) {
      throw this.failure(`${directive} must be followed by an empty line, got "${line}"`);
    }
  }

  failure(summary: string, line = this.line): TestFailure {
    return new TestFailure(this.#path, line, summary);
  }

  #restOfParagraph(): string[] {
    const start = this.#next;
    while (this.#next < this.#lines.length && this.#lines[this.#next] !== '') this.#next++;
    return this.#lines.slice(start, this.#next);
  }
}

function isEmptyOrComment(line: string): boolean {
  return line === '' || line.startsWith('#');
}

/** What parts of the output look like; each gives its text back as it is where there are no colours. */
export interface Paint {
  /** What explains: types, NULL, counts, frames of errors. */
  faint(text: string): string;
  strong(text: string): string;
  failure(text: string): string;
  /** SQL's own words and values, in what is being typed. */
  keyword(text: string): string;
  literal(text: string): string;
}

const asItIs = (text: string) => text;

export const plainPaint: Paint = {
  faint: asItIs,
  strong: asItIs,
  failure: asItIs,
  keyword: asItIs,
  literal: asItIs,
};

export const terminalPaint: Paint = {
  faint: (text) => `\x1b[90m${text}\x1b[39m`,
  strong: (text) => `\x1b[1m${text}\x1b[22m`,
  failure: (text) => `\x1b[1;31m${text}\x1b[22;39m`,
  keyword: (text) => `\x1b[32m${text}\x1b[39m`,
  literal: (text) => `\x1b[33m${text}\x1b[39m`,
};

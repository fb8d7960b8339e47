import { lineAndColumn } from './position.js';

/** A query that is no TraceQL. The message is Tempo's: `parse error at line 1, col 3: syntax error: unexpected }`. */
export class ParseError extends Error {
  /** Offset in the query. */
  readonly offset: number;

  constructor(query: string, offset: number, problem: string) {
    super(`parse error ${placeIn(query, offset)}: ${problem}`);
    this.name = 'ParseError';
    this.offset = offset;
  }
}

/** An empty query has no places. */
function placeIn(query: string, offset: number): string {
  if (query === '') return '';
  const { line, column } = lineAndColumn(query, offset);
  return `at line ${line}, col ${column}`;
}

/** A query that parses, and whose types do not fit or that asks for what there is not. The message is Tempo's. */
export class CheckError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CheckError';
  }
}

import { lineAndColumn, type Position } from './position.js';

/** One thing that is wrong with a query, and where. */
export interface ParseProblem {
  readonly position: Position;
  readonly message: string;
}

/**
 * A query that Prometheus would refuse. The message is the first problem in Prometheus's form,
 * `1:5: parse error: …`; `problems` holds all of them, in the order in which they were found.
 */
export class ParseError extends Error {
  readonly problems: readonly ParseProblem[];

  constructor(query: string, problems: readonly ParseProblem[]) {
    const [first] = problems;
    super(
      first === undefined
        ? 'BUG: parse error without a problem'
        : `${lineAndColumn(query, first.position.start)}: parse error: ${first.message}`,
    );
    this.name = 'ParseError';
    this.problems = problems;
  }
}

/** Where a token begins, counted from 1 in characters. Loki does not know the line of a token of several parts, and says 0. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const NOWHERE: Place = { line: 0, column: 0 };

/** A query that Loki would refuse, in Loki's words. */
export class ParseError extends Error {
  readonly place: Place;

  constructor(message: string, place = NOWHERE) {
    const { line, column } = place;
    super(
      line === 0 && column === 0
        ? `parse error : ${message}`
        : `parse error at line ${line}, col ${column}: ${message}`,
    );
    this.name = 'ParseError';
    this.place = place;
  }
}

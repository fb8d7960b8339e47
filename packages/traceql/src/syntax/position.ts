/** Part of a query, as UTF-16 offsets: `end` is the first offset behind it. */
export interface Position {
  readonly start: number;
  readonly end: number;
}

export function spanning(first: Position, last: Position): Position {
  return { start: first.start, end: last.end };
}

/** Line and column of an offset, both counted from 1, columns in characters. */
export function lineAndColumn(query: string, offset: number): { readonly line: number; readonly column: number } {
  const before = query.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(lineStart)].length + 1 };
}

/** Part of a query, as UTF-16 offsets: `end` is the first offset behind it. */
export interface Position {
  readonly start: number;
  readonly end: number;
}

export function spanning(first: Position, last: Position): Position {
  return { start: first.start, end: last.end };
}

/** `line:column` of an offset, counted as Prometheus does: from 1, columns in bytes of UTF-8. */
export function lineAndColumn(query: string, offset: number): string {
  if (query === '') return 'unknown position';
  if (offset < 0 || offset > query.length) return 'invalid position';
  const before = query.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return `${line}:${Buffer.byteLength(before.slice(lineStart)) + 1}`;
}

/**
 * Whether a column has one of some values. DuckDB skips row groups by IN, and tests each row of the others behind the scan, when all
 * columns have been read. As a part of an expression of one column it is tested within the scan: what no row of a vector needs is not
 * read. A service's lines of 1 million took 227 ms of CPU time by IN alone, and 75 by both.
 */
export function isOneOfSql(column: string, values: readonly string[]): string {
  const isOneOf = `${column} IN (${values.join(', ')})`;
  return `${isOneOf} AND coalesce(${isOneOf}, false)`;
}

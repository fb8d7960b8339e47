// A table and a day → the rows that are older, as conditions in SQL.

import { quotedIdentifier } from '../duckdb/sql-text.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { logsTable } from '../schema/logs.js';

export const MS_PER_DAY = 86_400_000;

/** A time on the first day of Unix time was not set: spans have a zero there. Such rows stay. */
const FIRST_REAL_DAY_MS = MS_PER_DAY;

/** Column by which rows of a table age. */
export function timeOf(table: TelemetryTable): string {
  return table.columns.find(({ type }) => type === 'TIMESTAMP')!.name;
}

/** When a row arrived, as far as tables say. */
const arrivals: ReadonlyMap<TelemetryTable, string> = new Map([[logsTable, 'observed_time_unix_nano']]);

/** A moment as a literal, by which DuckDB finds the files and row groups that have it. */
export function timestampSql(unixMs: number): string {
  return `TIMESTAMP '${new Date(unixMs).toISOString().slice(0, -1).replace('T', ' ')}'`;
}

export function dayText(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 10);
}

/**
 * Conditions, each true for rows that no other is true for, in the order in which they are best asked: the first is about the
 * column that files and partitions are told apart by. `fromMs` leaves out what is older still.
 */
export function oldRowsSql(
  table: TelemetryTable,
  cutoffMs: number,
  fromMs: number = FIRST_REAL_DAY_MS,
): readonly string[] {
  const between = (column: string) =>
    `${column} >= ${timestampSql(Math.max(fromMs, FIRST_REAL_DAY_MS))} AND ${column} < ${timestampSql(cutoffMs)}`;
  const time = quotedIdentifier(timeOf(table));
  const arrival = arrivals.get(table);
  if (arrival === undefined) return [between(time)];
  const hasNoTime = `(${time} IS NULL OR ${time} < ${timestampSql(FIRST_REAL_DAY_MS)})`;
  return [between(time), `${hasNoTime} AND ${between(quotedIdentifier(arrival))}`];
}

/** The day of a row, by the same rules; NULL where it says no time. */
export function dayOfRowSql(table: TelemetryTable): string {
  const arrival = arrivals.get(table);
  const real = [timeOf(table), ...(arrival === undefined ? [] : [arrival])].map((name) => {
    const column = quotedIdentifier(name);
    return `CASE WHEN ${column} >= ${timestampSql(FIRST_REAL_DAY_MS)} THEN ${column} END`;
  });
  return `CAST(coalesce(${real.join(', ')}) AS DATE)`;
}

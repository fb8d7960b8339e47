// The table of logs as a query reads it: its rows by time, as precisely as its columns tell it.

import { nanosecondsName } from '../../schema/column-declaration.js';
import { logsTable } from '../../schema/logs.js';
import { textAt } from '../scan/block-values.js';
import type { ColumnBlock, Scanner } from '../scan/scanner.js';
import { LogTimeSql, type TimePrecision } from './time-sql.js';

/** How long a table counts as one without columns for nanoseconds, since it was looked at. */
const LOOK_AGAIN_MS = 1000;
/** Sets of tables that a thread remembers the precision of. */
const MAX_KNOWN = 1000;
/** By whose tables, and where: those with the columns, and until when others count as being without. */
const known = new Map<string, { readonly precision: TimePrecision; readonly untilMs: number }>();

const logTimes = ['time_unix_nano', 'observed_time_unix_nano'];

export class LogTable {
  readonly times: LogTimeSql;
  readonly #scanner: Scanner;
  readonly #precision: TimePrecision;

  constructor(scanner: Scanner, precision: TimePrecision) {
    this.#scanner = scanner;
    this.#precision = precision;
    this.times = new LogTimeSql(precision);
  }

  /** `key` tells the table from others. */
  static async open(scanner: Scanner, key: string, signal: AbortSignal): Promise<LogTable> {
    const now = performance.now();
    const last = known.get(key);
    if (last !== undefined && now < last.untilMs) return new LogTable(scanner, last.precision);
    const precision = await precisionOf(scanner, signal);
    if (known.size >= MAX_KNOWN) known.clear();
    // Columns come, when a server that keeps nanoseconds begins to write; none goes.
    known.set(key, { precision, untilMs: precision === 'nanoseconds' ? Infinity : now + LOOK_AGAIN_MS });
    return new LogTable(scanner, precision);
  }

  scan(sql: string, signal: AbortSignal): AsyncIterable<ColumnBlock> {
    return this.#scanner.scan({ sql }, signal);
  }

  /** Any rows, for `scanNew`: no server may run whose rows have all columns that the table has. */
  get newRows(): string {
    const rests = logTimes.map((time) => `NULL::INTEGER AS ${nanosecondsName(time)}`).join(', ');
    return this.#precision === 'microseconds'
      ? `{{${logsTable.name}}}`
      : `(SELECT ${rests} WHERE false UNION ALL BY NAME SELECT * FROM {{${logsTable.name}}})`;
  }

  /** Rows in memory that have come since the last scan of this reader. */
  scanNew(sql: string, reader: string, signal: AbortSignal): AsyncIterable<ColumnBlock> {
    return this.#scanner.scan({ sql, reader }, signal);
  }
}

async function precisionOf(scanner: Scanner, signal: AbortSignal): Promise<TimePrecision> {
  const names = new Set<string>();
  const sql = `SELECT column_name FROM (DESCRIBE SELECT * FROM {{${logsTable.name}}})`;
  for await (const { rowCount, columns } of scanner.scan({ sql }, signal)) {
    for (let row = 0; row < rowCount; row++) names.add(textAt(columns[0]!, row)!);
  }
  return logTimes.every((time) => names.has(nanosecondsName(time))) ? 'nanoseconds' : 'microseconds';
}

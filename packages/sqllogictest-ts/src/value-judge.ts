// Comparisons that only DuckDB answers as DuckDB's own runner does: RE2 patterns, and numbers written differently.

import type { DuckDBValue } from '@duckdb/node-api';
import type { ScratchDatabase } from './scratch-database.js';

/** Floating-point values may differ by this share of the result, and by a trifle around zero, as in DuckDB's runner. */
const APPROXIMATELY_EQUAL = 'abs(e - g) <= abs(g) * 0.01 + 1e-8';

export class ValueJudge {
  readonly #scratch: ScratchDatabase;

  constructor(scratch: ScratchDatabase) {
    this.#scratch = scratch;
  }

  /** Whether RE2 matches the whole text, `.` matching newlines too. Rejects if the pattern is malformed. */
  async isFullMatch(text: string, pattern: string): Promise<boolean> {
    const sql = "SELECT regexp_full_match($1::VARCHAR, $2::VARCHAR, 's')";
    return (await this.#answer(sql, [text, pattern])) === true;
  }

  /** Whether both texts are the same value of a numeric type; floating-point types allow DuckDB's tolerance. */
  async isSameNumber(expected: string, got: string, type: string, isFloatingPoint: boolean): Promise<boolean> {
    const finite = 'isfinite(e) AND isfinite(g)';
    const equal = isFloatingPoint
      ? `CASE WHEN isnan(e) AND isnan(g) THEN true WHEN ${finite} THEN ${APPROXIMATELY_EQUAL} ELSE e = g END`
      : 'e = g';
    const sql = `SELECT ${equal} FROM (SELECT TRY_CAST($1::VARCHAR AS ${type}) AS e, TRY_CAST($2::VARCHAR AS ${type}) AS g)`;
    return (await this.#answer(sql, [expected, got])) === true;
  }

  /** The values of a file with a header and `|` between columns, row by row, as expected values. */
  async readExpectedFile(path: string, columnNames: readonly string[]): Promise<string[]> {
    const columns = columnNames.map((name) => `'${name.replaceAll("'", "''")}': 'VARCHAR'`).join(', ');
    const sql = `FROM read_csv($1, header = true, sep = '|', auto_detect = false, columns = {${columns}})`;
    const reader = await this.#scratch.use((connection) => connection.runAndReadAll(sql, [path]));
    return reader
      .getRows()
      .flat()
      .map((value) => (value === null ? 'NULL' : String(value)));
  }

  async #answer(sql: string, values: string[]): Promise<DuckDBValue> {
    const reader = await this.#scratch.use((connection) => connection.runAndReadAll(sql, values));
    return reader.getRows()[0]![0]!;
  }
}

import { SqlError } from '../base/sql-error.js';
import type { QueryParameter } from '../duckdb/query-function.js';

/** A parameter that is a whole number, which a query function gets as its text. */
export function wholeNumberParameter(name: string, defaultSql: string, doc: string): QueryParameter {
  return { name, sqlType: 'VARCHAR', defaultSql, defaultText: defaultSql, doc };
}

/** Throws naming the function, the parameter, the rule and the value. */
export function wholeNumber(
  caller: string,
  name: string,
  given: string | null | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = given !== null && given !== undefined && /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new SqlError(
    'OTLP_ARGUMENT_INVALID',
    `${name} of ${caller}() must be a whole number from ${min} to ${max}, got ${given === null || given === undefined ? 'NULL' : `'${given}'`}`,
  );
}

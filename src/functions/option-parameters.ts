// Options that are declared once → parameters of functions over query engines, whose arguments are texts.

import type { QueryParameter } from '../duckdb/query-function.js';
import { type GivenValue, type Options, type OptionValues, readOptions } from '../schema/option-declaration.js';

export function optionParameters(options: Options): readonly QueryParameter[] {
  return Object.entries(options).map(([name, { sqlType, defaultText, doc }]) => ({
    name,
    sqlType,
    doc,
    defaultSql: 'NULL',
    defaultText,
    // HUGEINT holds what a UBIGINT can, and the negatives that the option refuses.
    ...(sqlType === 'VARCHAR'
      ? {}
      : { readSql: (given) => `CAST(CAST(${given} AS ${sqlType === 'BOOLEAN' ? sqlType : 'HUGEINT'}) AS VARCHAR)` }),
  }));
}

export function readOptionTexts<O extends Options>(
  options: O,
  given: Readonly<Record<string, string | null>>,
): OptionValues<O> {
  const typed = Object.entries(options).map(([name, { sqlType }]) => [name, typedValue(given[name] ?? null, sqlType)]);
  return readOptions(options, Object.fromEntries(typed));
}

function typedValue(text: string | null, sqlType: Options[string]['sqlType']): GivenValue {
  if (text === null || sqlType === 'VARCHAR') return text;
  return sqlType === 'BOOLEAN' ? text === 'true' : BigInt(text);
}

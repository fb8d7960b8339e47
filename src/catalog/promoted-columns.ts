// Attributes that have columns of their own, beside the JSON that keeps all of them.

import { SqlError } from '../base/sql-error.js';
import { quotedString } from '../duckdb/sql-text.js';
import { columnsKnown, type TelemetryTable } from '../schema/column-declaration.js';
import type { ServeOptions } from '../schema/serve-options.js';

export interface PromotedColumn {
  readonly attribute: string;
  /** Name of the column: the attribute's, with `_` for what an SQL name would have to be quoted for. */
  readonly name: string;
  /** SQL of the value over the columns of a row. */
  readonly sql: string;
}

/** More columns than this make every table slow to plan and every file's footer long. */
const MAX_PROMOTED_COLUMNS = 64;

/** Reads the two options. Throws where a column's name is taken. */
export function promotedColumns(options: ServeOptions, tables: readonly TelemetryTable[]): PromotedColumn[] {
  const promoted = [
    ...keys(options.promote_resource_attributes).map((key) => promotedColumn(key, 'resource_attributes')),
    ...keys(options.promote_scope_attributes).map((key) => promotedColumn(key, 'scope_attributes')),
  ];
  if (promoted.length > MAX_PROMOTED_COLUMNS) {
    throw new SqlError(
      'OTLP_ARGUMENT_INVALID',
      `at most ${MAX_PROMOTED_COLUMNS} attributes can be promoted, got ${promoted.length}`,
    );
  }
  const taken = new Set<string>();
  for (const { attribute, name } of promoted) {
    const owner = tables.find((table) => columnsKnown(table).some((column) => column.name === name));
    if (owner !== undefined) {
      throw new SqlError(
        'OTLP_ARGUMENT_INVALID',
        `cannot promote attribute ${attribute}: ${owner.name} has a column ${name} already`,
      );
    }
    if (taken.has(name))
      throw new SqlError(
        'OTLP_ARGUMENT_INVALID',
        `cannot promote attribute ${attribute}: column ${name} is promoted twice`,
      );
    taken.add(name);
  }
  return promoted;
}

function keys(list: string | null): string[] {
  return (list ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

function promotedColumn(attribute: string, column: string): PromotedColumn {
  // A JSON pointer (RFC 6901), in which "/" and "~" of a key are escaped.
  const pointer = `/${attribute.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return {
    attribute,
    name: attribute.replaceAll(/\W/g, '_').toLowerCase(),
    sql: `json_extract_string(${column}, ${quotedString(pointer)})`,
  };
}

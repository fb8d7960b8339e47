import { SqlError } from '../base/sql-error.js';
import type { QueryParameter } from '../duckdb/query-function.js';

export const serviceParameter: QueryParameter = {
  name: 'service',
  sqlType: 'VARCHAR',
  doc: 'Resource attribute `service.name`.',
};

/** Throws where there is none. */
export function serviceText(caller: string, given: string | null | undefined): string {
  if (given !== null && given !== undefined && given !== '') return given;
  throw new SqlError(
    'OTLP_ARGUMENT_INVALID',
    `service of ${caller}() must be the name of a service, got ${given === '' ? "''" : 'NULL'}`,
  );
}

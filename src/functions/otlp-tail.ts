import { SqlError } from '../base/sql-error.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { kindParameter, listenUriColumn, tableOfKind } from './otlp-buffer.js';

/** `otlp_tail(kind, reader)`: rows of a kind that any server accepted since the last call with this `reader`; none at the first call. */
export function otlpTail(registry: ServerRegistry): QueryFunction {
  const name = 'otlp_tail';
  return {
    name,
    parameters: [kindParameter, { name: 'reader', sqlType: 'VARCHAR', doc: 'Name of the cursor.' }],
    addedColumn: listenUriColumn,
    sql: (_caller, { kind, reader }) => registry.live.newSql(tableOfKind(name, kind!), readerName(name, reader!)),
  };
}

function readerName(caller: string, reader: string | null): string {
  if (reader === null) throw new SqlError('OTLP_ARGUMENT_INVALID', `reader of ${caller}() must be a text, got NULL`);
  return reader;
}

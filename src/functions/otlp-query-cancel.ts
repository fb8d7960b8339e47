import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { column, type ResultColumn } from '../schema/result-column.js';

interface Canceled {
  readonly status: string;
}

const columns = [
  column('status', 'VARCHAR', '`Canceled query <id>`, or `No query found with id <id>`.', (row) => row.status),
] as const satisfies readonly ResultColumn<Canceled>[];

/** `otlp_query_cancel(id)`: ends a query of `otlp_query_list()`, whose client gets an error, and returns one row. */
export function otlpQueryCancel(runner: QueryRunner): PendingFunction {
  return {
    name: 'otlp_query_cancel',
    parameters: [{ name: 'id', sqlType: 'UBIGINT', defaultText: 'required', doc: 'Number of the query.' }],
    columns,
    run: async (_caller, { id }) => {
      const isFound = runner.cancel(Number(id), 'by otlp_query_cancel');
      return resultRows(columns, [{ status: isFound ? `Canceled query ${id}` : `No query found with id ${id}` }]);
    },
  };
}

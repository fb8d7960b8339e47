// A table function without arguments whose rows are at hand: DuckDB calls back, and gets a snapshot.

import type { DuckDBConnection } from '@duckdb/node-api';
import type { ResultColumn } from '../schema/result-column.js';
import { DuckDBTableFunction } from './node-api.js';
import { declareColumns, type RowValues, resultRows, writeRows } from './result-rows.js';

export interface ListFunction<Row> {
  readonly name: string;
  readonly columns: readonly ResultColumn<Row>[];
  rows(): readonly Row[];
}

export function registerListFunction<Row>(connection: DuckDBConnection, list: ListFunction<Row>): void {
  connection.registerTableFunction(
    DuckDBTableFunction.create({
      name: list.name,
      bindFunction: (info) => {
        declareColumns(info, list.columns);
      },
      initFunction: (info) => {
        info.setInitData({ rows: resultRows(list.columns, list.rows()), next: 0 });
      },
      mainFunction: (info, output) => {
        const scan = info.initData as { rows: RowValues; next: number };
        scan.next += writeRows(output, list.columns, scan.rows, { firstRow: scan.next, firstColumn: 0 });
      },
    }),
  );
}

// A scalar function from one text to a struct. NULL in, NULL out.

import type { DuckDBConnection } from '@duckdb/node-api';
import type { ResultType, ScalarValue } from '../schema/result-column.js';
import { duckdbType } from './duckdb-type.js';
import { DuckDBScalarFunction, STRUCT, structValue, VARCHAR } from './node-api.js';

export interface StructFunction {
  readonly name: string;
  readonly fields: Readonly<Record<string, ResultType>>;
  /** The fields' values. A throw becomes the query's error. */
  value(text: string): Readonly<Record<string, ScalarValue>>;
}

export function registerStructFunction(connection: DuckDBConnection, declared: StructFunction): void {
  const types = Object.entries(declared.fields).map(([name, type]) => [name, duckdbType(type)] as const);
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: declared.name,
      parameterTypes: [VARCHAR],
      returnType: STRUCT(Object.fromEntries(types)),
      mainFunction: (_info, input, output) => {
        const texts = input.getColumnVector(0);
        for (let row = 0; row < input.rowCount; row++) {
          const text = texts.getItem(row) as string | null;
          output.setItem(row, text === null ? null : structValue(declared.value(text)));
        }
        output.flush();
      },
    }),
  );
}

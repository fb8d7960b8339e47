// A scalar function from one text to another, for parts of a macro that SQL would take too long for. NULL in, NULL out.

import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDBScalarFunction, VARCHAR } from './node-api.js';

export interface TextFunction {
  readonly name: string;
  /** A throw becomes the query's error. */
  value(text: string): string;
}

export function registerTextFunction(connection: DuckDBConnection, declared: TextFunction): void {
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: declared.name,
      parameterTypes: [VARCHAR],
      returnType: VARCHAR,
      mainFunction: (_info, input, output) => {
        const texts = input.getColumnVector(0);
        for (let row = 0; row < input.rowCount; row++) {
          const text = texts.getItem(row) as string | null;
          output.setItem(row, text === null ? null : declared.value(text));
        }
        output.flush();
      },
    }),
  );
}

// SQL over a table of an instance → blocks of columns, in the test's own thread: what engines read, without servers.

import type { DuckDBConnection } from '@duckdb/node-api';
import type { BlockColumn, ColumnBlock, Scanner, ScanRequest } from '../../src/query/scan/scanner.js';

export class TableScanner implements Scanner {
  readonly statements: string[] = [];
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  async *scan({ sql, parameters = [] }: ScanRequest, signal: AbortSignal): AsyncGenerator<ColumnBlock> {
    signal.throwIfAborted();
    const text = sql.replaceAll(/\{\{(\w+)\}\}/g, '$1');
    this.statements.push(text);
    const result = await this.#connection.runAndReadAll(text, [...parameters]);
    const rows = result.getRows();
    const columns = result.columnTypes().map((type, i) =>
      blockColumn(
        type.toString(),
        rows.map((row) => row[i]),
      ),
    );
    yield { rowCount: rows.length, columns };
  }
}

function blockColumn(type: string, values: readonly unknown[]): BlockColumn {
  const valid = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
  if (type === 'VARCHAR' || type === 'BLOB') {
    const texts = values.map((value) => Buffer.from((value as string | null) ?? ''));
    const offsets = new Uint32Array(values.length + 1);
    texts.forEach((text, i) => {
      offsets[i + 1] = offsets[i]! + text.length;
    });
    return { kind: 'text', offsets, bytes: new Uint8Array(Buffer.concat(texts)), valid };
  }
  if (type === 'BIGINT' || type === 'UBIGINT') {
    return { kind: 'bigint', values: BigInt64Array.from(values, (value) => (value as bigint | null) ?? 0n), valid };
  }
  return { kind: 'double', values: Float64Array.from(values, (value) => Number(value ?? 0)), valid };
}

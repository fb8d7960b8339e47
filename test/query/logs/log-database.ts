// An instance with an empty otlp_logs, and the scanner that engines get.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { createTables } from '../../../src/catalog/tables.js';
import { Database } from '../../../src/duckdb/database.js';
import { LiveRows } from '../../../src/live/live-rows.js';
import type { Scanner } from '../../../src/query/scan/scanner.js';
import { SqlScans } from '../../../src/query/scan/sql-scanner.js';
import { StatementSlots } from '../../../src/query/scan/statement-slots.js';
import { logsTable } from '../../../src/schema/logs.js';
import { soleTenant } from '../../../src/server/identity/principal.js';

export interface LogDatabase {
  readonly connection: DuckDBConnection;
  readonly scanner: Scanner;
  /** The table holds these rows and no others. Columns that a row lacks are NULL. */
  hold(rows: readonly Readonly<Record<string, string | number | null>>[]): Promise<void>;
  close(): Promise<void>;
}

export async function openLogDatabase(): Promise<LogDatabase> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const database = await Database.open(instance);
  const connection = await instance.connect();
  const home = { catalog: 'memory', schema: 'main' };
  await createTables(connection, home, [logsTable]);
  const scans = new SqlScans(database, new LiveRows(), new StatementSlots(2));
  return {
    connection,
    scanner: scans.scanner({ home, principal: soleTenant }),
    hold: async (rows) => {
      await connection.run('DELETE FROM otlp_logs');
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      const values = rows.map((row) => `(${columns.map((column) => valueSql(row[column] ?? null)).join(', ')})`);
      if (values.length > 0)
        await connection.run(`INSERT INTO otlp_logs (${columns.join(', ')}) VALUES ${values.join(', ')}`);
    },
    close: async () => {
      await scans.close();
      await database.close();
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function valueSql(value: string | number | null): string {
  if (value === null) return 'NULL';
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

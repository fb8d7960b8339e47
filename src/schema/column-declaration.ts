// The kit with which telemetry tables are declared: DDL, decoders, scans, views and docs all read these declarations.

export const signals = ['logs', 'traces', 'metrics'] as const;
export type Signal = (typeof signals)[number];

/** DuckDB types of telemetry columns. A TIMESTAMP waits in the buffer as nanoseconds and is stored in microseconds. */
export type TelemetryType =
  | 'TIMESTAMP'
  | 'VARCHAR'
  | 'INTEGER'
  | 'BIGINT'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'BIGINT[]'
  | 'DOUBLE[]';

export interface TelemetryColumn {
  readonly name: string;
  readonly type: TelemetryType;
  /** What a row holds that its sender said nothing about: NULL, or the type's zero (0, false, an empty list). */
  readonly absent: 'NULL' | 'zero';
  readonly doc: string;
  /** Whether few of its texts are in many rows, so that they are best stored as a dictionary. */
  readonly repeats?: true;
}

/** How much of what was sent rows keep: what the tables' columns hold, or that and the table's `exactColumns`. */
export const fidelities = ['standard', 'exact'] as const;
export type Fidelity = (typeof fidelities)[number];

/** A column that only `fidelity := 'exact'` keeps, and that is appended to those that a table has. */
export interface ExactColumn extends TelemetryColumn {
  /** The TIMESTAMP whose nanoseconds below a microsecond these are. Nobody decodes them: they are what freezing cuts off. */
  readonly restOf?: string;
}

/** Where a request says whose telemetry it is; `none`: there are no tenants. */
export const tenantModes = ['none', 'header', 'token'] as const;
export type TenantMode = (typeof tenantModes)[number];

/** What the tables of a server hold beyond the columns that every table has. */
export interface RowContents {
  readonly fidelity: Fidelity;
  readonly tenants: TenantMode;
}

export interface TelemetryTable {
  readonly name: string;
  readonly signal: Signal;
  readonly doc: string;
  readonly columns: readonly TelemetryColumn[];
  readonly exactColumns: readonly ExactColumn[];
  /** Rows of a row group in Parquet, where fewer than usual pay: whoever reads one row of a group reads its columns whole. */
  readonly rowGroupRows?: number;
}

/** The columns of a table that rows of a fidelity have, in the order in which scans give them. */
export function columnsKept({ columns, exactColumns }: TelemetryTable, fidelity: Fidelity): readonly ExactColumn[] {
  return fidelity === 'exact' ? [...columns, ...exactColumns] : columns;
}

/** The columns that tables are filled with, in the order in which scans give them. */
export function columnsStored(table: TelemetryTable, { fidelity, tenants }: RowContents): readonly ExactColumn[] {
  const kept = columnsKept(table, fidelity);
  return tenants === 'none' ? kept : [...kept, tenantColumn];
}

/** Every column that a table may have. */
export function columnsKnown(table: TelemetryTable): readonly ExactColumn[] {
  return [...columnsKept(table, 'exact'), tenantColumn];
}

export const nullable = (name: string, type: TelemetryType, doc: string): TelemetryColumn => ({
  name,
  type,
  absent: 'NULL',
  doc,
});

export const zeroed = (name: string, type: TelemetryType, doc: string): TelemetryColumn => ({
  name,
  type,
  absent: 'zero',
  doc,
});

export const repeated = (column: TelemetryColumn): TelemetryColumn => ({ ...column, repeats: true });

/** Nobody decodes it, and no row holds it: requests say it once for all of their rows. */
export const tenantColumn: TelemetryColumn = repeated(
  nullable('tenant_id', 'VARCHAR', 'Tenant that sent the row. NULL in rows of servers without tenants.'),
);

export const nanosecondsOf = (time: string, doc: string): ExactColumn => ({
  ...nullable(nanosecondsName(time), 'INTEGER', doc),
  restOf: time,
});

/** Name of the column that holds what a time in microseconds leaves out. */
export function nanosecondsName(time: string): string {
  return `${time}_rest`;
}

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
}

export interface TelemetryTable {
  readonly name: string;
  readonly signal: Signal;
  readonly doc: string;
  readonly columns: readonly TelemetryColumn[];
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

// What the readers of OTLP and of OTAP files have in common: for each kind of row a function, with the columns of the
// table that a server would put these rows into.

import { SqlError } from '../base/sql-error.js';
import type { WantedColumns } from '../buffer/signal-rows.js';
import type { RowChunk, ScanArguments, ScanColumn, ScanFunction } from '../duckdb/scan-function.js';
import { writeSameText, writeVector } from '../duckdb/vector-writer.js';
import { FileScan, type FileScanParts, type ScannedRows } from '../files/file-scan.js';
import type { FileFormat } from '../files/read-task.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import type { GivenValue, Options } from '../schema/option-declaration.js';
import { tablesBySignal, telemetryTables } from '../schema/tables.js';

const METRIC_TYPE = 'metric_type';
const FILENAME = 'filename';

/** What is read from files of one protocol, and how. */
interface FileProtocol {
  readonly prefix: string;
  readonly options: Options;
  read(given: Readonly<Record<string, GivenValue>>): {
    readonly format: FileFormat | undefined;
    readonly filename: boolean;
    readonly ignoreErrors: boolean;
  };
  errorPrefix(path: string): string;
}

/** The kinds of rows that there is a function for: each table, and all metrics together. */
export const readableRows: readonly { readonly name: string; readonly tables: readonly TelemetryTable[] }[] = [
  ...telemetryTables.map((table) => ({ name: kindOf(table), tables: [table] })),
  { name: 'metrics', tables: tablesBySignal.metrics },
];

export function fileReaders(parts: FileScanParts, protocol: FileProtocol): readonly ScanFunction[] {
  return readableRows.map(({ name, tables }) => fileReader(`${protocol.prefix}_${name}`, tables, parts, protocol));
}

function fileReader(
  name: string,
  tables: readonly TelemetryTable[],
  parts: FileScanParts,
  protocol: FileProtocol,
): ScanFunction {
  const columns = tables.length === 1 ? columnsOf(tables[0]!) : unionColumns(tables);
  return {
    name,
    parameters: [
      { name: 'path', sqlType: 'ANY' },
      ...Object.entries(protocol.options).map(([option, { sqlType }]) => ({
        name: option,
        sqlType,
        defaultSql: 'NULL',
      })),
    ],
    columns(given) {
      patternsOf(given);
      const { filename } = protocol.read(given as Record<string, GivenValue>);
      return filename ? [...columns, { name: FILENAME, type: 'VARCHAR' }] : columns;
    },
    open(given, wanted) {
      const { format, ignoreErrors } = protocol.read(given as Record<string, GivenValue>);
      const scan = new FileScan(
        {
          functionName: name,
          patterns: patternsOf(given),
          plan: { signal: tables[0]!.signal, format, columns: wantedColumns(tables, wanted), ignoreErrors },
          errorPrefix: protocol.errorPrefix,
        },
        parts,
      );
      return {
        start: (counted) => scan.start(counted),
        next() {
          const rows = scan.next();
          return typeof rows === 'string' ? rows : chunkOf(rows, wanted);
        },
      };
    },
  };
}

function chunkOf({ path, rows, firstRow, count }: ScannedRows, wanted: readonly ScanColumn[]): RowChunk {
  return {
    rows: count,
    write(column, vector) {
      const { name } = wanted[column]!;
      if (name === FILENAME) writeSameText(vector, path);
      else if (name === METRIC_TYPE) writeSameText(vector, metricTypes.get(rows.table)!);
      else writeVector(vector, rows, name, firstRow, count);
    },
  };
}

function patternsOf({ path }: ScanArguments): readonly string[] {
  const patterns = Array.isArray(path) ? path : [path];
  if (patterns.length === 0)
    throw new SqlError('OTLP_ARGUMENT_INVALID', 'path must name at least one file, got an empty list');
  for (const pattern of patterns) {
    if (typeof pattern !== 'string')
      throw new SqlError('OTLP_ARGUMENT_INVALID', `path must be a text or a list of texts, got ${pattern ?? 'none'}`);
  }
  return patterns as readonly string[];
}

function wantedColumns(tables: readonly TelemetryTable[], wanted: readonly ScanColumn[]): WantedColumns {
  const names = new Set(wanted.map(({ name }) => name));
  return Object.fromEntries(
    tables.map((table) => [table.name, table.columns.map((column) => column.name).filter((name) => names.has(name))]),
  );
}

/** The columns of a table, with times as they were sent: in nanoseconds. */
function columnsOf({ columns }: TelemetryTable): readonly ScanColumn[] {
  return columns.map(({ name, type }) => ({ name, type: type === 'TIMESTAMP' ? 'TIMESTAMP_NS' : type }));
}

/** The columns that all tables have, then the kind of row, then what only some have. */
function unionColumns(tables: readonly TelemetryTable[]): readonly ScanColumn[] {
  const byName = new Map(tables.flatMap(columnsOf).map((column) => [column.name, column]));
  const isCommon = ({ name }: ScanColumn) => tables.every(({ columns }) => columns.some((c) => c.name === name));
  const all = [...byName.values()];
  return [
    ...all.filter(isCommon),
    { name: METRIC_TYPE, type: 'VARCHAR' },
    ...all.filter((column) => !isCommon(column)),
  ];
}

function kindOf({ name }: TelemetryTable): string {
  return name.replace(/^otlp_/, '');
}

const metricTypes: ReadonlyMap<string, string> = new Map(
  tablesBySignal.metrics.map((table) => [table.name, metricTypeOf(table)]),
);

/** The kind of a metric as OTLP calls it. */
function metricTypeOf(table: TelemetryTable): string {
  return kindOf(table)
    .replace(/^metrics_/, '')
    .replace(/^exp_/, 'exponential_');
}

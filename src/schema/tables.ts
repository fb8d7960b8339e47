import type { Signal, TelemetryTable } from './column-declaration.js';
import { logsTable } from './logs.js';
import { expHistogramTable, gaugeTable, histogramTable, summaryTable, sumTable } from './metrics.js';
import { tracesTable } from './traces.js';

/** The tables that each signal fills, in the order in which they are committed and listed. */
export const tablesBySignal: Readonly<Record<Signal, readonly TelemetryTable[]>> = {
  logs: [logsTable],
  traces: [tracesTable],
  metrics: [gaugeTable, sumTable, histogramTable, expHistogramTable, summaryTable],
};

export const telemetryTables: readonly TelemetryTable[] = Object.values(tablesBySignal).flat();

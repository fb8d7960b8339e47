import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { rowsOfTenant } from '../query/scan/relations.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { logsTable } from '../schema/logs.js';
import { expHistogramTable, gaugeTable, histogramTable, summaryTable, sumTable } from '../schema/metrics.js';
import { tracesTable } from '../schema/traces.js';
import { homeOf, homeParameters, tenantOf } from './home-parameters.js';

/** `otlp_live_logs([catalog := …], [schema := …], [tenant := …])`: the rows of `otlp_logs` together with its uncommitted rows, each row once. */
export const otlpLiveLogs = (registry: ServerRegistry) => liveFunction(registry, logsTable);

/** `otlp_live_traces([catalog := …], [schema := …], [tenant := …])`: the same for `otlp_traces`. */
export const otlpLiveTraces = (registry: ServerRegistry) => liveFunction(registry, tracesTable);

/** `otlp_live_metrics_gauge([catalog := …], [schema := …], [tenant := …])`: the same for `otlp_metrics_gauge`. */
export const otlpLiveMetricsGauge = (registry: ServerRegistry) => liveFunction(registry, gaugeTable);

/** `otlp_live_metrics_sum([catalog := …], [schema := …], [tenant := …])`: the same for `otlp_metrics_sum`. */
export const otlpLiveMetricsSum = (registry: ServerRegistry) => liveFunction(registry, sumTable);

/** `otlp_live_metrics_histogram([catalog := …], [schema := …], [tenant := …])`: the same for `otlp_metrics_histogram`. */
export const otlpLiveMetricsHistogram = (registry: ServerRegistry) => liveFunction(registry, histogramTable);

/** `otlp_live_metrics_exp_histogram([catalog := …], [schema := …], [tenant := …])`: the same for `otlp_metrics_exp_histogram`. */
export const otlpLiveMetricsExpHistogram = (registry: ServerRegistry) => liveFunction(registry, expHistogramTable);

/** `otlp_live_metrics_summary([catalog := …], [schema := …], [tenant := …])`: the same for `otlp_metrics_summary`. */
export const otlpLiveMetricsSummary = (registry: ServerRegistry) => liveFunction(registry, summaryTable);

/** What the functions have in common: all but the table. */
function liveFunction(registry: ServerRegistry, table: TelemetryTable): QueryFunction {
  const name = table.name.replace(/^otlp_/, 'otlp_live_');
  return {
    name,
    parameters: homeParameters,
    sql: (caller, given) =>
      rowsOfTenant(registry.live.liveSql(name, table, caller, homeOf(caller, given)), tenantOf(name, given)),
  };
}

// Instance, ServerRegistry → the functions of SQL, on every connection there is.

import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';
import type { QueryServers } from '../control/query-servers.js';
import type { ServerRegistry } from '../control/server-registry.js';
import { explainErrors } from '../duckdb/argument-errors.js';
import type { Database } from '../duckdb/database.js';
import { registerListFunction } from '../duckdb/list-function.js';
import { PendingCalls } from '../duckdb/pending-calls.js';
import { macroSql, type PendingFunction, registerPendingFunction } from '../duckdb/pending-function.js';
import { type QueryFunction, queryMacroSql, registerQueryFunction } from '../duckdb/query-function.js';
import { registerRowScan } from '../duckdb/row-scan.js';
import { registerScanFunction, type ScanFunction, scanMacroSql } from '../duckdb/scan-function.js';
import { qualifiedName, quotedIdentifier } from '../duckdb/sql-text.js';
import { registerStreamFunction, type StreamFunction, streamMacroSql } from '../duckdb/stream-function.js';
import { registerStructFunction } from '../duckdb/struct-function.js';
import { registerTextFunction } from '../duckdb/text-function.js';
import type { FileScanParts } from '../files/file-scan.js';
import { criticalPathFunction } from './critical-path-function.js';
import { logql } from './logql.js';
import { logqlPlan } from './logql-plan.js';
import { logqlRange } from './logql-range.js';
import { otapServe } from './otap-serve.js';
import { otlpAnomalies } from './otlp-anomalies.js';
import { otlpBuffer } from './otlp-buffer.js';
import { otlpDeadLetterList } from './otlp-dead-letter-list.js';
import { otlpErrors } from './otlp-errors.js';
import { otlpFlush } from './otlp-flush.js';
import { otlpHealth } from './otlp-health.js';
import { otlpImpact } from './otlp-impact.js';
import {
  otlpLiveLogs,
  otlpLiveMetricsExpHistogram,
  otlpLiveMetricsGauge,
  otlpLiveMetricsHistogram,
  otlpLiveMetricsSum,
  otlpLiveMetricsSummary,
  otlpLiveTraces,
} from './otlp-live.js';
import { otlpMaintain } from './otlp-maintain.js';
import { otlpMetrics } from './otlp-metrics.js';
import { otlpPartitionList } from './otlp-partition-list.js';
import { otlpPause } from './otlp-pause.js';
import { otlpQueryCancel } from './otlp-query-cancel.js';
import { otlpQueryList } from './otlp-query-list.js';
import { otlpQueryServe } from './otlp-query-serve.js';
import { otlpQueryServerList } from './otlp-query-server-list.js';
import { otlpReadErrorList } from './otlp-read-error-list.js';
import { otlpReplay } from './otlp-replay.js';
import { otlpResume } from './otlp-resume.js';
import { otlpRetention } from './otlp-retention.js';
import { otlpRootCause } from './otlp-root-cause.js';
import { otlpSealList } from './otlp-seal-list.js';
import { otlpSearchLogs } from './otlp-search-logs.js';
import { otlpServe } from './otlp-serve.js';
import { otlpServerList } from './otlp-server-list.js';
import { otlpServiceHealth } from './otlp-service-health.js';
import { otlpServiceMap } from './otlp-service-map.js';
import { otlpServices } from './otlp-services.js';
import { otlpSlow } from './otlp-slow.js';
import { otlpStop } from './otlp-stop.js';
import { otlpTail } from './otlp-tail.js';
import { otlpTlsReload } from './otlp-tls-reload.js';
import { otlpTokenReload } from './otlp-token-reload.js';
import { otlpTrace } from './otlp-trace.js';
import { otlpUriParser } from './otlp-uri-parser.js';
import { promql } from './promql.js';
import { promqlPlan } from './promql-plan.js';
import { promqlRange } from './promql-range.js';
import { readOtap } from './read-otap.js';
import { readOtlp } from './read-otlp.js';
import { traceql } from './traceql.js';
import { traceqlPlan } from './traceql-plan.js';
import { traceqlRange } from './traceql-range.js';

/** Calls of query functions wait for other queries, too, and for long: flushes and stops must have their turn meanwhile. */
const QUERY_PART = 0.6;

/** Catalog in which connections that nobody registered find what are macros. */
const PUBLIC_CATALOG = 'otelduck';

export class SqlFunctions {
  readonly #lifecycle: readonly PendingFunction[];
  readonly #scans: readonly ScanFunction[];
  readonly #files: FileScanParts;
  readonly #queryServers: QueryServers;
  readonly #queries: readonly QueryFunction[];
  readonly #streams: readonly StreamFunction[];

  constructor(registry: ServerRegistry, files: FileScanParts, queries: QueryServers) {
    const { runner } = queries;
    this.#queryServers = queries;
    this.#files = files;
    this.#lifecycle = [
      otlpServe(registry),
      otapServe(registry),
      otlpFlush(registry),
      otlpReplay(registry),
      otlpStop(registry, queries),
      otlpQueryServe(queries),
      otlpQueryCancel(runner),
      otlpTlsReload(registry, queries),
      otlpTokenReload(registry, queries),
      otlpRetention(registry),
      otlpPartitionList(registry),
      otlpPause(registry),
      otlpResume(registry),
      otlpMaintain(registry),
    ];
    this.#scans = [...readOtlp(files), ...readOtap(files)];
    this.#streams = [
      promql(runner),
      promqlRange(runner),
      promqlPlan(runner),
      logql(runner),
      logqlRange(runner),
      logqlPlan(runner),
      traceql(runner),
      traceqlRange(runner),
      traceqlPlan(runner),
    ];
    this.#queries = [
      otlpLiveLogs(registry),
      otlpLiveTraces(registry),
      otlpLiveMetricsGauge(registry),
      otlpLiveMetricsSum(registry),
      otlpLiveMetricsHistogram(registry),
      otlpLiveMetricsExpHistogram(registry),
      otlpLiveMetricsSummary(registry),
      otlpBuffer(registry),
      otlpTail(registry),
      otlpServices(registry),
      otlpErrors(registry),
      otlpSlow(registry),
      otlpTrace(registry),
      otlpServiceMap(registry),
      otlpServiceHealth(registry),
      otlpImpact(registry),
      otlpRootCause(registry),
      otlpAnomalies(registry),
      otlpSearchLogs(registry),
    ];
  }

  /** Registers what all connections of the instance see. Once per instance. */
  async registerInstance(database: Database, registry: ServerRegistry, poolThreads: number): Promise<void> {
    const { control } = database;
    const calls = PendingCalls.ofPool(poolThreads);
    for (const declared of this.#lifecycle) registerPendingFunction(control, declared, calls);
    for (const declared of this.#queries) registerQueryFunction(control, declared);
    registerRowScan(control, registry.live);
    registerListFunction(control, otlpServerList(registry));
    registerListFunction(control, otlpMetrics(registry));
    registerListFunction(control, otlpHealth(registry, this.#queryServers));
    registerListFunction(control, otlpSealList(registry));
    registerListFunction(control, otlpDeadLetterList(registry));
    registerListFunction(control, otlpQueryServerList(this.#queryServers));
    registerListFunction(control, otlpQueryList(this.#queryServers.runner));
    registerListFunction(control, otlpReadErrorList(this.#files.errors));
    for (const declared of this.#scans) registerScanFunction(control, declared, calls);
    const queryCalls = calls.part(QUERY_PART);
    for (const declared of this.#streams) registerStreamFunction(control, declared, queryCalls);
    registerStructFunction(control, otlpUriParser);
    registerTextFunction(control, criticalPathFunction);
    await this.#publish(control);
  }

  /** Makes the functions that are macros exist on a connection under their own names. */
  async registerConnection(connection: DuckDBConnection): Promise<void> {
    const prefix = 'CREATE OR REPLACE TEMP MACRO';
    for (const declared of this.#lifecycle) {
      await connection.run(macroSql(declared, { prefix, name: quotedIdentifier(declared.name) }));
    }
    for (const declared of this.#scans) {
      await connection.run(scanMacroSql(declared, { prefix, name: quotedIdentifier(declared.name) }));
    }
    for (const declared of this.#queries) {
      await connection.run(queryMacroSql(declared, { prefix, name: quotedIdentifier(declared.name) }));
    }
    for (const declared of this.#streams) {
      await connection.run(streamMacroSql(declared, { prefix, name: quotedIdentifier(declared.name) }));
    }
    const functions = [...this.#lifecycle, ...this.#scans, ...this.#queries, ...this.#streams];
    explainErrors(connection, functions, this.#queries);
  }

  /** Makes them exist as `otelduck.<name>` on all connections. Macros cannot live in the system catalog. */
  async #publish(control: DuckDBConnection): Promise<void> {
    try {
      // READ_WRITE, because an instance may be read-only.
      await control.run(`ATTACH ':memory:' AS ${PUBLIC_CATALOG} (READ_WRITE)`);
    } catch (error) {
      // A user's database may have this name. Registered connections lack nothing then.
      process.emitWarning(
        `otelduck's functions exist on registered connections only, not as ${PUBLIC_CATALOG}.<name>: ${messageOf(error)}`,
      );
      return;
    }
    const target = (declared: { name: string }) =>
      ({ prefix: 'CREATE MACRO', name: qualifiedName(PUBLIC_CATALOG, 'main', declared.name) }) as const;
    for (const declared of this.#lifecycle) await control.run(macroSql(declared, target(declared)));
    for (const declared of this.#scans) await control.run(scanMacroSql(declared, target(declared)));
    for (const declared of this.#queries) await control.run(queryMacroSql(declared, target(declared)));
    for (const declared of this.#streams) await control.run(streamMacroSql(declared, target(declared)));
  }
}

// The functions that answer questions about telemetry, as texts for those who ask them in another way than SQL.

import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryText } from '../duckdb/query-function.js';
import { otlpAnomalies } from './otlp-anomalies.js';
import { otlpErrors } from './otlp-errors.js';
import { otlpImpact } from './otlp-impact.js';
import { otlpRootCause } from './otlp-root-cause.js';
import { otlpSearchLogs } from './otlp-search-logs.js';
import { otlpServiceHealth } from './otlp-service-health.js';
import { otlpServiceMap } from './otlp-service-map.js';
import { otlpServices } from './otlp-services.js';
import { otlpSlow } from './otlp-slow.js';
import { otlpTrace } from './otlp-trace.js';

/** By the names of the functions. */
export function questionsOf(registry: ServerRegistry): ReadonlyMap<string, QueryText> {
  const functions = [
    otlpAnomalies,
    otlpErrors,
    otlpImpact,
    otlpRootCause,
    otlpSearchLogs,
    otlpServiceHealth,
    otlpServiceMap,
    otlpServices,
    otlpSlow,
    otlpTrace,
  ].map((declared) => declared(registry));
  return new Map(functions.map(({ name, overRelations }) => [name, overRelations!]));
}

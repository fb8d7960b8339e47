import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { serveFunction } from './otlp-serve.js';

/** `otap_serve([uri], …)`: like `otlp_serve`, for OTAP/Arrow streams. */
export function otapServe(registry: ServerRegistry): PendingFunction {
  return serveFunction('otap_serve', 'otap:localhost:4317', registry);
}

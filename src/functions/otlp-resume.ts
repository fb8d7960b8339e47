import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { pauseFunction } from './otlp-pause.js';

/** `otlp_resume(uri, …)`: lets what `otlp_pause` has paused go on. */
export function otlpResume(registry: ServerRegistry): PendingFunction {
  return pauseFunction(registry, 'otlp_resume', 'resume');
}

// The engines of queries by name, as modules for their threads.

import type { EngineModules } from '../query/run/engine-pool.js';

// Run from source, as tests do, a thread still needs built files: Node 20 loads no TypeScript.
const built = new URL(import.meta.url.endsWith('.ts') ? '../../dist/query/' : '../query/', import.meta.url);

export const engineModules: EngineModules = {
  loki: new URL('api/loki/loki-engine.js', built),
  'loki-tail': new URL('api/loki/tail-engine.js', built),
  logql: new URL('logql/logql-thread.js', built),
  pages: new URL('api/pages/pages-engine.js', built),
  promql: new URL('promql/promql-thread.js', built),
  sql: new URL('sql/sql-engine.js', built),
  tempo: new URL('api/tempo/tempo-engine.js', built),
  traceql: new URL('traceql/traceql-thread.js', built),
};

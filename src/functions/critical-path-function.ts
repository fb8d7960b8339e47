import type { TextFunction } from '../duckdb/text-function.js';
import { criticalTimes, type TimedSpans } from '../query/traces/critical-path.js';

/** JSON of a trace's spans → a JSON list of how long each is on the critical path. Part of otlp_trace(). */
export const criticalPathFunction: TextFunction = {
  name: '__otlp_critical_path',
  value: (text) => JSON.stringify(criticalTimes(JSON.parse(text) as TimedSpans)),
};

import { availableParallelism } from 'node:os';
import type { SharedLimits } from './query-runner.js';

/** Threads and statements that keep all cores busy. */
const CORES = availableParallelism();

/** Limits of all queries together, where nobody has set others. */
export const defaultLimits: SharedLimits = {
  // As many as Prometheus takes. They wait for statements and threads more than for each other.
  maxQueries: 20,
  // A dashboard or two: each panel asks at the same moment.
  maxWaitingQueries: 100,
  maxStatements: CORES,
  memoryBytes: 512 << 20,
  threads: CORES,
};

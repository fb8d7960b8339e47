// How much memory a service leaves to DuckDB, where nobody says.

import { totalmem } from 'node:os';

/**
 * With this, ingest at the rates that the targets hold stays below 2 GB of resident memory, the merges of a DuckLake included, which
 * take what they are allowed and are no slower for it (docs/performance.md). DuckDB writes to disk what does not fit.
 */
const SERVICE_BYTES = 750e6;
/** As DuckDB does it. */
const SHARE_OF_MEMORY = 0.8;

/** As DuckDB writes sizes. A small machine or container has less to give. */
export function defaultMemoryLimit(memoryBytes: number = availableBytes()): string {
  return `${Math.floor(Math.min(SERVICE_BYTES, SHARE_OF_MEMORY * memoryBytes) / 1e6)}MB`;
}

/** Of the container, or of the machine where there is none. */
function availableBytes(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  // 0 or an absurdly large number where nothing constrains the process.
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

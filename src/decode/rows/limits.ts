import type { RowLimit } from '../../buffer/signal-rows.js';

/**
 * Depth of AnyValue inside AnyValue. Protobuf parsers in the field stop at 100 messages; deeper input would exhaust
 * our stack.
 */
export const MAX_VALUE_DEPTH = 100;

/** Reused memory that a decoder keeps between requests: enough for requests of usual size, little beside a buffer. */
export const KEPT_SCRATCH = { heapBytes: 4 << 20, rows: 8192 } as const;

/** The same for lists of fields: no record of usual size has as many attributes, events or exemplars. */
export const KEPT_PLACES = 1 << 12;

/**
 * Memory that the rows of one request may take, in bytes per byte of the largest body. Rows of usual records take one to
 * three; but an empty record has two bytes, and takes a row of two hundred.
 */
const ROW_BYTES_PER_BODY_BYTE = 8;
/** Room for some ten thousand rows, however small bodies have to be. */
const LEAST_ROW_LIMIT_BYTES = 16 << 20;

/** What the rows of one request may take, where bodies have at most `maxBodyBytes`. */
export function rowLimit(maxBodyBytes: number): RowLimit {
  return {
    bytes: Math.max(LEAST_ROW_LIMIT_BYTES, ROW_BYTES_PER_BODY_BYTE * maxBodyBytes),
    rule: `the limit is ${ROW_BYTES_PER_BODY_BYTE} × max_body_bytes, and not less than ${LEAST_ROW_LIMIT_BYTES}`,
  };
}

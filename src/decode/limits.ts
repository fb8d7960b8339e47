/**
 * Depth of AnyValue inside AnyValue. Protobuf parsers in the field stop at 100 messages; deeper input would exhaust
 * our stack.
 */
export const MAX_VALUE_DEPTH = 100;

/** Reused memory that a decoder keeps between requests: enough for requests of usual size, little beside a buffer. */
export const KEPT_SCRATCH = { heapBytes: 4 << 20, rows: 8192 } as const;

/** The same for lists of fields: no record of usual size has as many attributes, events or exemplars. */
export const KEPT_PLACES = 1 << 12;

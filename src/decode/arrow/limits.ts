// What one stream may cost us. A stream has one reader per payload type, so its payload types bound their number.

export interface OtapLimits {
  /** Maximum size of the decompressed buffers of one message, and of its rows. */
  readonly maxDecodedBytes: number;
  /** Maximum size of the dictionaries that a stream keeps between messages. */
  readonly maxDictionaryBytes: number;
}

/**
 * A batch of the reference exporter has a few megabytes, and dictionaries with 16-bit keys at most 65,536 entries each.
 */
export const defaultOtapLimits: OtapLimits = { maxDecodedBytes: 128 << 20, maxDictionaryBytes: 32 << 20 };

/** Payloads in one message; the protocol has fewer types than that in all. */
export const MAX_PAYLOADS = 64;

/** Fields of a schema with those inside of them; the widest table that the protocol defines has some thirty. */
export const MAX_SCHEMA_FIELDS = 256;

/** Fields inside fields; the protocol has lists of structs. */
export const MAX_FIELD_DEPTH = 8;

/** IPC messages in one payload: a schema, dictionaries, a record batch. */
export const MAX_IPC_MESSAGES = 2 * MAX_SCHEMA_FIELDS;

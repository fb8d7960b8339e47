// A decoded request, whatever it was encoded in: the common ground of the two parsers, the mapper and the encoders.

/**
 * Fields by their names in proto/; an absent field is not there. 64-bit integers are bigints, and strings may be
 * their raw UTF-8, because only some strings of a request are kept and only those must be valid.
 */
export interface Message {
  [field: string]: FieldValue;
}

export type FieldValue = bigint | number | boolean | string | Uint8Array | Message | FieldValue[];

/** A request that the rules say must be refused, and why. */
export class OracleRejects extends Error {
  override name = 'OracleRejects';
}

export function reject(reason: string): never {
  throw new OracleRejects(reason);
}

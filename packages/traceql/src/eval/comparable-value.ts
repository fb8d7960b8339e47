import type { Attribute } from '../data/attribute.js';
import type { Value } from '../data/value.js';

const TRACE_ID_DIGITS = 32;

/** A literal in the form of the attribute that it is compared with: ids in lower case, trace ids with all their zeros. */
export function comparableValue<T extends Value>(value: T, attribute: Attribute): T | string {
  if (typeof value !== 'string' || attribute.kind !== 'intrinsic' || !/^[\da-fA-F]+$/.test(value)) return value;
  switch (attribute.name) {
    case 'trace:id':
    case 'link:traceID':
      return value.toLowerCase().padStart(TRACE_ID_DIGITS, '0');
    case 'span:id':
    case 'span:parentID':
    case 'link:spanID':
      return value.toLowerCase();
    default:
      return value;
  }
}

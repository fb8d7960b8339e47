// How records say which they are: texts `seq=` with 12 digits and `service-` with 6. Their width is fixed, so that they
// can be overwritten in an encoded request, whatever its encoding.

export const SEQUENCE_MARK = 'seq=';
export const SEQUENCE_DIGITS = 12;
export const SERVICE_MARK = 'service-';
export const SERVICE_DIGITS = 6;

/** The text that tells a record from all others of its service. */
export function sequenceText(sequence: number): string {
  return SEQUENCE_MARK + String(sequence).padStart(SEQUENCE_DIGITS, '0');
}

export function serviceName(service: number): string {
  return SERVICE_MARK + String(service).padStart(SERVICE_DIGITS, '0');
}

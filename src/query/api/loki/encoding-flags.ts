// How a client asks for labels: together, or by where they come from.

import type { LabelEncoding } from '../../logql/logql-request.js';

/** The flag for labels by where they come from. */
export const CATEGORIZE_LABELS = 'categorize-labels';

const HEADER = 'x-loki-response-encoding-flags';

export function encodingOf(headers: Readonly<Record<string, string | string[] | undefined>>): LabelEncoding {
  const flags = [headers[HEADER] ?? []].flat().flatMap((value) => value.split(','));
  return flags.some((flag) => flag.trim() === CATEGORIZE_LABELS) ? 'categorized' : 'merged';
}

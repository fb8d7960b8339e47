// Entries → the streams of Loki's answers, in either of the two encodings.

import type { CategorizedLabels } from '#logql/pipeline/labels-builder';
import type { Label } from '#promql/data/labels';

/** Flag by which a client asks for labels by where they come from, and the header that has it. */
export const CATEGORIZE_LABELS = 'categorize-labels';
export const ENCODING_FLAGS_HEADER = 'x-loki-response-encoding-flags';

/** Whether the client asks for labels by where they come from. */
export function asksForCategories(flags: string | readonly string[] | undefined): boolean {
  return [flags ?? []].flat().some((each) => each.split(',').some((flag) => flag.trim() === CATEGORIZE_LABELS));
}

/** One entry of a query's answer. */
export interface StreamEntry {
  readonly timeNs: bigint;
  readonly line: string;
  readonly labels: CategorizedLabels;
}

/** Labels together, or by where they come from. */
export type Encoding = 'merged' | 'categorized';

/** The JSON of an array of streams, each with its entries in their order. */
export function streamsJson(entries: Iterable<StreamEntry>, encoding: Encoding): string {
  const streams = new Map<string, string[]>();
  for (const { timeNs, line, labels } of entries) {
    const { stream, metadata, parsed } = labels;
    const key = labelsJson(encoding === 'categorized' ? stream : [...stream, ...metadata, ...parsed]);
    const values = streams.get(key) ?? [];
    streams.set(key, values);
    const start = `["${timeNs}",${JSON.stringify(line)}`;
    values.push(encoding === 'categorized' ? `${start},${categoriesJson(metadata, parsed)}]` : `${start}]`);
  }
  const texts = [...streams].map(([labels, values]) => `{"stream":${labels},"values":[${values.join(',')}]}`);
  return `[${texts.join(',')}]`;
}

/** Sorted by name; of two labels with a name the later one counts. */
export function labelsJson(labels: readonly Label[]): string {
  const sorted = [...new Map(labels)].sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

function categoriesJson(metadata: readonly Label[], parsed: readonly Label[]): string {
  const members = [
    ...(metadata.length > 0 ? [`"structuredMetadata":${labelsJson(metadata)}`] : []),
    ...(parsed.length > 0 ? [`"parsed":${labelsJson(parsed)}`] : []),
  ];
  return `{${members.join(',')}}`;
}

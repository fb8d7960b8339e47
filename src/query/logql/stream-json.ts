// Entries → the streams of Loki's answers, in either of the two encodings.

import type { LogEntry } from '#logql';
import type { Label } from '#promql/data/labels';
import type { LabelEncoding } from './logql-request.js';

/** The JSON of an array of streams by their labels, each with its entries in their order. */
export function streamsJson(entries: Iterable<LogEntry>, encoding: LabelEncoding): string {
  const streams = new Map<string, string[]>();
  for (const entry of entries) {
    const { stream, metadata, parsed } = entry;
    const key = labelsJson(encoding === 'categorized' ? stream : [...stream, ...metadata, ...parsed]);
    const values = streams.get(key);
    if (values === undefined) streams.set(key, [entryJson(entry, encoding)]);
    else values.push(entryJson(entry, encoding));
  }
  const texts = [...streams]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([labels, values]) => `{"stream":${labels},"values":[${values.join(',')}]}`);
  return `[${texts.join(',')}]`;
}

function entryJson({ timeNs, line, metadata, parsed }: LogEntry, encoding: LabelEncoding): string {
  const start = `["${timeNs}",${JSON.stringify(line)}`;
  return encoding === 'categorized' ? `${start},${categoriesJson(metadata, parsed)}]` : `${start}]`;
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

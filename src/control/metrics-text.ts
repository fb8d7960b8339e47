// Metrics → the text that Prometheus scrapes.
// https://prometheus.io/docs/instrumenting/exposition_formats/
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md

import { BucketHistogram } from '../base/bucket-histogram.js';

export interface MetricSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | BucketHistogram;
}

/** Series of one name. */
export interface MetricFamily {
  /** Names of counters end in `_total`, and no others do. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly doc: string;
  readonly series: readonly MetricSeries[];
}

/** One value, as all formats have it. A histogram is several. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export const textFormats = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const;
export type TextFormat = keyof typeof textFormats;

/** The format that a client likes best of those it says it accepts. Prometheus's own where it likes both as well. */
export function acceptedFormat(accept: string | undefined): TextFormat {
  let best: { format: TextFormat; quality: number } = { format: 'prometheus', quality: 0 };
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    const format = type === 'application/openmetrics-text' ? 'openMetrics' : 'prometheus';
    if (format === 'prometheus' && type !== 'text/plain' && type !== '*/*' && type !== 'text/*') continue;
    const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    if (quality > best.quality) best = { format, quality };
  }
  return best.format;
}

export function metricsText(families: readonly MetricFamily[], format: TextFormat): string {
  const lines: string[] = [];
  for (const family of families) {
    // OpenMetrics names a counter without what all samples of counters end in.
    const name = format === 'openMetrics' ? family.name.replace(/_total$/, '') : family.name;
    lines.push(`# HELP ${name} ${escaped(family.doc, format)}`, `# TYPE ${name} ${family.type}`);
    const unit = /_(seconds|bytes)$/.exec(name)?.[1];
    if (format === 'openMetrics' && unit !== undefined) lines.push(`# UNIT ${name} ${unit}`);
    for (const sample of samplesOf(family)) {
      lines.push(`${sample.name}${labelsText(sample.labels)} ${valueText(sample.value)}`);
    }
  }
  if (format === 'openMetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** Values one by one; of a histogram its cumulative buckets, its count and its sum. */
export function samplesOf({ name, series }: MetricFamily): readonly MetricSample[] {
  return series.flatMap(({ labels, value }) =>
    value instanceof BucketHistogram ? histogramSamples(name, labels, value) : [{ name, labels, value }],
  );
}

function histogramSamples(
  name: string,
  labels: MetricSample['labels'],
  { bounds, counts, sum }: BucketHistogram,
): readonly MetricSample[] {
  let count = 0;
  const buckets = Array.from(counts, (inBucket, bucket) => {
    count += inBucket;
    const le = bucket < bounds.length ? String(bounds[bucket]) : '+Inf';
    return { name: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  return [...buckets, { name: `${name}_sum`, labels, value: sum }, { name: `${name}_count`, labels, value: count }];
}

function labelsText(labels: MetricSample['labels']): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${quoted(value)}"`);
  return texts.length === 0 ? '' : `{${texts.join(',')}}`;
}

function valueText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

function escaped(doc: string, format: TextFormat): string {
  return format === 'openMetrics' ? quoted(doc) : doc.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

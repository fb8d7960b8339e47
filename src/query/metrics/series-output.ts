// One series of a table → the series of Prometheus that its points are.

import type { Labels } from '#promql/data/labels';
import type { Metric } from './metric.js';

/** What all points of a table with one number have in common. */
export interface Series {
  readonly metric: Metric;
  /** All labels but the name; undefined for a resource that has no `target_info`. */
  readonly labels: Labels | undefined;
  /** Upper bounds of a classic histogram's buckets, as far as they have counts, or quantiles of a summary. */
  readonly bounds: readonly number[];
  /** JSON of the resource's attributes. */
  readonly resource: string;
  /** Whether a histogram's points have sums. */
  readonly hasSum: boolean;
}

/** Which number of a point a series shows. */
export type OutputPart =
  | { readonly kind: 'value' }
  | { readonly kind: 'histogram' }
  | { readonly kind: 'count' }
  | { readonly kind: 'sum' }
  /** The bucket at a place and all in front of it. */
  | { readonly kind: 'bucket'; readonly place: number }
  | { readonly kind: 'quantile'; readonly place: number };

export interface SeriesOutput {
  readonly labels: Labels;
  readonly part: OutputPart;
}

export function outputsOf({ metric, labels, bounds, hasSum }: Series): readonly SeriesOutput[] {
  const { family, facts } = metric;
  if (family === undefined || labels === undefined) return [];
  const output = (suffix: string, part: OutputPart, extra: readonly (readonly [string, string])[] = []) => ({
    labels: labels.with([...extra, ['__name__', family + suffix]]),
    part,
  });
  const count = output('_count', { kind: 'count' });
  const sum = output('_sum', { kind: 'sum' });
  switch (facts.kind) {
    case 'gauge':
    case 'sum':
    case 'target':
      return [output('', { kind: 'value' })];
    case 'exponential':
      return [output('', { kind: 'histogram' })];
    case 'histogram':
      return [
        ...bounds.map((bound, place) => output('_bucket', { kind: 'bucket', place }, [['le', boundText(bound)]])),
        output('_bucket', { kind: 'count' }, [['le', '+Inf']]),
        count,
        ...(hasSum ? [sum] : []),
      ];
    case 'summary':
      return [
        ...bounds.map((quantile, place) =>
          output('', { kind: 'quantile', place }, [['quantile', boundText(quantile)]]),
        ),
        count,
        sum,
      ];
  }
}

/** The shortest decimal that reads back as the number, without an exponent, as Go's format `f` has it. */
export function boundText(bound: number): string {
  if (bound === Infinity) return '+Inf';
  const text = String(bound);
  const [, sign = '', whole = '', decimals = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text === '-Infinity' ? '-Inf' : text;
  const digits = whole + decimals;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

import { general } from '../syntax/go-text.js';
import { type BucketRange, negativeRanges, positiveRanges, zeroRange } from './bucket-ranges.js';
import { hasCustomBounds, type NativeHistogram } from './native-histogram.js';

/** `{count:3, sum:5, (1,2]:3}`: the form of a histogram in the values of labels, without empty buckets. */
export function histogramText(histogram: NativeHistogram): string {
  const zero = hasCustomBounds(histogram) ? [] : [zeroRange(histogram)];
  const buckets = [...negativeRanges(histogram).reverse(), ...zero, ...positiveRanges(histogram)];
  const parts = [`count:${general(histogram.count)}`, `sum:${general(histogram.sum)}`];
  for (const bucket of buckets) if (bucket.count !== 0) parts.push(bucketText(bucket));
  return `{${parts.join(', ')}}`;
}

function bucketText({ lower, upper, lowerInclusive, upperInclusive, count }: BucketRange): string {
  const [open, close] = [lowerInclusive ? '[' : '(', upperInclusive ? ']' : ')'];
  return `${open}${general(lower)},${general(upper)}${close}:${general(count)}`;
}

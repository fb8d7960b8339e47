import { type NativeHistogram, noBuckets } from '../histogram/native-histogram.js';
import { isReset } from '../histogram/reset.js';
import type { SeriesSamples } from '../source.js';
import { childrenOf, type Expression, type VectorSelector } from '../syntax/ast.js';

const statistics = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);
const ofBuckets = new Set(['histogram_quantile', 'histogram_quantiles', 'histogram_fraction']);

/** Selectors of whose histograms only the count and the sum are used. */
export function findStatisticsOnly(expression: Expression): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>();
  visit(expression, false, false, found);
  return found;
}

/** `isFixed`: something further up needs the buckets, or may. */
function visit(expression: Expression, isStatistic: boolean, isFixed: boolean, found: Set<VectorSelector>): void {
  if (expression.kind === 'vector-selector') {
    if (isStatistic) found.add(expression);
    return;
  }
  const needsBuckets = readsBuckets(expression);
  const makesStatistic = expression.kind === 'call' && statistics.has(expression.function.name);
  const fixed = isFixed || needsBuckets;
  for (const child of childrenOf(expression)) {
    visit(child, !needsBuckets && (isStatistic || (makesStatistic && !isFixed)), fixed, found);
  }
}

function readsBuckets(expression: Expression): boolean {
  if (expression.kind === 'subquery') return true;
  if (expression.kind === 'binary') return expression.operator === '</' || expression.operator === '>/';
  return expression.kind === 'call' && ofBuckets.has(expression.function.name);
}

/**
 * The samples with histograms of count and sum. Whether there was a reset is found out before the buckets go, because
 * counts and sums alone do not tell.
 */
export function withoutBuckets(samples: SeriesSamples): SeriesSamples {
  const { histograms, stale } = samples;
  if (histograms === undefined) return samples;
  let previous: NativeHistogram | undefined;
  const reduced = histograms.map((histogram, at) => {
    if (histogram === undefined || stale?.[at] === 1) return histogram;
    const { schema, count, sum } = histogram;
    const hint = histogram.hint === 'unknown' ? hintBehind(previous, histogram) : histogram.hint;
    previous = histogram;
    const nothing = { zeroThreshold: 0, zeroCount: 0, positive: noBuckets, negative: noBuckets, bounds: [] };
    return { schema, count, sum, hint, ...nothing };
  });
  return { ...samples, histograms: reduced };
}

function hintBehind(previous: NativeHistogram | undefined, histogram: NativeHistogram): NativeHistogram['hint'] {
  if (previous === undefined) return 'unknown';
  return isReset(histogram, previous) ? 'reset' : 'not_reset';
}

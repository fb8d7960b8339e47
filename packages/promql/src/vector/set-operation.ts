import { NOTHING, StepSeries } from '../data/step-series.js';
import type { SetOperator } from '../syntax/token.js';
import { claim, SeriesCollector } from './collect.js';
import { bySignature, type MatchLabels, matchSignature, presence } from './matching.js';

/** `and`, `or` and `unless`: series of the left side, or of both, by whether the other side has a match at the step. */
export function combineSets(
  operator: SetOperator,
  left: readonly StepSeries[],
  right: readonly StepSeries[],
  matching: MatchLabels,
  steps: number,
  throwIfEnded?: () => void,
): StepSeries[] {
  if (operator === 'or') return union(left, right, matching, steps, throwIfEnded);
  const wanted = operator === 'and' ? 1 : 0;
  const rightPresence = presences(right, matching, steps, throwIfEnded);
  const results: StepSeries[] = [];
  for (const series of left) {
    throwIfEnded?.();
    const present = rightPresence.get(matchSignature(series.labels, matching));
    const result = new StepSeries(series.labels, steps, series.dropsName);
    for (let step = 0; step < steps; step++) if ((present?.[step] ?? 0) === wanted) result.copyStep(step, series);
    if (!result.isEmpty) results.push(result);
  }
  return results;
}

function union(
  left: readonly StepSeries[],
  right: readonly StepSeries[],
  matching: MatchLabels,
  steps: number,
  throwIfEnded?: () => void,
): StepSeries[] {
  const leftPresence = presences(left, matching, steps, throwIfEnded);
  const collector = new SeriesCollector(steps);
  const add = (series: StepSeries, absent: Uint8Array | undefined) => {
    throwIfEnded?.();
    let result: StepSeries | undefined;
    for (let step = 0; step < steps; step++) {
      if (series.kinds[step] === NOTHING || absent?.[step] === 1) continue;
      result ??= collector.seriesFor(series.labels, series.dropsName);
      claim(result, step);
      result.copyStep(step, series);
    }
  };
  for (const series of left) add(series, undefined);
  for (const series of right) add(series, leftPresence.get(matchSignature(series.labels, matching)));
  return collector.series;
}

function presences(
  series: readonly StepSeries[],
  matching: MatchLabels,
  steps: number,
  throwIfEnded: (() => void) | undefined,
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const [signature, same] of bySignature(series, matching, throwIfEnded))
    found.set(signature, presence(same, steps));
  return found;
}

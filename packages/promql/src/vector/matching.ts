import { type Labels, signatureOf } from '../data/labels.js';
import { NOTHING, type StepSeries } from '../data/step-series.js';
import { METRIC_NAME } from '../syntax/label-name.js';

/** Labels by which series of two vectors find each other: those named (`on`), or all others but the name. */
export interface MatchLabels {
  readonly labels: readonly string[];
  readonly on: boolean;
}

/** Text that only series share which match each other. */
export function matchSignature(labels: Labels, { labels: names, on }: MatchLabels): string {
  return signatureOf(labels, on ? names : [...names, METRIC_NAME], on);
}

/** The labels that matching series share. */
export function matchedLabels(labels: Labels, { labels: names, on }: MatchLabels): Labels {
  return on ? labels.keep(names) : labels.drop([...names, METRIC_NAME]);
}

export function bySignature(
  series: readonly StepSeries[],
  matching: MatchLabels,
  throwIfEnded?: () => void,
): Map<string, StepSeries[]> {
  const found = new Map<string, StepSeries[]>();
  for (const each of series) {
    throwIfEnded?.();
    const signature = matchSignature(each.labels, matching);
    const same = found.get(signature);
    if (same === undefined) found.set(signature, [each]);
    else same.push(each);
  }
  return found;
}

/** For each step 1 when any of the series has a value. */
export function presence(series: readonly StepSeries[], steps: number): Uint8Array {
  const present = new Uint8Array(steps);
  for (const { kinds } of series) {
    for (let step = 0; step < steps; step++) if (kinds[step] !== NOTHING) present[step] = 1;
  }
  return present;
}

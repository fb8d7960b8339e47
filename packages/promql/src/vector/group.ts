import { Labels, signatureOf } from '../data/labels.js';
import type { StepSeries } from '../data/step-series.js';
import { METRIC_NAME } from '../syntax/label-name.js';

/** Which labels tell groups apart: those named, or all but those named. */
export interface Grouping {
  readonly labels: readonly string[];
  readonly without: boolean;
}

export interface Group {
  readonly labels: Labels;
  readonly members: StepSeries[];
}

/** Series that share the labels of the grouping, in the order in which the groups were met. */
export function groupsOf(series: readonly StepSeries[], grouping: Grouping, throwIfEnded?: () => void): Group[] {
  const groups = new Map<string, Group>();
  for (const each of series) {
    throwIfEnded?.();
    const key = groupKey(each.labels, grouping);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels: groupLabels(each.labels, grouping), members: [each] });
    else group.members.push(each);
  }
  return [...groups.values()];
}

/** Text that only labels of the same group share. `without` always leaves the name out. */
export function groupKey(labels: Labels, { labels: names, without }: Grouping): string {
  if (!without && names.length === 0) return '';
  return signatureOf(labels, without ? [...names, METRIC_NAME] : names, !without);
}

export function groupLabels(labels: Labels, { labels: names, without }: Grouping): Labels {
  if (without) return labels.drop([...names, METRIC_NAME]);
  return names.length === 0 ? Labels.none : labels.keep(names);
}

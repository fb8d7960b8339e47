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
  if (!grouping.without) return groupsBy(series, grouping, throwIfEnded);
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

interface Branch {
  readonly branches: Map<string, Branch>;
  group: Group | undefined;
}

/** Value by value: a text of all values of ten thousand series would take longer than to add them up. */
function groupsBy(series: readonly StepSeries[], grouping: Grouping, throwIfEnded: (() => void) | undefined): Group[] {
  const root: Branch = { branches: new Map(), group: undefined };
  const groups: Group[] = [];
  for (const each of series) {
    throwIfEnded?.();
    let branch = root;
    for (const name of grouping.labels) {
      const value = each.labels.get(name);
      let next = branch.branches.get(value);
      if (next === undefined) {
        next = { branches: new Map(), group: undefined };
        branch.branches.set(value, next);
      }
      branch = next;
    }
    if (branch.group === undefined) {
      branch.group = { labels: groupLabels(each.labels, grouping), members: [] };
      groups.push(branch.group);
    }
    branch.group.members.push(each);
  }
  return groups;
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

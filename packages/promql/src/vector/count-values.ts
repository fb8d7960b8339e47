import { FLOAT, NOTHING, type StepSeries } from '../data/step-series.js';
import { histogramText } from '../histogram/text.js';
import { decimal } from '../syntax/go-text.js';
import { SeriesCollector } from './collect.js';
import { type Grouping, groupLabels } from './group.js';

/** For each group and each value in it, how many series have that value, which stands in the label `name`. */
export function countValues(
  series: readonly StepSeries[],
  name: string,
  grouping: Grouping,
  steps: number,
  throwIfEnded?: () => void,
): StepSeries[] {
  const kept = grouping.without ? grouping : { ...grouping, labels: [...grouping.labels, name] };
  const counts = new Map<string, StepSeries>();
  const collector = new SeriesCollector(steps);
  for (let step = 0; step < steps; step++) {
    counts.clear();
    for (const each of series) {
      throwIfEnded?.();
      if (each.kinds[step] === NOTHING) continue;
      const text = each.kinds[step] === FLOAT ? decimal(each.values[step]!) : histogramText(each.histograms![step]!);
      const labels = groupLabels(each.labels.with([[name, text]]), kept);
      const counted = counts.get(labels.key);
      if (counted !== undefined) counted.values[step]! += 1;
      else {
        const first = collector.at(step, labels, false);
        first.setFloat(step, 1);
        counts.set(labels.key, first);
      }
    }
  }
  return collector.series;
}

// How many series there are → what `status/tsdb` says of them.

import type { Labels } from '#promql';
import { METRIC_NAME } from '#promql/syntax/label-name';

interface Count {
  readonly name: string;
  readonly value: number;
}

export function cardinality(series: readonly Labels[], limit: number): object {
  const byMetric = new Map<string, number>();
  const byPair = new Map<string, number>();
  const valuesByLabel = new Map<string, Set<string>>();
  const bytesByLabel = new Map<string, number>();
  for (const { entries } of series) {
    for (const [name, value] of entries) {
      if (name === METRIC_NAME) add(byMetric, value, 1);
      add(byPair, `${name}=${value}`, 1);
      const values = valuesByLabel.get(name) ?? new Set<string>();
      valuesByLabel.set(name, values);
      if (values.has(value)) continue;
      values.add(value);
      add(bytesByLabel, name, Buffer.byteLength(value));
    }
  }
  const valueCounts = new Map([...valuesByLabel].map(([name, values]) => [name, values.size]));
  return {
    headStats: { numSeries: series.length, numLabelPairs: byPair.size, chunkCount: 0, minTime: 0, maxTime: 0 },
    seriesCountByMetricName: largest(byMetric, limit),
    labelValueCountByLabelName: largest(valueCounts, limit),
    memoryInBytesByLabelName: largest(bytesByLabel, limit),
    seriesCountByLabelValuePair: largest(byPair, limit),
  };
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function largest(counts: ReadonlyMap<string, number>, limit: number): readonly Count[] {
  return [...counts]
    .map(([name, value]) => ({ name, value }))
    .sort((left, right) => right.value - left.value || (left.name < right.name ? -1 : 1))
    .slice(0, limit);
}

// How many series there are → what `status/tsdb` says of them.

import type { Labels } from '#promql';
import { METRIC_NAME } from '#promql/syntax/label-name';
import type { Report } from '../run/engine.js';
import { Turns } from '../run/turns.js';

/** What a count takes beside its text, which is made for it. */
const COUNT_BYTES = 100;

interface Count {
  readonly name: string;
  readonly value: number;
}

export async function cardinality(series: readonly Labels[], limit: number, report: Report): Promise<object> {
  const turns = new Turns(() => report.throwIfEnded());
  const add = (counts: Map<string, number>, name: string, count: number) => {
    const before = counts.get(name);
    if (before === undefined) report.reserveBytes(COUNT_BYTES + 2 * name.length);
    counts.set(name, (before ?? 0) + count);
  };
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
      report.reserveBytes(COUNT_BYTES);
      values.add(value);
      add(bytesByLabel, name, Buffer.byteLength(value));
    }
    const turn = turns.checkpoint();
    if (turn !== undefined) await turn;
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

function largest(counts: ReadonlyMap<string, number>, limit: number): readonly Count[] {
  return [...counts]
    .map(([name, value]) => ({ name, value }))
    .sort((left, right) => right.value - left.value || (left.name < right.name ? -1 : 1))
    .slice(0, limit);
}

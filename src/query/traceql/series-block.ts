// Series of a metrics query → a block of `seriesColumns`.

import { type MetricsGrid, type MetricsSeries, timeMsOf, valueText } from '#traceql';
import { doubleColumn, integerColumn, listColumn, textColumn } from '../../buffer/block-columns.js';
import type { ColumnBlock } from '../../buffer/column-block.js';

export function seriesBlock(series: readonly MetricsSeries[], grid: MetricsGrid): ColumnBlock {
  const steps = series.map(({ values }) => [...values.keys()].filter((step) => !Number.isNaN(values[step])));
  return {
    rowCount: series.length,
    columns: [
      listColumn(
        series.map(({ labels }) => labels.map(([name]) => name)),
        textColumn,
      ),
      listColumn(
        series.map(({ labels }) => labels.map(([, value]) => valueText(value))),
        textColumn,
      ),
      listColumn(
        steps.map((present) => present.map((step) => 1000 * timeMsOf(grid, step))),
        integerColumn,
      ),
      listColumn(
        series.map(({ values }, index) => steps[index]!.map((step) => values[step]!)),
        doubleColumn,
      ),
    ],
  };
}

// Answers of the evaluation → rows for SQL.

import { gridTime, type LogEntry, type PlannedRead, type RangeResult } from '#logql';
import type { Label } from '#promql/data/labels';
import { FLOAT, type StepSeries } from '#promql/data/step-series';
import { doubleColumn, integerColumn, listColumn, textColumn } from '../../buffer/block-columns.js';
import type { BlockColumn, ColumnBlock } from '../../buffer/column-block.js';

const NS_PER_US = 1_000n;

/** Series in one block: what a thousand of them take is less than a megabyte or two. */
const BLOCK_SERIES = 1_000;

/** A block of `lineColumns`. */
export function linesBlock(entries: readonly LogEntry[]): ColumnBlock {
  const labels = entries.map(({ stream, parsed }) => [...stream, ...parsed]);
  return {
    rowCount: entries.length,
    columns: [
      timeColumn(entries.map(({ timeNs }) => timeNs)),
      ...labelColumns(labels),
      textColumn(entries.map(({ line }) => line)),
      ...labelColumns(entries.map(({ metadata }) => metadata)),
      integerColumn(entries.map(({ timeNs }) => Number(timeNs % NS_PER_US))),
    ],
  };
}

/** Blocks of `sampleSeriesColumns`. */
export function* samplesBlocks({ grid, series }: RangeResult): Generator<ColumnBlock> {
  const times = Array.from({ length: grid.count }, (_, step) => gridTime(grid, step));
  for (let from = 0; from < series.length; from += BLOCK_SERIES) {
    const rows = series
      .slice(from, from + BLOCK_SERIES)
      .map((each) => ({ labels: each.labels.entries, steps: stepsOf(each), each }));
    yield {
      rowCount: rows.length,
      columns: [
        ...labelColumns(rows.map(({ labels }) => labels)),
        listColumn(
          rows.map(({ steps }) => steps.map((step) => times[step]!)),
          timeColumn,
        ),
        listColumn(
          rows.map(({ steps, each }) => steps.map((step) => each.values[step]!)),
          doubleColumn,
        ),
      ],
    };
  }
}

function stepsOf({ kinds }: StepSeries): number[] {
  return [...kinds.keys()].filter((step) => kinds[step] === FLOAT);
}

/** A block of `logPlanColumns`. */
export function planBlock(reads: readonly PlannedRead[]): ColumnBlock {
  return {
    rowCount: reads.length,
    columns: [
      textColumn(reads.map(({ selector }) => selector)),
      timeColumn(reads.map(({ startNs }) => startNs)),
      timeColumn(reads.map(({ endNs }) => endNs)),
      textColumn(reads.map((read) => read.reads)),
      listColumn(
        reads.map(({ pushed }) => pushed),
        textColumn,
      ),
      listColumn(
        reads.map(({ stages }) => stages),
        textColumn,
      ),
    ],
  };
}

/** A later label of a name takes the place of an earlier one: keys of a map are distinct. */
function labelColumns(rows: readonly (readonly Label[])[]): [names: BlockColumn, values: BlockColumn] {
  const distinct = rows.map((labels) => [...new Map(labels)]);
  return [
    listColumn(
      distinct.map((labels) => labels.map(([name]) => name)),
      textColumn,
    ),
    listColumn(
      distinct.map((labels) => labels.map(([, value]) => value)),
      textColumn,
    ),
  ];
}

/** Nanoseconds as the microseconds of a TIMESTAMP. */
function timeColumn(times: readonly bigint[]): BlockColumn {
  return { kind: 'bigint', values: BigInt64Array.from(times, (time) => time / NS_PER_US), valid: undefined };
}

// Answers of the evaluation → rows for SQL, one for each series, with lists of its samples. Labels, which take more than a
// sample does, cross once for each series.

import {
  allRanges,
  FLOAT,
  type Grid,
  type InstantResult,
  type NativeHistogram,
  NOTHING,
  type RangeSamples,
  type StepSeries,
  timeAt,
} from '#promql';
import { doubleColumn, listColumn, offsetsOf, textColumn } from '../../buffer/block-columns.js';
import type { BlockColumn, ColumnBlock } from '../../buffer/column-block.js';
import type { Evaluation } from './answer-question.js';
import { STRING_LABEL } from './sql-shape.js';

/** Samples in one block: a megabyte or two. */
const BLOCK_SAMPLES = 65_536;
const MICROSECONDS_PER_MILLISECOND = 1000n;
interface SeriesRow {
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Microseconds since 1970. */
  readonly times: BigInt64Array;
  readonly floats: Float64Array;
  /** 1 for each float; absent if all are. */
  readonly isFloat: Uint8Array | undefined;
  readonly histograms: readonly (NativeHistogram | undefined)[] | undefined;
}

/** Blocks of `seriesColumns`. */
export function* answerBlocks(evaluation: Evaluation): Generator<ColumnBlock> {
  let rows: SeriesRow[] = [];
  let samples = 0;
  for (const row of rowsOf(evaluation)) {
    rows.push(row);
    samples += row.times.length;
    if (samples < BLOCK_SAMPLES) continue;
    yield blockOf(rows);
    rows = [];
    samples = 0;
  }
  if (rows.length > 0) yield blockOf(rows);
}

function rowsOf(evaluation: Evaluation): Iterable<SeriesRow> {
  if (evaluation.kind === 'instant') return instantRows(evaluation.answer.result, evaluation.timeMs);
  const { grid, series } = evaluation.answer.result;
  return stepRows(series, stepTimes(grid));
}

function* instantRows(result: InstantResult, timeMs: number): Generator<SeriesRow> {
  const times = BigInt64Array.of(microseconds(timeMs));
  const float = (value: number) => ({ floats: Float64Array.of(value), isFloat: undefined, histograms: undefined });
  const none = { floats: new Float64Array(1), isFloat: new Uint8Array(1), histograms: undefined };
  switch (result.type) {
    case 'scalar':
      yield { labels: [], times, ...float(result.value) };
      return;
    case 'string':
      yield { labels: [[STRING_LABEL, result.value]], times, ...none };
      return;
    case 'vector':
      for (const { labels, value } of result.samples) {
        const sample = typeof value === 'number' ? float(value) : { ...none, histograms: [value] };
        yield { labels: labels.entries, times, ...sample };
      }
      return;
    case 'matrix':
      for (const series of result.series) yield samplesRow(series);
  }
}

function samplesRow({ labels, times, values, histogramTimes, histograms }: RangeSamples): SeriesRow {
  if (histograms.length === 0) {
    const { entries } = labels;
    return {
      labels: entries,
      times: allMicroseconds(times),
      floats: values,
      isFloat: undefined,
      histograms: undefined,
    };
  }
  const samples = times.length + histogramTimes.length;
  const allTimes = new Float64Array(samples);
  allTimes.set(times);
  allTimes.set(histogramTimes, times.length);
  const floats = new Float64Array(samples);
  floats.set(values);
  return {
    labels: labels.entries,
    times: allMicroseconds(allTimes),
    floats,
    isFloat: new Uint8Array(samples).fill(1, 0, times.length),
    histograms: [...new Array<undefined>(times.length).fill(undefined), ...histograms],
  };
}

function microseconds(timeMs: number): bigint {
  return BigInt(Math.trunc(timeMs)) * MICROSECONDS_PER_MILLISECOND;
}

function allMicroseconds(timesMs: Float64Array): BigInt64Array {
  return BigInt64Array.from(timesMs, microseconds);
}

function stepTimes(grid: Grid): BigInt64Array {
  return BigInt64Array.from({ length: grid.count }, (_, step) => microseconds(timeAt(grid, step)));
}

function* stepRows(series: readonly StepSeries[], times: BigInt64Array): Generator<SeriesRow> {
  for (const each of series) yield stepRow(each, times);
}

function stepRow({ labels, kinds, values, histograms }: StepSeries, times: BigInt64Array): SeriesRow {
  // Nearly every series has a float at every step.
  if (kinds.every((kind) => kind === FLOAT)) {
    return { labels: labels.entries, times, floats: values, isFloat: undefined, histograms: undefined };
  }
  const steps = Uint32Array.from(kinds.keys()).filter((step) => kinds[step] !== NOTHING);
  const hasHistograms = histograms !== undefined && steps.some((step) => kinds[step] !== FLOAT);
  return {
    labels: labels.entries,
    times: BigInt64Array.from({ length: steps.length }, (_, i) => times[steps[i]!]!),
    floats: Float64Array.from(steps, (step) => values[step]!),
    isFloat: hasHistograms ? Uint8Array.from(steps, (step) => (kinds[step] === FLOAT ? 1 : 0)) : undefined,
    histograms: hasHistograms
      ? Array.from(steps, (step) => (kinds[step] === FLOAT ? undefined : histograms[step]))
      : undefined,
  };
}

function blockOf(rows: readonly SeriesRow[]): ColumnBlock {
  const samples = offsetsOf(rows.map(({ times }) => times.length));
  const times = new BigInt64Array(samples.at(-1)!);
  const floats = new Float64Array(times.length);
  const isFloat = rows.some((row) => row.isFloat !== undefined) ? new Uint8Array(times.length).fill(1) : undefined;
  rows.forEach((row, i) => {
    times.set(row.times, samples[i]);
    floats.set(row.floats, samples[i]);
    if (row.isFloat !== undefined) isFloat!.set(row.isFloat, samples[i]);
  });
  return {
    rowCount: rows.length,
    columns: [
      listColumn(
        rows.map(({ labels }) => labels.map(([name]) => name)),
        textColumn,
      ),
      listColumn(
        rows.map(({ labels }) => labels.map(([, value]) => value)),
        textColumn,
      ),
      list(samples, { kind: 'bigint', values: times, valid: undefined }),
      list(samples.slice(), { kind: 'double', values: floats, valid: isFloat }),
      ...histogramColumns(rows),
    ],
  };
}

/** Of the rows that have histograms, as many elements as samples. */
function histogramColumns(rows: readonly SeriesRow[]): BlockColumn[] {
  const perRow = rows.map(({ histograms }) => histograms ?? null);
  const numbers = (of: (histogram: NativeHistogram) => number) =>
    listColumn(perRow, (all) => doubleColumn(all.map((histogram) => (histogram === undefined ? null : of(histogram)))));
  return [
    numbers(({ count }) => count),
    numbers(({ sum }) => sum),
    listColumn(perRow, (all) =>
      listColumn(
        all.map((histogram) => (histogram === undefined ? null : bucketNumbers(histogram))),
        doubleColumn,
      ),
    ),
  ];
}

/** BUCKET_NUMBERS for each bucket. */
function bucketNumbers(histogram: NativeHistogram): number[] {
  return allRanges(histogram)
    .filter(({ count }) => count !== 0)
    .flatMap(({ lower, upper, lowerInclusive, upperInclusive, count }) => [
      lower,
      upper,
      Number(lowerInclusive),
      Number(upperInclusive),
      count,
    ]);
}

function list(offsets: Uint32Array<ArrayBuffer>, child: BlockColumn): BlockColumn {
  return { kind: 'list', offsets, child, valid: undefined };
}

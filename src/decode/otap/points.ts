// Tables of data points → rows of the tables of metrics. A point names its metric by the metric's id; rows come in the
// order of metrics, and those of one metric in the order of its points.

import { type Columns, ITEM, NONE } from '../arrow/columns.js';
import type { DistributionColumns, MetricColumns, PointColumns } from '../rows/metric-columns.js';
import { setAttributes } from './attributes.js';
import { setExemplars } from './exemplars.js';
import { readIds } from './ids.js';
import type { Payloads } from './message-payloads.js';
import { addRows, doubleWords, setCountLists, setDoubleLists, setDoubles, setInts, setUnsigned } from './numbers.js';
import type { PayloadName } from './payload-types.js';

/** The payload types of a kind of points and of what belongs to them. */
export interface PointPayloads {
  readonly points: PayloadName;
  readonly attributes: PayloadName;
  readonly exemplars?: PayloadName;
  readonly exemplarAttributes?: PayloadName;
}

export const numberPayloads: Required<PointPayloads> = {
  points: 'NUMBER_DATA_POINTS',
  attributes: 'NUMBER_DP_ATTRS',
  exemplars: 'NUMBER_DP_EXEMPLARS',
  exemplarAttributes: 'NUMBER_DP_EXEMPLAR_ATTRS',
};

export const histogramPayloads: Required<PointPayloads> = {
  points: 'HISTOGRAM_DATA_POINTS',
  attributes: 'HISTOGRAM_DP_ATTRS',
  exemplars: 'HISTOGRAM_DP_EXEMPLARS',
  exemplarAttributes: 'HISTOGRAM_DP_EXEMPLAR_ATTRS',
};

export const expHistogramPayloads: Required<PointPayloads> = {
  points: 'EXP_HISTOGRAM_DATA_POINTS',
  attributes: 'EXP_HISTOGRAM_DP_ATTRS',
  exemplars: 'EXP_HISTOGRAM_DP_EXEMPLARS',
  exemplarAttributes: 'EXP_HISTOGRAM_DP_EXEMPLAR_ATTRS',
};

export const summaryPayloads: PointPayloads = { points: 'SUMMARY_DATA_POINTS', attributes: 'SUMMARY_DP_ATTRS' };

/** Adds a row for each point in `order`. Returns the first. */
export type AddPoints = (payloads: Payloads, points: Columns, order: Uint32Array) => number;

/** Returns the function that adds the points of a Gauge or a Sum. */
export function numberPoints({ point, number }: Pick<MetricColumns['gauge'], 'point' | 'number'>): AddPoints {
  return (payloads, points, order) => {
    const { first, ids } = addPoints(payloads, numberPayloads, points, point, order);
    setNumbers(points, number, first, order);
    setPointExemplars(payloads, numberPayloads, ids, number.exemplars, first, order);
    return first;
  };
}

/** Returns the function that adds the points of a Histogram. */
export function histogramPoints(columns: MetricColumns['histogram']): AddPoints {
  const { point, distribution, bucketCounts, explicitBounds } = columns;
  return (payloads, points, order) => {
    const { first, ids } = addPoints(payloads, histogramPayloads, points, point, order);
    setDistribution(points, distribution, first, order);
    setCountLists(points, 'bucket_counts', bucketCounts, first, order);
    setDoubleLists(points, 'explicit_bounds', explicitBounds, first, order);
    setPointExemplars(payloads, histogramPayloads, ids, distribution.exemplars, first, order);
    return first;
  };
}

/** Returns the function that adds the points of an ExponentialHistogram. */
export function expHistogramPoints(columns: MetricColumns['expHistogram']): AddPoints {
  const { point, distribution } = columns;
  return (payloads, points, order) => {
    const { first, ids } = addPoints(payloads, expHistogramPayloads, points, point, order);
    setDistribution(points, distribution, first, order);
    setInts(points, 'scale', columns.scale, first, order);
    setUnsigned(points, 'zero_count', columns.zeroCount, first, order);
    setDoubles(points, 'zero_threshold', columns.zeroThreshold, first, order);
    const positive = points.struct('positive');
    setInts(positive, 'offset', columns.positiveOffset, first, order);
    setCountLists(positive, 'bucket_counts', columns.positiveBucketCounts, first, order);
    const negative = points.struct('negative');
    setInts(negative, 'offset', columns.negativeOffset, first, order);
    setCountLists(negative, 'bucket_counts', columns.negativeBucketCounts, first, order);
    setPointExemplars(payloads, expHistogramPayloads, ids, distribution.exemplars, first, order);
    return first;
  };
}

/** Returns the function that adds the points of a Summary. */
export function summaryPoints(columns: MetricColumns['summary']): AddPoints {
  return (payloads, points, order) => {
    const { first } = addPoints(payloads, summaryPayloads, points, columns.point, order);
    setUnsigned(points, 'count', columns.count, first, order);
    setDoubles(points, 'sum', columns.sum, first, order);
    setQuantiles(points, columns, first, order);
    return first;
  };
}

function addPoints(
  payloads: Payloads,
  { attributes }: PointPayloads,
  points: Columns,
  target: PointColumns,
  order: Uint32Array,
): { readonly first: number; readonly ids: Uint32Array } {
  const first = addRows(target.table, order.length);
  const ids = readIds(points, points.length);
  setUnsigned(points, 'time_unix_nano', target.time, first, order);
  setUnsigned(points, 'start_time_unix_nano', target.startTime, first, order);
  setInts(points, 'flags', target.flags, first, order);
  setAttributes(payloads.attributes(attributes), ids, target.attributes, first, order);
  return { first, ids };
}

function setPointExemplars(
  payloads: Payloads,
  { exemplars, exemplarAttributes }: Required<PointPayloads>,
  ids: Uint32Array,
  target: DistributionColumns['exemplars'],
  firstRow: number,
  order: Uint32Array,
): void {
  setExemplars(payloads, exemplars, exemplarAttributes, ids, target, firstRow, order);
}

/** A point has an integer, or else a double, or else no value. */
function setNumbers(
  points: Columns,
  target: MetricColumns['gauge']['number'],
  firstRow: number,
  order: Uint32Array,
): void {
  const ints = points.int64s('int_value');
  const doubles = points.doubles('double_value');
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const int = ints === undefined ? NONE : ints.entries[row]!;
    if (int !== NONE) {
      target.intValue.set(firstRow + i, ints!.values.words[2 * int]!, ints!.values.words[2 * int + 1]!);
      continue;
    }
    const double = doubles === undefined ? NONE : doubles.entries[row]!;
    if (double !== NONE) target.doubleValue.set(firstRow + i, doubles!.values.array[double]!);
  }
}

function setDistribution(points: Columns, target: DistributionColumns, firstRow: number, order: Uint32Array): void {
  setUnsigned(points, 'count', target.count, firstRow, order);
  setDoubles(points, 'sum', target.sum, firstRow, order);
  setDoubles(points, 'min', target.min, firstRow, order);
  setDoubles(points, 'max', target.max, firstRow, order);
}

function setQuantiles(points: Columns, target: MetricColumns['summary'], firstRow: number, order: Uint32Array): void {
  const lists = points.lists('quantile');
  if (lists === undefined) return;
  const items = lists.items.struct(ITEM);
  const quantiles = doubleWords(items, 'quantile');
  const values = doubleWords(items, 'value');
  for (let i = 0; i < order.length; i++) {
    const entry = lists.entries[order[i]!]!;
    if (entry === NONE) continue;
    const firstElement = target.quantiles.elementCount;
    for (let item = lists.offsets[entry]!; item < lists.offsets[entry + 1]!; item++) {
      quantiles.push(target.quantiles, item);
      values.push(target.quantileValues, item);
    }
    target.quantiles.setFrom(firstRow + i, firstElement);
    target.quantileValues.setFrom(firstRow + i, firstElement);
  }
}

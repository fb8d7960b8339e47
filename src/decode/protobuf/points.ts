// Data points → rows, one function for each message that is a point.

import type { ListColumn } from '../../buffer/column.js';
import type { MetricColumns } from '../rows/metric-columns.js';
import type { Wiring } from './fields.js';
import { itemTagsOf, tagsOf } from './messages.js';
import { NumberValue } from './number-value.js';
import { DistributionFields, PointFields, readCount } from './point-fields.js';
import type { WireReader } from './reader.js';
import { placeOfLast } from './well-formed.js';

const numberTags = tagsOf('NumberDataPoint');
const histogramTags = tagsOf('HistogramDataPoint');
const { bucket_counts: BUCKET_COUNT, explicit_bounds: EXPLICIT_BOUND } = itemTagsOf('HistogramDataPoint');
const expHistogramTags = tagsOf('ExponentialHistogramDataPoint');
const bucketsTags = tagsOf('Buckets');
const EXP_BUCKET_COUNT = itemTagsOf('Buckets').bucket_counts;
const summaryTags = tagsOf('SummaryDataPoint');
const quantileTags = tagsOf('ValueAtQuantile');

/** Returns the function that makes a row of the NumberDataPoint from reader.pos to `end`. */
export function numberPointDecoder(
  wiring: Wiring,
  columns: Pick<MetricColumns['gauge'], 'point' | 'number'>,
): (end: number) => void {
  const { reader } = wiring;
  const { intValue, doubleValue, exemplars } = columns.number;
  const point = new PointFields(wiring, numberTags, columns.point, exemplars);
  const value = new NumberValue(reader, numberTags);

  return (end) => {
    const row = point.begin();
    value.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      if (point.read(tag, end) || value.read(tag)) continue;
      reader.skipOther(tag, 'NumberDataPoint', end);
    }
    reader.leave(end);
    if (value.kind === 'int') intValue.set(row, value.low, value.high);
    else if (value.kind === 'double') doubleValue.set(row, value.double);
    point.finish(row, end);
  };
}

/** Returns the function that makes a row of the HistogramDataPoint from reader.pos to `end`. */
export function histogramPointDecoder(wiring: Wiring, columns: MetricColumns['histogram']): (end: number) => void {
  const { reader } = wiring;
  const { bucketCounts, explicitBounds } = columns;
  const point = new PointFields(wiring, histogramTags, columns.point, columns.distribution.exemplars);
  const distribution = new DistributionFields(reader, histogramTags, columns.distribution);

  return (end) => {
    const row = point.begin();
    const firstCount = bucketCounts.elementCount;
    const firstBound = explicitBounds.elementCount;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (point.read(tag, end) || distribution.read(tag, row)) continue;
      switch (tag) {
        case histogramTags.bucket_counts:
          readPacked(reader, bucketCounts, end, pushFixed64Count);
          break;
        case BUCKET_COUNT:
          pushFixed64Count(reader, bucketCounts);
          break;
        case histogramTags.explicit_bounds:
          readPacked(reader, explicitBounds, end, pushDouble);
          break;
        case EXPLICIT_BOUND:
          pushDouble(reader, explicitBounds);
          break;
        default:
          reader.skipOther(tag, 'HistogramDataPoint', end);
      }
    }
    reader.leave(end);
    bucketCounts.setFrom(row, firstCount);
    explicitBounds.setFrom(row, firstBound);
    point.finish(row, end);
  };
}

/** Returns the function that makes a row of the ExponentialHistogramDataPoint from reader.pos to `end`. */
export function expHistogramPointDecoder(
  wiring: Wiring,
  columns: MetricColumns['expHistogram'],
): (end: number) => void {
  const { reader } = wiring;
  const point = new PointFields(wiring, expHistogramTags, columns.point, columns.distribution.exemplars);
  const distribution = new DistributionFields(reader, expHistogramTags, columns.distribution);

  return (end) => {
    const row = point.begin();
    let positive = 0;
    let negative = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (point.read(tag, end) || distribution.read(tag, row)) continue;
      switch (tag) {
        case expHistogramTags.scale:
          columns.scale.set(row, reader.sint32());
          break;
        case expHistogramTags.zero_count:
          readCount(reader, columns.zeroCount, row);
          break;
        case expHistogramTags.zero_threshold:
          columns.zeroThreshold.set(row, reader.double());
          break;
        case expHistogramTags.positive:
          positive = placeOfLast(reader, positive, 'Buckets', end);
          break;
        case expHistogramTags.negative:
          negative = placeOfLast(reader, negative, 'Buckets', end);
          break;
        default:
          reader.skipOther(tag, 'ExponentialHistogramDataPoint', end);
      }
    }
    reader.leave(end);
    if (positive !== 0) {
      columns.positiveOffset.set(row, readBuckets(reader, positive, columns.positiveBucketCounts, row));
    }
    if (negative !== 0) {
      columns.negativeOffset.set(row, readBuckets(reader, negative, columns.negativeBucketCounts, row));
    }
    point.finish(row, end);
  };
}

/** Returns the function that makes a row of the SummaryDataPoint from reader.pos to `end`. */
export function summaryPointDecoder(wiring: Wiring, columns: MetricColumns['summary']): (end: number) => void {
  const { reader } = wiring;
  const { quantiles, quantileValues } = columns;
  const point = new PointFields(wiring, summaryTags, columns.point);

  return (end) => {
    const row = point.begin();
    const firstQuantile = quantiles.elementCount;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (point.read(tag, end)) continue;
      switch (tag) {
        case summaryTags.count:
          readCount(reader, columns.count, row);
          break;
        case summaryTags.sum:
          columns.sum.set(row, reader.double());
          break;
        case summaryTags.quantile_values:
          readQuantile(reader.lengthEnd(end));
          break;
        default:
          reader.skipOther(tag, 'SummaryDataPoint', end);
      }
    }
    reader.leave(end);
    quantiles.setFrom(row, firstQuantile);
    quantileValues.setFrom(row, firstQuantile);
    point.finish(row, end);
  };

  function readQuantile(end: number): void {
    let quantileLow = 0;
    let quantileHigh = 0;
    let valueLow = 0;
    let valueHigh = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case quantileTags.quantile:
          quantileLow = reader.fixed64();
          quantileHigh = reader.high;
          break;
        case quantileTags.value:
          valueLow = reader.fixed64();
          valueHigh = reader.high;
          break;
        default:
          reader.skipOther(tag, 'ValueAtQuantile', end);
      }
    }
    reader.leave(end);
    quantiles.push(quantileLow, quantileHigh);
    quantileValues.push(valueLow, valueHigh);
  }
}

/** Reads repeated numbers in their packed form. */
function readPacked(
  reader: WireReader,
  column: ListColumn,
  outerEnd: number,
  pushItem: (reader: WireReader, column: ListColumn) => void,
): void {
  const end = reader.lengthEnd(outerEnd);
  while (reader.pos < end) pushItem(reader, column);
  reader.leave(end);
}

function pushDouble(reader: WireReader, column: ListColumn): void {
  const low = reader.fixed64();
  column.push(low, reader.high);
}

function pushFixed64Count(reader: WireReader, column: ListColumn): void {
  const low = reader.fixed64InInt64();
  column.push(low, reader.high);
}

function pushVarintCount(reader: WireReader, column: ListColumn): void {
  const low = reader.varintInInt64();
  column.push(low, reader.high);
}

/** Reads the Buckets at `place` into the row's list. Returns their offset. */
function readBuckets(reader: WireReader, place: number, counts: ListColumn, row: number): number {
  const first = counts.elementCount;
  const end = reader.enter(place);
  let offset = 0;
  while (reader.pos < end) {
    const tag = reader.tag();
    switch (tag) {
      case bucketsTags.offset:
        offset = reader.sint32();
        break;
      case bucketsTags.bucket_counts:
        readPacked(reader, counts, end, pushVarintCount);
        break;
      case EXP_BUCKET_COUNT:
        pushVarintCount(reader, counts);
        break;
      default:
        reader.skipOther(tag, 'Buckets', end);
    }
  }
  reader.leave(end);
  counts.setFrom(row, first);
  return offset;
}

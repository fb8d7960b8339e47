// Data points and their exemplars → rows, one function for each message that is a point.

import type { ListColumn } from '../../buffer/column.js';
import { FILTERED_ATTRIBUTES, SPAN_ID, TIME_UNIX_NANO, TRACE_ID, VALUE } from '../json-literals.js';
import type { DistributionColumns, MetricColumns, PointColumns } from '../metric-columns.js';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, type Wiring, writeJsonId, writeJsonList } from './fields.js';
import { itemTagsOf, tagsOf } from './messages.js';
import { Places } from './places.js';
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
const exemplarTags = tagsOf('Exemplar');

const CLOSE_BRACE = 0x7d;

/** Returns the function that makes a row of the NumberDataPoint from reader.pos to `end`. */
export function numberPointDecoder(
  wiring: Wiring,
  columns: Pick<MetricColumns['gauge'], 'point' | 'number'>,
): (end: number) => void {
  const { reader, attributes } = wiring;
  const { point, number } = columns;
  const exemplars = new Places();
  const writeExemplar = exemplarWriter(wiring);

  return (end) => {
    const row = point.table.addRow();
    let timeLow = 0;
    let timeHigh = 0;
    let startLow = 0;
    let startHigh = 0;
    let flags = 0;
    let set = 0;
    let intLow = 0;
    let intHigh = 0;
    let double = 0;
    exemplars.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case numberTags.attributes:
          attributes.index(end);
          break;
        case numberTags.start_time_unix_nano:
          startLow = reader.fixed64InInt64();
          startHigh = reader.high;
          break;
        case numberTags.time_unix_nano:
          timeLow = reader.fixed64InInt64();
          timeHigh = reader.high;
          break;
        case numberTags.as_double:
          double = reader.double();
          set = tag;
          break;
        case numberTags.as_int:
          intLow = reader.fixed64();
          intHigh = reader.high;
          set = tag;
          break;
        case numberTags.exemplars:
          exemplars.add(reader.place(end));
          break;
        case numberTags.flags:
          flags = reader.varint();
          break;
        default:
          reader.skipOther(tag, 'NumberDataPoint', end);
      }
    }
    reader.leave(end);
    setPoint(point, row, timeLow, timeHigh, startLow, startHigh, flags);
    if (set === numberTags.as_int) number.intValue.set(row, intLow, intHigh);
    else if (set === numberTags.as_double) number.doubleValue.set(row, double);
    attributes.writeColumn(point.attributes, row);
    writeJsonList(wiring, number.exemplars, row, exemplars, writeExemplar);
    reader.pos = end;
  };
}

/** Returns the function that makes a row of the HistogramDataPoint from reader.pos to `end`. */
export function histogramPointDecoder(wiring: Wiring, columns: MetricColumns['histogram']): (end: number) => void {
  const { reader, attributes } = wiring;
  const { point, distribution, bucketCounts, explicitBounds } = columns;
  const exemplars = new Places();
  const writeExemplar = exemplarWriter(wiring);

  return (end) => {
    const row = point.table.addRow();
    const firstCount = bucketCounts.elementCount;
    const firstBound = explicitBounds.elementCount;
    let timeLow = 0;
    let timeHigh = 0;
    let startLow = 0;
    let startHigh = 0;
    let flags = 0;
    exemplars.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case histogramTags.attributes:
          attributes.index(end);
          break;
        case histogramTags.start_time_unix_nano:
          startLow = reader.fixed64InInt64();
          startHigh = reader.high;
          break;
        case histogramTags.time_unix_nano:
          timeLow = reader.fixed64InInt64();
          timeHigh = reader.high;
          break;
        case histogramTags.count:
          readCount(reader, distribution, row);
          break;
        case histogramTags.sum:
          distribution.sum.set(row, reader.double());
          break;
        case histogramTags.min:
          distribution.min.set(row, reader.double());
          break;
        case histogramTags.max:
          distribution.max.set(row, reader.double());
          break;
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
        case histogramTags.exemplars:
          exemplars.add(reader.place(end));
          break;
        case histogramTags.flags:
          flags = reader.varint();
          break;
        default:
          reader.skipOther(tag, 'HistogramDataPoint', end);
      }
    }
    reader.leave(end);
    setPoint(point, row, timeLow, timeHigh, startLow, startHigh, flags);
    bucketCounts.setFrom(row, firstCount);
    explicitBounds.setFrom(row, firstBound);
    attributes.writeColumn(point.attributes, row);
    writeJsonList(wiring, distribution.exemplars, row, exemplars, writeExemplar);
    reader.pos = end;
  };
}

/** Returns the function that makes a row of the ExponentialHistogramDataPoint from reader.pos to `end`. */
export function expHistogramPointDecoder(
  wiring: Wiring,
  columns: MetricColumns['expHistogram'],
): (end: number) => void {
  const { reader, attributes } = wiring;
  const { point, distribution } = columns;
  const exemplars = new Places();
  const writeExemplar = exemplarWriter(wiring);

  return (end) => {
    const row = point.table.addRow();
    let timeLow = 0;
    let timeHigh = 0;
    let startLow = 0;
    let startHigh = 0;
    let flags = 0;
    let positive = 0;
    let negative = 0;
    exemplars.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case expHistogramTags.attributes:
          attributes.index(end);
          break;
        case expHistogramTags.start_time_unix_nano:
          startLow = reader.fixed64InInt64();
          startHigh = reader.high;
          break;
        case expHistogramTags.time_unix_nano:
          timeLow = reader.fixed64InInt64();
          timeHigh = reader.high;
          break;
        case expHistogramTags.count:
          readCount(reader, distribution, row);
          break;
        case expHistogramTags.sum:
          distribution.sum.set(row, reader.double());
          break;
        case expHistogramTags.min:
          distribution.min.set(row, reader.double());
          break;
        case expHistogramTags.max:
          distribution.max.set(row, reader.double());
          break;
        case expHistogramTags.scale:
          columns.scale.set(row, reader.sint32());
          break;
        case expHistogramTags.zero_count: {
          const low = reader.fixed64InInt64();
          columns.zeroCount.set(row, low, reader.high);
          break;
        }
        case expHistogramTags.zero_threshold:
          columns.zeroThreshold.set(row, reader.double());
          break;
        case expHistogramTags.positive:
          positive = placeOfLast(reader, positive, 'Buckets', end);
          break;
        case expHistogramTags.negative:
          negative = placeOfLast(reader, negative, 'Buckets', end);
          break;
        case expHistogramTags.exemplars:
          exemplars.add(reader.place(end));
          break;
        case expHistogramTags.flags:
          flags = reader.varint();
          break;
        default:
          reader.skipOther(tag, 'ExponentialHistogramDataPoint', end);
      }
    }
    reader.leave(end);
    setPoint(point, row, timeLow, timeHigh, startLow, startHigh, flags);
    if (positive !== 0) {
      columns.positiveOffset.set(row, readBuckets(reader, positive, columns.positiveBucketCounts, row));
    }
    if (negative !== 0) {
      columns.negativeOffset.set(row, readBuckets(reader, negative, columns.negativeBucketCounts, row));
    }
    attributes.writeColumn(point.attributes, row);
    writeJsonList(wiring, distribution.exemplars, row, exemplars, writeExemplar);
    reader.pos = end;
  };
}

/** Returns the function that makes a row of the SummaryDataPoint from reader.pos to `end`. */
export function summaryPointDecoder(wiring: Wiring, columns: MetricColumns['summary']): (end: number) => void {
  const { reader, attributes } = wiring;
  const { point, quantiles, quantileValues } = columns;

  return (end) => {
    const row = point.table.addRow();
    const firstQuantile = quantiles.elementCount;
    let timeLow = 0;
    let timeHigh = 0;
    let startLow = 0;
    let startHigh = 0;
    let flags = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case summaryTags.attributes:
          attributes.index(end);
          break;
        case summaryTags.start_time_unix_nano:
          startLow = reader.fixed64InInt64();
          startHigh = reader.high;
          break;
        case summaryTags.time_unix_nano:
          timeLow = reader.fixed64InInt64();
          timeHigh = reader.high;
          break;
        case summaryTags.count:
          readCount(reader, columns, row);
          break;
        case summaryTags.sum:
          columns.sum.set(row, reader.double());
          break;
        case summaryTags.quantile_values:
          readQuantile(reader.lengthEnd(end));
          break;
        case summaryTags.flags:
          flags = reader.varint();
          break;
        default:
          reader.skipOther(tag, 'SummaryDataPoint', end);
      }
    }
    reader.leave(end);
    setPoint(point, row, timeLow, timeHigh, startLow, startHigh, flags);
    quantiles.setFrom(row, firstQuantile);
    quantileValues.setFrom(row, firstQuantile);
    attributes.writeColumn(point.attributes, row);
    reader.pos = end;
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

function setPoint(
  point: PointColumns,
  row: number,
  timeLow: number,
  timeHigh: number,
  startLow: number,
  startHigh: number,
  flags: number,
): void {
  if ((timeLow | timeHigh) !== 0) point.time.set(row, timeLow, timeHigh);
  if ((startLow | startHigh) !== 0) point.startTime.set(row, startLow, startHigh);
  point.flags.set(row, flags);
}

function readCount(reader: WireReader, { count }: Pick<DistributionColumns, 'count'>, row: number): void {
  const low = reader.fixed64InInt64();
  count.set(row, low, reader.high);
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

/** Returns the function that writes the Exemplar from reader.pos to `end` as a JSON object. */
function exemplarWriter(wiring: Wiring): (end: number) => void {
  const { reader, json, attributes } = wiring;
  return (end) => {
    const firstAttribute = attributes.count;
    let timeLow = 0;
    let timeHigh = 0;
    let spanId = 0;
    let traceId = 0;
    let set = 0;
    let intLow = 0;
    let intHigh = 0;
    let double = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case exemplarTags.filtered_attributes:
          attributes.index(end);
          break;
        case exemplarTags.time_unix_nano:
          timeLow = reader.fixed64InInt64();
          timeHigh = reader.high;
          break;
        case exemplarTags.as_double:
          double = reader.double();
          set = tag;
          break;
        case exemplarTags.as_int:
          intLow = reader.fixed64();
          intHigh = reader.high;
          set = tag;
          break;
        case exemplarTags.span_id:
          spanId = reader.place(end);
          break;
        case exemplarTags.trace_id:
          traceId = reader.place(end);
          break;
        default:
          reader.skipOther(tag, 'Exemplar', end);
      }
    }
    reader.leave(end);
    json.literal(FILTERED_ATTRIBUTES);
    attributes.writeObject(firstAttribute, 1);
    json.literal(SPAN_ID);
    writeJsonId(wiring, spanId, SPAN_ID_BYTES);
    json.literal(TIME_UNIX_NANO);
    json.uint64(timeLow, timeHigh);
    json.literal(TRACE_ID);
    writeJsonId(wiring, traceId, TRACE_ID_BYTES);
    json.literal(VALUE);
    if (set === exemplarTags.as_int) json.int64(intLow, intHigh);
    else if (set === exemplarTags.as_double && Number.isFinite(double)) json.double(double);
    else json.ascii('null');
    json.byte(CLOSE_BRACE);
  };
}

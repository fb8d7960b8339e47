// A Metric → one row per data point, in the table of its kind. What all points of a metric share may come after them,
// so those columns are filled when its message has ended.

import type { FixedWidthColumn, ListColumn } from '../../buffer/column.js';
import type { SignalRows } from '../../buffer/signal-rows.js';
import {
  type DistributionColumns,
  metricColumns,
  metricTexts,
  type NumberColumns,
  type PointColumns,
} from '../metric-columns.js';
import { enumNumbers } from './enum-numbers.js';
import { exemplarReader } from './exemplars.js';
import { FieldTable, NO_FIELD } from './field-table.js';
import { readCount, readDouble, readJsonList, readSharedText, readTime, type Wiring } from './fields.js';

const Metric = {
  name: 0,
  description: 1,
  unit: 2,
  gauge: 3,
  sum: 4,
  histogram: 5,
  exponentialHistogram: 6,
  summary: 7,
} as const;

/** Fields of Gauge, Sum and the others, of which each has some. */
const Data = { dataPoints: 0, aggregationTemporality: 1, isMonotonic: 2 } as const;
const { dataPoints, aggregationTemporality } = Data;

const Point = { timeUnixNano: 0, startTimeUnixNano: 1, attributes: 2, flags: 3 } as const;
const NumberPoint = { ...Point, asDouble: 4, asInt: 5, exemplars: 6 } as const;
const Distribution = { ...Point, count: 4, sum: 5, min: 6, max: 7, exemplars: 8 } as const;
const HistogramPoint = { ...Distribution, bucketCounts: 9, explicitBounds: 10 } as const;
const ExpHistogramPoint = {
  ...Distribution,
  scale: 9,
  zeroCount: 10,
  zeroThreshold: 11,
  positive: 12,
  negative: 13,
} as const;
const Buckets = { offset: 0, bucketCounts: 1 } as const;
const SummaryPoint = { ...Point, count: 4, sum: 5, quantileValues: 6 } as const;
const ValueAtQuantile = { quantile: 0, value: 1 } as const;

const temporalities = enumNumbers('AGGREGATION_TEMPORALITY', ['UNSPECIFIED', 'DELTA', 'CUMULATIVE']);

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);

/** Returns the function that reads a Metric and makes rows of it. */
export function metricDecoder(wiring: Wiring, rows: SignalRows): () => void {
  const { reader } = wiring;
  const fields = new FieldTable(Metric);
  const texts = metricTexts(rows);
  const readData = dataReaders(wiring, rows);

  return () => {
    let kind: number = NO_FIELD;
    texts.begin();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case Metric.name:
          readSharedText(wiring, texts, 'name');
          break;
        case Metric.description:
          readSharedText(wiring, texts, 'description');
          break;
        case Metric.unit:
          readSharedText(wiring, texts, 'unit');
          break;
        default:
          // The kinds are fields of a oneof: the last one that is there counts.
          if (reader.takeNull()) {
            if (field === kind) texts.dropRows();
          } else {
            texts.dropRows();
            kind = field;
            readData[field]!();
          }
      }
    }
    texts.fill();
  };
}

/** For each kind of metric, by its field, what reads its points and what they have in common. */
function dataReaders(wiring: Wiring, rows: SignalRows): Record<number, () => void> {
  const { gauge, sum, histogram, expHistogram, summary } = metricColumns(rows);
  return {
    [Metric.gauge]: dataReader(wiring, { dataPoints }, gauge, numberPointReader(wiring, gauge)),
    [Metric.sum]: dataReader(wiring, Data, sum, numberPointReader(wiring, sum)),
    [Metric.histogram]: dataReader(
      wiring,
      { dataPoints, aggregationTemporality },
      histogram,
      histogramPointReader(wiring, histogram),
    ),
    [Metric.exponentialHistogram]: dataReader(
      wiring,
      { dataPoints, aggregationTemporality },
      expHistogram,
      expHistogramPointReader(wiring, expHistogram),
    ),
    [Metric.summary]: dataReader(wiring, { dataPoints }, summary, summaryPointReader(wiring, summary)),
  };
}

interface DataColumns {
  readonly point: PointColumns;
  readonly temporality?: FixedWidthColumn<Int32Array>;
  readonly isMonotonic?: FixedWidthColumn<Uint8Array>;
}

function dataReader(
  { reader, numbers }: Wiring,
  ids: Partial<typeof Data>,
  { point: { table }, temporality, isMonotonic }: DataColumns,
  readPoint: () => void,
): () => void {
  const fields = new FieldTable(ids);

  return () => {
    const firstRow = table.rows;
    let temporalityOfAll = 0;
    let isMonotonicOfAll = false;
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case Data.dataPoints:
          table.truncate(firstRow);
          for (let more = reader.firstElement(); more; more = reader.nextElement()) readPoint();
          break;
        case Data.aggregationTemporality:
          temporalityOfAll = numbers.enumeration(temporalities);
          break;
        case Data.isMonotonic:
          isMonotonicOfAll = reader.boolean();
      }
    }
    temporality?.values.fill(temporalityOfAll, firstRow, table.rows);
    isMonotonic?.values.fill(isMonotonicOfAll ? 1 : 0, firstRow, table.rows);
  };
}

function readPointField(wiring: Wiring, field: number, columns: PointColumns, row: number): void {
  switch (field) {
    case Point.timeUnixNano:
      readTime(wiring, columns.time, row);
      break;
    case Point.startTimeUnixNano:
      readTime(wiring, columns.startTime, row);
      break;
    case Point.attributes:
      wiring.values.attributesColumn(columns.attributes, row);
      break;
    case Point.flags:
      columns.flags.set(row, wiring.numbers.uint32());
  }
}

function numberPointReader(wiring: Wiring, columns: { point: PointColumns; number: NumberColumns }): () => void {
  const { reader, numbers } = wiring;
  const { point } = columns;
  const { intValue, doubleValue, exemplars } = columns.number;
  const fields = new FieldTable(NumberPoint);
  const readExemplar = exemplarReader(wiring);

  return () => {
    const row = point.table.addRow();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case NumberPoint.asDouble:
          readDouble(wiring, doubleValue, row);
          if (isSet(doubleValue, row) && isSet(intValue, row)) intValue.clear(row, row + 1);
          break;
        case NumberPoint.asInt:
          if (reader.takeNull()) {
            intValue.clear(row, row + 1);
          } else {
            numbers.int64();
            intValue.set(row, numbers.low, numbers.high);
            if (isSet(doubleValue, row)) doubleValue.clear(row, row + 1);
          }
          break;
        case NumberPoint.exemplars:
          readJsonList(wiring, exemplars, row, readExemplar);
          break;
        default:
          readPointField(wiring, field, point, row);
      }
    }
  };
}

function isSet({ valid }: NumberColumns['intValue'] | NumberColumns['doubleValue'], row: number): boolean {
  return valid![row] === 1;
}

/** Reads a field that the points of both kinds of histogram have. */
function distributionFieldReader(
  wiring: Wiring,
  point: PointColumns,
  columns: DistributionColumns,
): (field: number, row: number) => void {
  const readExemplar = exemplarReader(wiring);

  return (field, row) => {
    switch (field) {
      case Distribution.count:
        readCount(wiring, columns.count, row);
        break;
      case Distribution.sum:
        readDouble(wiring, columns.sum, row);
        break;
      case Distribution.min:
        readDouble(wiring, columns.min, row);
        break;
      case Distribution.max:
        readDouble(wiring, columns.max, row);
        break;
      case Distribution.exemplars:
        readJsonList(wiring, columns.exemplars, row, readExemplar);
        break;
      default:
        readPointField(wiring, field, point, row);
    }
  };
}

function histogramPointReader(wiring: Wiring, columns: ReturnType<typeof metricColumns>['histogram']): () => void {
  const { reader } = wiring;
  const { point, bucketCounts, explicitBounds } = columns;
  const fields = new FieldTable(HistogramPoint);
  const readDistributionField = distributionFieldReader(wiring, point, columns.distribution);

  return () => {
    const row = point.table.addRow();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      if (field === HistogramPoint.bucketCounts) readCounts(wiring, bucketCounts, row);
      else if (field === HistogramPoint.explicitBounds) readDoubles(wiring, explicitBounds, row);
      else readDistributionField(field, row);
    }
  };
}

function expHistogramPointReader(
  wiring: Wiring,
  columns: ReturnType<typeof metricColumns>['expHistogram'],
): () => void {
  const { reader, numbers } = wiring;
  const { point } = columns;
  const fields = new FieldTable(ExpHistogramPoint);
  const readDistributionField = distributionFieldReader(wiring, point, columns.distribution);
  const readPositive = bucketsReader(wiring, columns.positiveOffset, columns.positiveBucketCounts);
  const readNegative = bucketsReader(wiring, columns.negativeOffset, columns.negativeBucketCounts);

  return () => {
    const row = point.table.addRow();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case ExpHistogramPoint.scale:
          columns.scale.set(row, numbers.int32());
          break;
        case ExpHistogramPoint.zeroCount:
          readCount(wiring, columns.zeroCount, row);
          break;
        case ExpHistogramPoint.zeroThreshold:
          columns.zeroThreshold.set(row, numbers.double());
          break;
        case ExpHistogramPoint.positive:
          readPositive(row);
          break;
        case ExpHistogramPoint.negative:
          readNegative(row);
          break;
        default:
          readDistributionField(field, row);
      }
    }
  };
}

function bucketsReader(
  wiring: Wiring,
  offset: FixedWidthColumn<Int32Array>,
  counts: ListColumn,
): (row: number) => void {
  const { reader, numbers } = wiring;
  const fields = new FieldTable(Buckets);

  return (row) => {
    offset.set(row, 0);
    counts.setFrom(row, counts.elementCount);
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      if (field === Buckets.offset) offset.set(row, numbers.int32());
      else readCounts(wiring, counts, row);
    }
  };
}

function summaryPointReader(wiring: Wiring, columns: ReturnType<typeof metricColumns>['summary']): () => void {
  const { reader, numbers } = wiring;
  const { point, quantiles, quantileValues } = columns;
  const fields = new FieldTable(SummaryPoint);
  const quantileFields = new FieldTable(ValueAtQuantile);

  return () => {
    const row = point.table.addRow();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case SummaryPoint.count:
          readCount(wiring, columns.count, row);
          break;
        case SummaryPoint.sum:
          columns.sum.set(row, numbers.double());
          break;
        case SummaryPoint.quantileValues:
          readQuantiles(row);
          break;
        default:
          readPointField(wiring, field, point, row);
      }
    }
  };

  function readQuantiles(row: number): void {
    const first = quantiles.elementCount;
    const firstValue = quantileValues.elementCount;
    for (let more = reader.firstElement(); more; more = reader.nextElement()) {
      let quantile = 0;
      let value = 0;
      for (
        let field = reader.firstField(quantileFields);
        field !== NO_FIELD;
        field = reader.nextField(quantileFields, field)
      ) {
        if (field === ValueAtQuantile.quantile) quantile = numbers.double();
        else value = numbers.double();
      }
      pushDouble(quantiles, quantile);
      pushDouble(quantileValues, value);
    }
    quantiles.setFrom(row, first);
    quantileValues.setFrom(row, firstValue);
  }
}

function readCounts({ reader, numbers }: Wiring, column: ListColumn, row: number): void {
  const first = column.elementCount;
  for (let more = reader.firstElement(); more; more = reader.nextElement()) {
    numbers.uint63();
    column.push(numbers.low, numbers.high);
  }
  column.setFrom(row, first);
}

function readDoubles({ reader, numbers }: Wiring, column: ListColumn, row: number): void {
  const first = column.elementCount;
  for (let more = reader.firstElement(); more; more = reader.nextElement()) pushDouble(column, numbers.double());
  column.setFrom(row, first);
}

function pushDouble(column: ListColumn, value: number): void {
  double[0] = value;
  column.push(doubleWords[0]!, doubleWords[1]!);
}

// Data points → rows, one function for each message that is a point.

import type { FixedWidthColumn, ListColumn } from '../../buffer/column.js';
import type { DistributionColumns, MetricColumns, NumberColumns, PointColumns } from '../rows/metric-columns.js';
import { exemplarReader } from './exemplars.js';
import { FieldTable, NO_FIELD } from './field-table.js';
import { readCount, readDouble, readJsonList, readTime, type Wiring } from './fields.js';

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

export function numberPointReader(wiring: Wiring, columns: { point: PointColumns; number: NumberColumns }): () => void {
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

export function histogramPointReader(wiring: Wiring, columns: MetricColumns['histogram']): () => void {
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

export function expHistogramPointReader(wiring: Wiring, columns: MetricColumns['expHistogram']): () => void {
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

export function summaryPointReader(wiring: Wiring, columns: MetricColumns['summary']): () => void {
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
      pushDouble(wiring, quantiles, quantile);
      pushDouble(wiring, quantileValues, value);
    }
    quantiles.setFrom(row, first);
    quantileValues.setFrom(row, firstValue);
  }
}

function readCounts({ reader, numbers }: Wiring, column: ListColumn, row: number): void {
  if (!column.isKept) {
    reader.passValue();
    return;
  }
  const first = column.elementCount;
  for (let more = reader.firstElement(); more; more = reader.nextElement()) {
    numbers.uint63();
    column.push(numbers.low, numbers.high);
  }
  column.setFrom(row, first);
}

function readDoubles(wiring: Wiring, column: ListColumn, row: number): void {
  const { reader, numbers } = wiring;
  if (!column.isKept) {
    reader.passValue();
    return;
  }
  const first = column.elementCount;
  for (let more = reader.firstElement(); more; more = reader.nextElement()) {
    pushDouble(wiring, column, numbers.double());
  }
  column.setFrom(row, first);
}

function pushDouble({ numbers }: Wiring, column: ListColumn, value: number): void {
  numbers.setDouble(value);
  column.push(numbers.low, numbers.high);
}

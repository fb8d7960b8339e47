// A Metric → one row per data point, in the table of its kind. What all points of a metric share may come after them,
// so those columns are filled when its message has ended.

import type { FixedWidthColumn } from '../../buffer/column.js';
import type { SignalRows } from '../../buffer/signal-rows.js';
import { metricColumns, metricTexts, type PointColumns } from '../rows/metric-columns.js';
import { enumNumbers } from './enum-numbers.js';
import { FieldTable, NO_FIELD } from './field-table.js';
import { readSharedText, type Wiring } from './fields.js';
import { expHistogramPointReader, histogramPointReader, numberPointReader, summaryPointReader } from './points.js';

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

const temporalities = enumNumbers('AGGREGATION_TEMPORALITY', ['UNSPECIFIED', 'DELTA', 'CUMULATIVE']);

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
  if (!table.isKept) return () => reader.passValue();

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

// A Metric → one row per data point, in the table of its kind.

import type { SignalRows } from '../../buffer/signal-rows.js';
import type { TableRows } from '../../buffer/table-rows.js';
import { metricColumns, metricTexts } from '../rows/metric-columns.js';
import { setSharedText, type Wiring } from './fields.js';
import { type MessageName, tagsOf } from './messages.js';
import { Places } from './places.js';
import { expHistogramPointDecoder, histogramPointDecoder, numberPointDecoder, summaryPointDecoder } from './points.js';
import type { WireReader } from './reader.js';
import { checkReplaced } from './well-formed.js';

const tags = tagsOf('Metric');
// Kinds that have these fields give them the same numbers.
const { data_points: POINT, aggregation_temporality: TEMPORALITY, is_monotonic: IS_MONOTONIC } = tagsOf('Sum');

/** How the points of one kind of metric are decoded, and the columns that all of them share. */
interface Kind {
  readonly message: MessageName;
  readonly table: TableRows;
  readonly decodePoint: (end: number) => void;
  readonly temporality?: { readonly values: Int32Array };
  readonly isMonotonic?: { readonly values: Uint8Array };
}

/** Returns the function that makes rows of the Metric from reader.pos to `end`. */
export function metricDecoder(wiring: Wiring, rows: SignalRows): (end: number) => void {
  const { reader } = wiring;
  const texts = metricTexts(rows);
  const kinds = kindsByTag(wiring, rows);
  /** What is set of the kind that came last. Messages of one field that comes again are merged, as protobuf has it. */
  const data = new Places();

  return (end) => {
    let name = 0;
    let description = 0;
    let unit = 0;
    let kind: Kind | undefined;
    data.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case tags.name:
          name = reader.place(end);
          break;
        case tags.description:
          description = reader.place(end);
          break;
        case tags.unit:
          unit = reader.place(end);
          break;
        case tags.gauge:
        case tags.sum:
        case tags.histogram:
        case tags.exponential_histogram:
        case tags.summary:
          if (kind !== kinds.get(tag)) {
            if (kind !== undefined) checkAllReplaced(reader, data, kind.message);
            data.clear();
            kind = kinds.get(tag)!;
          }
          data.add(reader.place(end));
          break;
        default:
          reader.skipOther(tag, 'Metric', end);
      }
    }
    reader.leave(end);
    if (kind?.table.isKept) {
      texts.begin();
      setSharedText(wiring, texts, 'name', name);
      setSharedText(wiring, texts, 'description', description);
      setSharedText(wiring, texts, 'unit', unit);
      decodePoints(wiring, kind, data);
      texts.fill();
    }
    reader.pos = end;
  };
}

function kindsByTag(wiring: Wiring, rows: SignalRows): ReadonlyMap<number, Kind> {
  const { gauge, sum, histogram, expHistogram, summary } = metricColumns(rows);
  return new Map<number, Kind>([
    [
      tags.gauge,
      {
        message: 'Gauge',
        table: gauge.point.table,
        decodePoint: numberPointDecoder(wiring, gauge),
      },
    ],
    [
      tags.sum,
      {
        message: 'Sum',
        table: sum.point.table,
        decodePoint: numberPointDecoder(wiring, sum),
        temporality: sum.temporality,
        isMonotonic: sum.isMonotonic,
      },
    ],
    [
      tags.histogram,
      {
        message: 'Histogram',
        table: histogram.point.table,
        decodePoint: histogramPointDecoder(wiring, histogram),
        temporality: histogram.temporality,
      },
    ],
    [
      tags.exponential_histogram,
      {
        message: 'ExponentialHistogram',
        table: expHistogram.point.table,
        decodePoint: expHistogramPointDecoder(wiring, expHistogram),
        temporality: expHistogram.temporality,
      },
    ],
    [
      tags.summary,
      {
        message: 'Summary',
        table: summary.point.table,
        decodePoint: summaryPointDecoder(wiring, summary),
      },
    ],
  ]);
}

function checkAllReplaced(reader: WireReader, places: Places, message: MessageName): void {
  for (let i = 0; i < places.count; i++) checkReplaced(reader, places.at(i), message);
}

function decodePoints({ reader }: Wiring, kind: Kind, data: Places): void {
  const { table, decodePoint } = kind;
  const firstRow = table.rows;
  let temporality = 0;
  let isMonotonic = false;
  for (let i = 0; i < data.count; i++) {
    const end = reader.enter(data.at(i));
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === POINT) decodePoint(reader.lengthEnd(end));
      else if (tag === TEMPORALITY && kind.temporality !== undefined) temporality = reader.varint();
      else if (tag === IS_MONOTONIC && kind.isMonotonic !== undefined) isMonotonic = reader.bool();
      else reader.skipOther(tag, kind.message, end);
    }
    reader.leave(end);
  }
  kind.temporality?.values.fill(temporality, firstRow, table.rows);
  kind.isMonotonic?.values.fill(isMonotonic ? 1 : 0, firstRow, table.rows);
}

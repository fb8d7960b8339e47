// Rows of one table → samples by series. Rows come in the order of the table, and leave by series and rising time.

import type { SeriesSamples } from '#promql';
import type { NativeHistogram } from '#promql/histogram/native-histogram';
import type { BlockColumn, ColumnBlock } from '../scan/scanner.js';
import { nativeHistogram } from './exponential-histogram.js';
import type { PointField } from './point-table.js';
import { RisingOrder } from './rising-order.js';
import type { SelectedSeries } from './selected-series.js';
import { halvesOf } from './series-catalogue.js';
import type { OutputPart, SeriesOutput } from './series-output.js';
import { type NumberSlabs, type ReserveBytes, SeriesRecords } from './series-records.js';
import type { TableRead } from './table-read.js';

/** Columns in front of a point's own numbers: the id and the time. */
const LEADING_COLUMNS = 2;

/** A native histogram without its buckets. */
const HISTOGRAM_BYTES = 512;
/** A bucket's index and count, in arrays that grow by half. */
const BUCKET_BYTES = 24;

/** Memory that the tables of one selection are gathered in. */
export interface GatheringRoom {
  readonly records: NumberSlabs;
  /** For times and values that leave. Who holds them counts them. */
  readonly samples: NumberSlabs;
  /** For what is kept outside of both. */
  readonly reserveBytes: ReserveBytes;
}

export class GatheredTable {
  readonly read: TableRead;
  /** Places of series that were not known when their rows came. They count as wanted. */
  readonly unknown: number[] = [];
  readonly #selected: SelectedSeries;
  readonly #room: GatheringRoom;
  readonly #records: SeriesRecords;
  /** Whether records are a time and a value. */
  readonly #arePairs: boolean;
  readonly #histograms: (NativeHistogram | undefined)[] = [];
  readonly #order = new RisingOrder();
  #settled: SettledSeries | undefined;
  #tooCoarse = 0;

  constructor(read: TableRead, selected: SelectedSeries, room: GatheringRoom) {
    this.read = read;
    this.#selected = selected;
    this.#room = room;
    this.#records = new SeriesRecords(room.records, (place) => this.#begin(place));
    this.#arePairs = read.fields.length === 1 && read.fields[0] === 'value' && !read.hasStart;
  }

  /** Whether no two of the series that match have the same labels. */
  get areDistinct(): boolean {
    return this.#selected.areDistinct;
  }

  /** Places of series that are wanted and have rows, in an order that is the same for every query. */
  placesWithRows(): readonly number[] {
    const found: number[] = [];
    for (const place of this.#selected.places) if (this.#records.has(place)) found.push(place);
    return found;
  }

  /** The series of Prometheus at a place with rows. */
  outputsAt(place: number): readonly SeriesOutput[] {
    return this.#selected.outputsAt(place);
  }

  /** Points whose scale no native histogram has. */
  get tooCoarse(): number {
    return this.#tooCoarse;
  }

  add(block: ColumnBlock): void {
    const { catalogue } = this.read;
    const places = catalogue.placesOf(halvesOf(block.columns[0]!));
    if (catalogue.table.kind === 'exponential') this.#addHistograms(block, places);
    else if (this.#arePairs) this.#records.addPairs(places, numbersOf(block.columns[1]!), numbersOf(block.columns[2]!));
    else this.#addRecords(block, places);
  }

  /** Samples of one of the series of Prometheus at a place. Those of one place after the other share their times. */
  samplesOf(place: number, { labels, part }: SeriesOutput): SeriesSamples {
    if (this.#settled?.place !== place) this.#settled = this.#settle(place);
    const { times, stale, startTimes } = this.#settled;
    const isDelta = this.read.catalogue.seriesAt(place)!.metric.facts.isDelta;
    return { labels, times, stale, startTimes, ...this.#valuesOf(this.#settled, part), ...(isDelta && { isDelta }) };
  }

  /** Called when the memory of samples is used for others. */
  forgetSamples(): void {
    this.#settled = undefined;
  }

  #settle(place: number): SettledSeries {
    const count = this.#records.countOf(place);
    const times = this.#room.samples.take(count);
    const values = this.#arePairs ? this.#room.samples.take(count) : undefined;
    if (values === undefined) this.#records.copy(place, 0, times);
    else this.#records.copyPairs(place, times, values);
    let stale: Uint8Array | undefined;
    for (let at = 0; at < count; at++) {
      const marked = times[at]!;
      const time = Math.floor(marked);
      if (time === marked) continue;
      times[at] = time;
      stale ??= new Uint8Array(count);
      stale[at] = 1;
    }
    const order = this.#order.of(times);
    const ordered: Pick<SettledSeries, 'times' | 'stale' | 'values'> =
      order === undefined
        ? { times, stale, values }
        : {
            times: this.#inOrder(times, order),
            stale: stale && Uint8Array.from(order, (at) => stale[at]!),
            values: values && this.#inOrder(values, order),
          };
    const settled: SettledSeries = { place, count, order, ...ordered, startTimes: undefined, cumulative: [] };
    return this.read.hasStart ? { ...settled, startTimes: this.#column(settled, 1) } : settled;
  }

  /** One number of each record of a series, by rising time. */
  #column({ place, count, order }: SettledSeries, number: number): Float64Array {
    const values = this.#room.samples.take(count);
    this.#records.copy(place, number, values);
    return order === undefined ? values : this.#inOrder(values, order);
  }

  #inOrder(values: Float64Array, order: Int32Array): Float64Array {
    const ordered = this.#room.samples.take(order.length);
    for (let at = 0; at < order.length; at++) ordered[at] = values[order[at]!]!;
    return ordered;
  }

  #valuesOf(settled: SettledSeries, part: OutputPart): Pick<SeriesSamples, 'values' | 'histograms'> {
    if (settled.values !== undefined) return { values: settled.values, histograms: undefined };
    const first = this.read.hasStart ? 2 : 1;
    if (part.kind === 'bucket') return { values: this.#bucketsUpTo(settled, first, part.place), histograms: undefined };
    const values = this.#column(settled, first + offsetOf(part, this.read.fields));
    if (part.kind !== 'histogram') return { values, histograms: undefined };
    return { values, histograms: Array.from(values, (at) => this.#histograms[at]) };
  }

  /** What a bucket and those in front of it have counted. */
  #bucketsUpTo(settled: SettledSeries, first: number, bucket: number): Float64Array {
    const { cumulative } = settled;
    const firstBucket = first + this.read.fields.length - 1;
    for (let next = cumulative.length; next <= bucket; next++) {
      const counts = this.#column(settled, firstBucket + next);
      const before = cumulative[next - 1];
      if (before !== undefined) for (let at = 0; at < counts.length; at++) counts[at] = before[at]! + counts[at]!;
      cumulative.push(counts);
    }
    return cumulative[bucket]!;
  }

  /** Numbers in the order of the columns; those of lists come last. */
  #addRecords({ columns }: ColumnBlock, places: Int32Array): void {
    const numbers = columns
      .slice(1)
      .filter(({ kind }) => kind === 'double')
      .map(numbersOf);
    const list = columns.find(({ kind }) => kind === 'list');
    const [offsets, elements] =
      list?.kind === 'list'
        ? [list.offsets, numbersOf(list.child)]
        : [new Uint32Array(places.length + 1), new Float64Array(0)];
    this.#records.addRecords(
      places,
      (row) => numbers.length + offsets[row + 1]! - offsets[row]!,
      (row, slab, from, to) => {
        let at = from;
        for (let column = 0; column < numbers.length; column++) slab[at++] = numbers[column]![row]!;
        const end = offsets[row + 1]!;
        for (let element = offsets[row]!; element < end && at < to; element++) slab[at++] = elements[element]!;
        slab.fill(NaN, at, to);
        return true;
      },
    );
  }

  #addHistograms({ columns }: ColumnBlock, places: Int32Array): void {
    const { hasStart, fields } = this.read;
    const columnOf = (field: PointField) => columns[LEADING_COLUMNS + Number(hasStart) + fields.indexOf(field)]!;
    const numberOf = (field: PointField) => numbersOf(columnOf(field));
    const [times, starts] = [numbersOf(columns[1]!), hasStart ? numbersOf(columns[2]!) : undefined];
    const [counts, sums, scales, zeroCounts] = [
      numberOf('count'),
      numberOf('sum'),
      numberOf('scale'),
      numberOf('zeroCount'),
    ];
    const [positiveOffsets, negativeOffsets] = [numberOf('positiveOffset'), numberOf('negativeOffset')];
    const [positive, negative] = [listOf(columnOf('positive')), listOf(columnOf('negative'))];
    let bytes = 0;
    this.#records.addRecords(
      places,
      () => (hasStart ? 3 : 2),
      (row, slab, from, to) => {
        const isStale = !Number.isInteger(times[row]);
        const histogram = isStale
          ? undefined
          : nativeHistogram({
              count: counts[row]!,
              sum: sums[row]!,
              scale: scales[row]!,
              zeroCount: zeroCounts[row]!,
              positiveOffset: positiveOffsets[row]!,
              positive: positive(row),
              negativeOffset: negativeOffsets[row]!,
              negative: negative(row),
            });
        if (histogram === undefined && !isStale) {
          this.#tooCoarse++;
          return false;
        }
        if (histogram !== undefined) bytes += bytesOf(histogram);
        slab[from] = times[row]!;
        if (starts !== undefined) slab[from + 1] = starts[row]!;
        slab[to - 1] = this.#histograms.push(histogram) - 1;
        return true;
      },
    );
    this.#room.reserveBytes(bytes);
  }

  /** Whether rows of a series are kept. */
  #begin(place: number): boolean {
    const isWanted = this.#selected.has(place);
    if (isWanted === undefined) this.unknown.push(place);
    return isWanted !== false;
  }
}

/** A series whose records are in order. */
interface SettledSeries {
  readonly place: number;
  /** Records, before those with equal times were left out. */
  readonly count: number;
  readonly order: Int32Array | undefined;
  readonly times: Float64Array;
  readonly stale: Uint8Array | undefined;
  /** Of records that are a time and a value. */
  readonly values: Float64Array | undefined;
  readonly startTimes: Float64Array | undefined;
  /** Counts of each bucket and those in front of it, as far as they were asked for. */
  readonly cumulative: Float64Array[];
}

function bytesOf({ positive, negative }: NativeHistogram): number {
  return HISTOGRAM_BYTES + BUCKET_BYTES * (positive.counts.length + negative.counts.length);
}

/** Where the part stands behind the times of a record: numbers first, then the elements of the list. */
function offsetOf(part: OutputPart, fields: readonly PointField[]): number {
  switch (part.kind) {
    case 'value':
    case 'histogram':
      return 0;
    case 'count':
    case 'sum':
      return fields.indexOf(part.kind);
    case 'bucket':
    case 'quantile':
      return fields.length - 1 + (part.kind === 'quantile' ? part.place : 0);
  }
}

function numbersOf(column: BlockColumn): Float64Array {
  if (column.kind !== 'double') throw new Error(`BUG: a ${column.kind} column is read as numbers`);
  return column.values;
}

function listOf(column: BlockColumn): (row: number) => Float64Array {
  if (column.kind !== 'list') throw new Error(`BUG: a ${column.kind} column is read as lists`);
  const elements = numbersOf(column.child);
  return (row) => elements.subarray(column.offsets[row], column.offsets[row + 1]);
}

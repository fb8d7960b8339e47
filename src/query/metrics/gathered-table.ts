// Rows of one table → samples by series. Rows come in the order of the table, and leave by series and rising time.

import type { SeriesSamples } from '#promql';
import type { Labels } from '#promql/data/labels';
import type { NativeHistogram } from '#promql/histogram/native-histogram';
import type { BlockColumn, ColumnBlock } from '../scan/scanner.js';
import { nativeHistogram } from './exponential-histogram.js';
import type { PointField } from './point-table.js';
import { NumberSlabs, RecordList, type ReserveBytes, Scratch } from './record-list.js';
import { halvesOf } from './series-catalogue.js';
import type { OutputPart } from './series-output.js';
import type { TableRead } from './table-read.js';

/** Columns in front of a point's own numbers: the id and the time. */
const LEADING_COLUMNS = 2;

/** In place of a list: rows of this series are passed over. */
const UNWANTED = 'unwanted';

/** A native histogram without its buckets. */
const HISTOGRAM_BYTES = 512;
/** A bucket's index and count, in arrays that grow by half. */
const BUCKET_BYTES = 24;

type IsWanted = (place: number) => boolean;

/** Memory that the tables of one selection are gathered in. */
export interface GatheringRoom {
  readonly slabs: NumberSlabs;
  /** For what is kept outside of the slabs. */
  readonly reserveBytes: ReserveBytes;
}

export class GatheredTable {
  readonly read: TableRead;
  /** Places of series that were not known when their rows came. They count as wanted. */
  readonly unknown: number[] = [];
  readonly #slabs: NumberSlabs;
  readonly #reserve: ReserveBytes;
  /** Times and values that have left. Who holds them counts them. */
  readonly #samples = new NumberSlabs(() => undefined);
  readonly #scratch = new Scratch();
  readonly #isWanted: IsWanted;
  readonly #lists: (RecordList | typeof UNWANTED | undefined)[] = [];
  readonly #histograms: (NativeHistogram | undefined)[] = [];
  /** Places with rows. */
  readonly #places: number[] = [];
  #tooCoarse = 0;

  constructor(read: TableRead, { slabs, reserveBytes }: GatheringRoom, isWanted: IsWanted) {
    this.read = read;
    this.#reserve = reserveBytes;
    this.#slabs = slabs;
    this.#isWanted = isWanted;
  }

  /** Places of series with rows, in the order in which they came first. */
  get places(): readonly number[] {
    return this.#places;
  }

  /** Points whose scale no native histogram has. */
  get tooCoarse(): number {
    return this.#tooCoarse;
  }

  add(block: ColumnBlock): void {
    if (this.read.catalogue.table.kind === 'exponential') this.#addHistograms(block);
    else if (this.read.fields.length === 1 && this.read.fields[0] === 'value' && !this.read.hasStart)
      this.#addPairs(block);
    else this.#addRecords(block);
  }

  /** Samples of the part of a point that a series of Prometheus shows. */
  samplesOf(place: number, records: Float64Array, labels: Labels, part: OutputPart): SeriesSamples {
    const { width } = this.#listAt(place);
    const { hasStart, fields, catalogue } = this.read;
    const count = records.length / width;
    const times = this.#samples.take(count);
    let stale: Uint8Array | undefined;
    for (let record = 0, at = 0; record < count; record++, at += width) {
      const time = records[at]!;
      times[record] = Math.floor(time);
      if (time === times[record]) continue;
      stale ??= new Uint8Array(count);
      stale[record] = 1;
    }
    const first = hasStart ? 2 : 1;
    const from = first + offsetOf(part, fields);
    const values = this.#samples.take(count);
    let histograms: (NativeHistogram | undefined)[] | undefined;
    if (part.kind === 'histogram') {
      histograms = Array.from({ length: count }, (_, record) => this.#histograms[records[record * width + first]!]);
    } else if (part.kind === 'bucket') {
      for (let record = 0, at = from; record < count; record++, at += width) {
        let sum = 0;
        for (let bucket = 0; bucket <= part.place; bucket++) sum += records[at + bucket]!;
        values[record] = sum;
      }
    } else {
      for (let record = 0, at = from; record < count; record++, at += width) values[record] = records[at]!;
    }
    const startTimes = hasStart
      ? Float64Array.from({ length: count }, (_, record) => records[record * width + 1]!)
      : undefined;
    const isDelta = catalogue.seriesAt(place)!.metric.facts.isDelta;
    return { labels, times, values, stale, histograms, startTimes, ...(isDelta && { isDelta }) };
  }

  /** Records of a place by rising time, until those of another are asked for. */
  recordsOf(place: number): Float64Array {
    return this.#listAt(place).settled(this.#scratch);
  }

  #listAt(place: number): RecordList {
    return this.#lists[place] as RecordList;
  }

  #addPairs({ rowCount, columns }: ColumnBlock): void {
    const halves = halvesOf(columns[0]!);
    const times = numbersOf(columns[1]!);
    const values = numbersOf(columns[2]!);
    const { catalogue } = this.read;
    for (let row = 0; row < rowCount; row++) {
      const place = catalogue.placeOf(halves[2 * row]!, halves[2 * row + 1]!);
      const list = this.#lists[place] ?? this.#begin(place, 2);
      if (list !== UNWANTED) list.addPair(times[row]!, values[row]!);
    }
  }

  /** Numbers in the order of the columns; those of lists come last. */
  #addRecords({ rowCount, columns }: ColumnBlock): void {
    const halves = halvesOf(columns[0]!);
    const numbers = columns
      .slice(1)
      .filter(({ kind }) => kind === 'double')
      .map(numbersOf);
    const list = columns.find(({ kind }) => kind === 'list');
    const [offsets, elements] = list?.kind === 'list' ? [list.offsets, numbersOf(list.child)] : [];
    const { catalogue } = this.read;
    for (let row = 0; row < rowCount; row++) {
      const place = catalogue.placeOf(halves[2 * row]!, halves[2 * row + 1]!);
      const [from, to] = offsets === undefined ? [0, 0] : [offsets[row]!, offsets[row + 1]!];
      const records = this.#lists[place] ?? this.#begin(place, numbers.length + to - from);
      if (records === UNWANTED) continue;
      const record = records.add();
      let at = 0;
      for (const column of numbers) record[at++] = column[row]!;
      for (let element = from; element < to && at < record.length; element++) record[at++] = elements![element]!;
      record.fill(NaN, at);
    }
  }

  #addHistograms({ rowCount, columns }: ColumnBlock): void {
    const halves = halvesOf(columns[0]!);
    const { catalogue, hasStart, fields } = this.read;
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
    for (let row = 0; row < rowCount; row++) {
      const place = catalogue.placeOf(halves[2 * row]!, halves[2 * row + 1]!);
      const list = this.#lists[place] ?? this.#begin(place, hasStart ? 3 : 2);
      if (list === UNWANTED) continue;
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
        continue;
      }
      if (histogram !== undefined) bytes += bytesOf(histogram);
      const record = list.add();
      record[0] = times[row]!;
      if (starts !== undefined) record[1] = starts[row]!;
      record[record.length - 1] = this.#histograms.push(histogram) - 1;
    }
    this.#reserve(bytes);
  }

  #begin(place: number, width: number): RecordList | typeof UNWANTED {
    const isKnown = this.read.catalogue.seriesAt(place) !== undefined;
    const list = isKnown && !this.#isWanted(place) ? UNWANTED : new RecordList(width, this.#slabs);
    this.#lists[place] = list;
    if (list !== UNWANTED) {
      this.#places.push(place);
      if (!isKnown) this.unknown.push(place);
    }
    return list;
  }
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

// What points have in common, read by the same code although each message numbers its fields in its own way.

import type { TextColumn } from '../../buffer/column.js';
import type { DistributionColumns, PointColumns } from '../rows/metric-columns.js';
import { exemplarWriter } from './exemplars.js';
import { type Wiring, writeJsonList } from './fields.js';
import { Places } from './places.js';
import type { WireReader } from './reader.js';

interface PointTags {
  readonly attributes: number;
  readonly start_time_unix_nano: number;
  readonly time_unix_nano: number;
  readonly flags: number;
  /** Summaries have none. */
  readonly exemplars?: number;
}

interface DistributionTags {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Times, attributes, flags and exemplars of any point. */
export class PointFields {
  readonly #wiring: Wiring;
  readonly #columns: PointColumns;
  readonly #exemplarsColumn: TextColumn | undefined;
  readonly #writeExemplar: (end: number) => void;
  readonly #exemplars = new Places();
  readonly #attributesTag: number;
  readonly #startTimeTag: number;
  readonly #timeTag: number;
  readonly #flagsTag: number;
  readonly #exemplarsTag: number | undefined;
  #startLow = 0;
  #startHigh = 0;
  #timeLow = 0;
  #timeHigh = 0;
  #flags = 0;

  constructor(wiring: Wiring, tags: PointTags, columns: PointColumns, exemplars?: TextColumn) {
    this.#wiring = wiring;
    this.#columns = columns;
    this.#exemplarsColumn = exemplars;
    this.#writeExemplar = exemplarWriter(wiring);
    this.#attributesTag = tags.attributes;
    this.#startTimeTag = tags.start_time_unix_nano;
    this.#timeTag = tags.time_unix_nano;
    this.#flagsTag = tags.flags;
    this.#exemplarsTag = tags.exemplars;
  }

  /** Begins a point. Returns its row. */
  begin(): number {
    this.#startLow = 0;
    this.#startHigh = 0;
    this.#timeLow = 0;
    this.#timeHigh = 0;
    this.#flags = 0;
    this.#exemplars.clear();
    return this.#columns.table.addRow();
  }

  /** Reads the field that `tag` begins in a point that ends at `end`. Returns false where it is none of these. */
  read(tag: number, end: number): boolean {
    const { reader, attributes } = this.#wiring;
    switch (tag) {
      case this.#attributesTag:
        if (this.#columns.attributes.isKept) attributes.index(end);
        else reader.place(end);
        return true;
      case this.#startTimeTag:
        this.#startLow = reader.fixed64InInt64();
        this.#startHigh = reader.high;
        return true;
      case this.#timeTag:
        this.#timeLow = reader.fixed64InInt64();
        this.#timeHigh = reader.high;
        return true;
      case this.#flagsTag:
        this.#flags = reader.varint();
        return true;
      case this.#exemplarsTag:
        this.#exemplars.add(reader.place(end));
        return true;
      default:
        return false;
    }
  }

  /** Sets the columns of a point that has been read to its `end`, where it leaves the reader. */
  finish(row: number, end: number): void {
    const { time, startTime, flags, attributes } = this.#columns;
    if ((this.#timeLow | this.#timeHigh) !== 0) time.set(row, this.#timeLow, this.#timeHigh);
    if ((this.#startLow | this.#startHigh) !== 0) startTime.set(row, this.#startLow, this.#startHigh);
    flags.set(row, this.#flags);
    this.#wiring.attributes.writeColumn(attributes, row);
    if (this.#exemplarsColumn !== undefined) {
      writeJsonList(this.#wiring, this.#exemplarsColumn, row, this.#exemplars, this.#writeExemplar);
    }
    this.#wiring.reader.pos = end;
  }
}

/** Count, sum, min and max of the points of both kinds of histogram. */
export class DistributionFields {
  readonly #reader: WireReader;
  readonly #columns: DistributionColumns;
  readonly #countTag: number;
  readonly #sumTag: number;
  readonly #minTag: number;
  readonly #maxTag: number;

  constructor(reader: WireReader, tags: DistributionTags, columns: DistributionColumns) {
    this.#reader = reader;
    this.#columns = columns;
    this.#countTag = tags.count;
    this.#sumTag = tags.sum;
    this.#minTag = tags.min;
    this.#maxTag = tags.max;
  }

  /** Reads the field that `tag` begins into its column. Returns false where it is none of these. */
  read(tag: number, row: number): boolean {
    const { count, sum, min, max } = this.#columns;
    switch (tag) {
      case this.#countTag:
        readCount(this.#reader, count, row);
        return true;
      case this.#sumTag:
        sum.set(row, this.#reader.double());
        return true;
      case this.#minTag:
        min.set(row, this.#reader.double());
        return true;
      case this.#maxTag:
        max.set(row, this.#reader.double());
        return true;
      default:
        return false;
    }
  }
}

/** Reads a count of 8 bytes. */
export function readCount(reader: WireReader, column: DistributionColumns['count'], row: number): void {
  const low = reader.fixed64InInt64();
  column.set(row, low, reader.high);
}

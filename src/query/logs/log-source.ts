// otlp_logs → the entries that LogQL reads. Newest first without sorting what is not wanted: a slice of time is chosen by
// the times of its rows alone, read whole, and the next one is the larger the fewer rows there were.

import type {
  BucketSelection,
  BucketSeries,
  LogBatch,
  LogFilter,
  LogOrder,
  LogReadContext,
  LogSelection,
  LogSource,
} from '#logql';
import type { Principal } from '../../server/identity/principal.js';
import { bigintAt, numberAt } from '../scan/block-values.js';
import type { Scanner } from '../scan/scanner.js';
import { bucketSeries } from './bucket-counts.js';
import { labelFilterSql } from './label-filter-sql.js';
import { lineFilterSql } from './line-filter-sql.js';
import { LogRowReader } from './log-row.js';
import type { ResourceCatalogue, SelectedResources } from './resource-catalogue.js';
import { rowsSql, TIME_US_SQL, type TimeRange } from './time-sql.js';

/** How long the slice is that is looked at first: most of what is asked for is what came last. */
const FIRST_SLICE_NS = 15_000_000_000n;
/** The next slice is longer by this, unless there were many rows. */
const SLICE_GROWTH = 4n;
/** Rows of a slice that DuckDB sorts at once, in columns of some kilobytes each: what a query takes of memory there. */
const MAX_SLICE_ROWS = 65_536;

/** Whether SQL says what it can of a query, or only its time and streams: for tests that compare the two. */
export type Pushdown = 'all' | 'streams only';

export class TableLogSource implements LogSource<Principal> {
  readonly #scanner: Scanner;
  readonly #catalogue: ResourceCatalogue;
  readonly #pushdown: Pushdown;

  constructor(scanner: Scanner, catalogue: ResourceCatalogue, pushdown: Pushdown = 'all') {
    this.#scanner = scanner;
    this.#catalogue = catalogue;
    this.#pushdown = pushdown;
  }

  async *read(selection: LogSelection, { signal }: LogReadContext<Principal>): AsyncGenerator<LogBatch> {
    const reader = new LogRowReader(selection.needs);
    if (selection.order === 'any') {
      yield* this.#readAll(selection, reader, signal);
      return;
    }
    let wanted = selection.limit ?? Number.POSITIVE_INFINITY;
    for (let slice = firstSlice(selection); slice !== undefined && wanted > 0; ) {
      // Which resources there are is asked of each slice alone: most queries need few.
      const selected = await this.#catalogue.select(this.#scanner, { ...selection, ...slice }, signal);
      const { condition, isWhole } = this.#conditionOf(selection, selected);
      const count = Math.min(isWhole ? wanted : Number.POSITIVE_INFINITY, MAX_SLICE_ROWS);
      const found = await this.#lookAt(slice, selection.order, selected, condition, count, signal);
      if (found.rows > 0) {
        const limit = isWhole && wanted === count ? ` LIMIT ${count}` : '';
        const sql = `SELECT ${reader.columns.join(', ')} FROM ${rowsSql(found.range)} WHERE ${condition}
          ORDER BY time_us ${selection.order === 'newest-first' ? 'DESC' : ''}${limit}`;
        for await (const block of this.#scanner.scan({ sql }, signal)) {
          if (block.rowCount === 0) continue;
          if (isWhole) wanted -= block.rowCount;
          yield reader.batch(block, selected.byId);
        }
      }
      slice = nextSlice(found.range, selection, found.rows);
    }
  }

  count(
    selection: BucketSelection,
    { signal }: LogReadContext<Principal>,
  ): AsyncIterable<readonly BucketSeries[]> | undefined {
    if (this.#pushdown !== 'all' || selection.by === undefined) return undefined;
    const conditions: string[] = [];
    for (const filter of selection.filters) {
      if (filter.kind === 'label-matches') continue;
      const sql = lineFilterSql(filter);
      if (sql === undefined) return undefined;
      conditions.push(sql);
    }
    return bucketSeries(this.#scanner, this.#catalogue, selection, conditions, signal);
  }

  /** Reads without an order, in one go. */
  async *#readAll(selection: LogSelection, reader: LogRowReader, signal: AbortSignal): AsyncGenerator<LogBatch> {
    const selected = await this.#catalogue.select(this.#scanner, selection, signal);
    if (selected.byId.size === 0) return;
    const { condition, isWhole } = this.#conditionOf(selection, selected);
    const limit = isWhole && selection.limit !== undefined ? ` LIMIT ${selection.limit}` : '';
    const sql = `SELECT ${reader.columns.join(', ')} FROM ${rowsSql(selection)} WHERE ${condition}${limit}`;
    for await (const block of this.#scanner.scan({ sql }, signal)) {
      if (block.rowCount > 0) yield reader.batch(block, selected.byId);
    }
  }

  /** SQL of the rows wanted, except for their time; whether it says all of the filters. */
  #conditionOf(selection: LogSelection, selected: SelectedResources): { condition: string; isWhole: boolean } {
    const resources = [...selected.byId.values()];
    const push = (filter: LogFilter) =>
      filter.kind === 'label-matches' ? labelFilterSql(filter.matcher, resources) : lineFilterSql(filter);
    const isPushed = this.#pushdown === 'all';
    const pushed = isPushed ? [...selection.filters, ...selection.prefilters].map(push) : [];
    const isWhole =
      (isPushed || selection.filters.length === 0) &&
      selection.filters.every((filter, i) => filter.kind !== 'label-matches' && pushed[i] !== undefined);
    return { condition: [selected.sql, ...pushed.filter((sql) => sql !== undefined)].join(' AND '), isWhole };
  }

  /** The part of a slice that has at most about `count` rows, from where reading goes on. */
  async #lookAt(
    slice: TimeRange,
    order: LogOrder,
    { byId }: SelectedResources,
    condition: string,
    count: number,
    signal: AbortSignal,
  ): Promise<{ range: TimeRange; rows: number }> {
    if (byId.size === 0) return { range: slice, rows: 0 };
    const [direction, last] = order === 'newest-first' ? ['DESC', 'min'] : ['ASC', 'max'];
    const sql = `SELECT CAST(count(*) AS DOUBLE), ${last}(time_us) FROM
      (SELECT ${TIME_US_SQL} AS time_us FROM ${rowsSql(slice)} WHERE ${condition} ORDER BY 1 ${direction} LIMIT ${count})`;
    for await (const { rowCount, columns } of this.#scanner.scan({ sql }, signal)) {
      if (rowCount === 0) continue;
      const rows = numberAt(columns[0]!, 0)!;
      if (rows < count) return { range: slice, rows };
      const lastUs = bigintAt(columns[1]!, 0)!;
      const range =
        order === 'newest-first'
          ? { startNs: lastUs * 1000n, endNs: slice.endNs }
          : { startNs: slice.startNs, endNs: (lastUs + 1n) * 1000n };
      return { range, rows };
    }
    throw new Error('BUG: a count has no row');
  }
}

function firstSlice({ startNs, endNs, order }: LogSelection): TimeRange | undefined {
  if (startNs >= endNs) return undefined;
  return sliceFrom(order === 'newest-first' ? endNs : startNs, FIRST_SLICE_NS, { startNs, endNs, order });
}

/** The slice behind one that had so many rows; undefined at the end. */
function nextSlice(read: TimeRange, selection: LogSelection, rows: number): TimeRange | undefined {
  const edge = selection.order === 'newest-first' ? read.startNs : read.endNs;
  if (selection.order === 'newest-first' ? edge <= selection.startNs : edge >= selection.endNs) return undefined;
  const length = read.endNs - read.startNs;
  const growth = rows * Number(SLICE_GROWTH) > MAX_SLICE_ROWS ? 1n : SLICE_GROWTH;
  return sliceFrom(edge, length * growth, selection);
}

function sliceFrom(
  edge: bigint,
  length: bigint,
  { startNs, endNs, order }: Pick<LogSelection, 'startNs' | 'endNs' | 'order'>,
): TimeRange {
  return order === 'newest-first'
    ? { startNs: edge - length > startNs ? edge - length : startNs, endNs: edge }
    : { startNs: edge, endNs: edge + length < endNs ? edge + length : endNs };
}

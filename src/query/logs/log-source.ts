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
import { bigintAt } from '../scan/block-values.js';
import { bucketSeries } from './bucket-counts.js';
import { labelFilterSql } from './label-filter-sql.js';
import { lineFilterSql } from './line-filter-sql.js';
import { LogRowReader, labelColumnsOf } from './log-row.js';
import type { LogTable } from './log-table.js';
import type { Resource, ResourceCatalogue, SelectedResources } from './resource-catalogue.js';
import type { TimeRange } from './time-sql.js';

/** How long the slice is that is looked at first: most of what is asked for is what came last. */
const FIRST_SLICE_NS = 15_000_000_000n;
/** The next slice is longer by this, unless there were many rows. */
const SLICE_GROWTH = 16n;
/** Rows of a slice that DuckDB sorts at once, in columns of some kilobytes each: what a query takes of memory there. */
const MAX_SLICE_ROWS = 65_536;

/** Rows that are read by their very times: more are read between the first and the last time. */
const MAX_TIMES = 100;

/** Opens the table for one query. */
export type OpenLogTable = (signal: AbortSignal) => Promise<LogTable>;

/** Whether SQL says what it can of a query, or only its time and streams: for tests that compare the two. */
export type Pushdown = 'all' | 'streams only';

export class TableLogSource implements LogSource<Principal> {
  readonly #open: OpenLogTable;
  readonly #catalogue: ResourceCatalogue;
  readonly #pushdown: Pushdown;

  constructor(open: OpenLogTable, catalogue: ResourceCatalogue, pushdown: Pushdown = 'all') {
    this.#open = open;
    this.#catalogue = catalogue;
    this.#pushdown = pushdown;
  }

  async *read(selection: LogSelection, { signal }: LogReadContext<Principal>): AsyncGenerator<LogBatch> {
    const table = await this.#open(signal);
    const reader = new LogRowReader(selection.needs, table.times);
    if (selection.order === 'any') {
      yield* this.#readAll(table, selection, reader, signal);
      return;
    }
    let wanted = selection.limit ?? Number.POSITIVE_INFINITY;
    for (let slice = firstSlice(selection); slice !== undefined && wanted > 0; ) {
      // Which resources there are is asked of each slice alone: most queries need few.
      const selected = await this.#catalogue.select(table, { ...selection, ...slice }, signal);
      const { condition, isWhole } = this.#conditionOf(selection, selected, table);
      const count = Math.min(isWhole ? wanted : Number.POSITIVE_INFINITY, MAX_SLICE_ROWS);
      const direction = selection.order === 'newest-first' ? 'DESC' : 'ASC';
      const found = await timesIn(table, slice, { selected, condition, direction, count }, signal);
      const range = found.length < count ? slice : cut(slice, selection.order, found);
      if (found.length > 0) {
        const limit = isWhole && wanted === count ? ` LIMIT ${count}` : '';
        const sql = `SELECT ${reader.columns.join(', ')} FROM ${rowsWith(table, selected, found)} WHERE ${condition}
          ORDER BY ${table.times.order(direction)}${limit}`;
        for await (const block of table.scan(sql, signal)) {
          if (block.rowCount === 0) continue;
          if (isWhole) wanted -= block.rowCount;
          yield reader.batch(block, selected.byId);
        }
      }
      slice = nextSlice(range, selection, found.length);
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
      const sql = filter.kind === 'any-of' ? undefined : lineFilterSql(filter);
      if (sql === undefined) return undefined;
      conditions.push(sql);
    }
    return bucketSeries(() => this.#open(signal), this.#catalogue, selection, conditions, signal);
  }

  /** Reads without an order, in one go. */
  async *#readAll(
    table: LogTable,
    selection: LogSelection,
    reader: LogRowReader,
    signal: AbortSignal,
  ): AsyncGenerator<LogBatch> {
    const selected = await this.#catalogue.select(table, selection, signal);
    if (selected.byId.size === 0) return;
    const { condition, isWhole } = this.#conditionOf(selection, selected, table);
    const limit = isWhole && selection.limit !== undefined ? ` LIMIT ${selection.limit}` : '';
    const sql = `SELECT ${reader.columns.join(', ')} FROM ${table.times.rows(selection)} WHERE ${condition}${limit}`;
    for await (const block of table.scan(sql, signal)) {
      if (block.rowCount > 0) yield reader.batch(block, selected.byId);
    }
  }

  /** SQL of the rows wanted, except for their time; whether it says all of the filters. */
  #conditionOf(
    selection: LogSelection,
    selected: SelectedResources,
    table: LogTable,
  ): { condition: string; isWhole: boolean } {
    const resources = [...selected.byId.values()];
    const labelColumns = labelColumnsOf(table.times);
    const push = (filter: LogFilter) => filterSql(filter, resources, labelColumns);
    const isPushed = this.#pushdown === 'all';
    const pushed = isPushed ? [...selection.filters, ...selection.prefilters].map(push) : [];
    const isWhole =
      (isPushed || selection.filters.length === 0) &&
      selection.filters.every(
        ({ kind }, i) => (kind === 'line-contains' || kind === 'line-matches') && pushed[i] !== undefined,
      );
    return { condition: [selected.sql, ...pushed.filter((sql) => sql !== undefined)].join(' AND '), isWhole };
  }
}

/** Times of rows in a slice that meet the condition, in nanoseconds: the first `count` of them in the direction. */
async function timesIn(
  table: LogTable,
  slice: TimeRange,
  wanted: {
    readonly selected: SelectedResources;
    readonly condition: string;
    readonly direction: 'ASC' | 'DESC';
    readonly count: number;
  },
  signal: AbortSignal,
): Promise<BigInt64Array> {
  const { selected, condition, direction, count } = wanted;
  if (selected.byId.size === 0) return new BigInt64Array(0);
  const { times } = table;
  const sql = `SELECT ${times.timeNs} FROM ${times.rows(slice)} WHERE ${condition} ORDER BY ${times.order(direction)} LIMIT ${count}`;
  const found: bigint[] = [];
  for await (const { rowCount, columns } of table.scan(sql, signal)) {
    for (let row = 0; row < rowCount; row++) found.push(bigintAt(columns[0]!, row)!);
  }
  return BigInt64Array.from(found);
}

/** A relation with all rows of these times, which come in order, and of few others. */
function rowsWith({ times }: LogTable, { sql }: SelectedResources, found: BigInt64Array): string {
  if (found.length <= MAX_TIMES) return times.rowsAt(found, sql);
  const [first, last] = [found[0]!, found.at(-1)!];
  return times.rows(first < last ? { startNs: first, endNs: last + 1n } : { startNs: last, endNs: first + 1n });
}

/** The part of a slice as far as it was read. */
function cut({ startNs, endNs }: TimeRange, order: LogOrder, found: BigInt64Array): TimeRange {
  const last = found.at(-1)!;
  return order === 'newest-first' ? { startNs: last, endNs } : { startNs, endNs: last + 1n };
}

/** SQL that is true of every row that passes; undefined where nothing is said. */
function filterSql(
  filter: LogFilter,
  resources: readonly Resource[],
  labelColumns: ReadonlyMap<string, string>,
): string | undefined {
  switch (filter.kind) {
    case 'label-matches':
      return labelFilterSql(filter.matcher, resources, labelColumns);
    case 'any-of': {
      const alternatives = filter.alternatives.map((each) => filterSql(each, resources, labelColumns));
      if (alternatives.includes(undefined)) return undefined;
      // One that is NULL, because a column is, must not hide another that is true.
      return `(${alternatives.map((sql) => `coalesce(${sql}, false)`).join(' OR ')})`;
    }
    default:
      return lineFilterSql(filter);
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

import { type Label, Labels } from '#promql/data/labels';
import { executionError, type QueryError } from '#promql/data/query-error';
import { FLOAT, StepSeries } from '#promql/data/step-series';
import type { QueryControl } from '#promql/eval/limits';
import { ERROR_LABEL } from '../pipeline/label-names.js';
import type { LogBatch, LogSelection, LogSource } from '../source.js';
import type { Grouping, RangeAggregation } from '../syntax/ast.js';
import { type Pushdown, pushdownOf } from './pushdown.js';
import { isFailed, SampleExtractor } from './sample-extractor.js';
import { FoldedSeries, HeldSeries, type SeriesWindows } from './series-windows.js';
import type { TimeGrid } from './time-grid.js';
import { WindowCells } from './window-cells.js';
import { foldOf, needsOrder, type WindowFold } from './window-fold.js';

/** Where a query reads, and what says whether it may go on. */
export interface Reading<Principal> {
  readonly source: LogSource<Principal>;
  readonly principal: Principal;
  readonly control: QueryControl;
  /** Whether the store may filter and count; off to see that it makes no difference. */
  readonly pushdown: 'on' | 'off';
  warn(text: string): void;
}

const countable: ReadonlySet<RangeAggregation['operator']> = new Set([
  'count_over_time',
  'rate',
  'bytes_over_time',
  'bytes_rate',
  'absent_over_time',
]);

/** Whether a store could count what an aggregation counts, if it can say the filters. */
export function canCount({ operator, range }: RangeAggregation): boolean {
  return countable.has(operator) && range.unwrap === undefined;
}

/** Most cells that a store counts for a series: beyond, reading the lines is no slower. */
const MAX_BUCKETS = 50_000;

/**
 * Samples of an aggregation at each step. `outer` are the labels of a sum around it: which other labels the lines have does not
 * matter then.
 */
export async function evaluateRangeAggregation<Principal>(
  aggregation: RangeAggregation,
  outer: Grouping | undefined,
  grid: TimeGrid,
  reading: Reading<Principal>,
): Promise<StepSeries[]> {
  const windows = new AggregationWindows(aggregation, outer, grid, reading);
  await windows.read();
  const series = windows.finish();
  return aggregation.operator === 'absent_over_time' ? [absence(aggregation, series, grid.count)] : series;
}

class AggregationWindows<Principal> {
  readonly #aggregation: RangeAggregation;
  readonly #grid: TimeGrid;
  readonly #reading: Reading<Principal>;
  readonly #extractor: SampleExtractor;
  readonly #cells: WindowCells;
  readonly #fold: WindowFold | undefined;
  readonly #pushdown: Pushdown;
  readonly #series = new Map<Labels, SeriesWindows>();
  /** Series by the text of their labels, for labels that are equal but not the same. */
  readonly #byKey = new Map<string, SeriesWindows>();
  #relative = new Float64Array(0);

  constructor(aggregation: RangeAggregation, outer: Grouping | undefined, grid: TimeGrid, reading: Reading<Principal>) {
    this.#aggregation = aggregation;
    this.#grid = grid;
    this.#reading = reading;
    const { range } = aggregation;
    this.#extractor = new SampleExtractor(aggregation, outer);
    this.#cells = new WindowCells(grid, range.rangeNs, range.offsetNs);
    this.#fold = foldOf(aggregation);
    this.#pushdown = pushdownOf(range.query.stages);
  }

  async read(): Promise<void> {
    const { control, source, principal, pushdown } = this.#reading;
    const context = {
      principal,
      signal: control.signal,
      warn: (text: string) => this.#reading.warn(text),
    };
    const counts = pushdown === 'on' ? this.#counts(context) : undefined;
    if (counts !== undefined) return counts;
    for await (const batch of source.read(this.#selection(), context)) {
      control.countRead(0, batch.rowCount);
      this.#add(batch);
      await control.checkpoint();
    }
  }

  finish(): StepSeries[] {
    return [...this.#byKey.values()]
      .map((windows) => windows.finish(this.#grid.count))
      .filter(({ isEmpty }) => !isEmpty);
  }

  #selection(): LogSelection {
    const { filters, prefilters } = this.#reading.pushdown === 'on' ? this.#pushdown : { filters: [], prefilters: [] };
    return {
      matchers: this.#aggregation.range.query.matchers,
      startNs: this.#cells.startNs + 1n,
      endNs: this.#cells.endNs + 1n,
      order: needsOrder(this.#aggregation) ? 'oldest-first' : 'any',
      filters,
      prefilters,
      limit: undefined,
      needs: this.#extractor.needs,
    };
  }

  /** Lets the store count, if the filters are all that the query does to lines. */
  #counts(context: Parameters<LogSource<Principal>['read']>[1]): Promise<void> | undefined {
    const { operator, range } = this.#aggregation;
    const by = this.#extractor.storeLabels;
    if (!canCount(this.#aggregation) || !this.#pushdown.isComplete) return undefined;
    if (by?.some((name) => name.startsWith('__') || name.endsWith('_extracted'))) return undefined;
    const bucketNs = bucketSize(this.#grid, range.rangeNs);
    const bucketCount = Number((this.#cells.endNs - this.#cells.startNs) / bucketNs);
    if (bucketCount > MAX_BUCKETS) return undefined;
    const batches = this.#reading.source.count?.(
      {
        matchers: range.query.matchers,
        startNs: this.#cells.startNs,
        bucketNs,
        bucketCount,
        filters: this.#pushdown.filters,
        measure: operator.startsWith('bytes') ? 'bytes' : 'entries',
        by,
      },
      context,
    );
    return batches === undefined ? undefined : this.#addCounts(batches, Number(bucketNs));
  }

  async #addCounts(
    batches: NonNullable<ReturnType<NonNullable<LogSource<Principal>['count']>>>,
    bucketNs: number,
  ): Promise<void> {
    const { control } = this.#reading;
    for await (const batch of batches) {
      for (const { labels, counts, hasEntries } of batch) {
        const windows = this.#windowsOf(labels);
        for (let bucket = 0; bucket < counts.length; bucket++) {
          const isThere = hasEntries === undefined ? counts[bucket] !== 0 : hasEntries[bucket] === 1;
          const cell = isThere ? this.#cells.cellAt((bucket + 1) * bucketNs) : -1;
          if (cell !== -1) windows.addCount(cell, counts[bucket]!);
        }
      }
      control.countRead(batch.length, 0);
      await control.checkpoint();
    }
  }

  #add({ rowCount, times, lines, streams, metadata }: LogBatch): void {
    if (this.#relative.length < rowCount) this.#relative = new Float64Array(rowCount);
    this.#cells.relative(times, rowCount, this.#relative);
    for (let row = 0; row < rowCount; row++) {
      const relative = this.#relative[row]!;
      const cell = this.#cells.cellAt(relative);
      if (cell === -1) continue;
      if (!this.#extractor.extract(lines[row] ?? '', streams[row]!, metadata[row] ?? Labels.none, times[row]!))
        continue;
      const { labels, value } = this.#extractor;
      const grown = this.#windowsOf(labels).add(cell, relative, value);
      if (grown > 0) this.#reading.control.hold(grown);
    }
  }

  #windowsOf(labels: Labels): SeriesWindows {
    let windows = this.#series.get(labels);
    if (windows !== undefined) return windows;
    windows = this.#byKey.get(labels.key);
    if (windows === undefined) {
      if (isFailed(labels)) throw pipelineError(labels);
      windows = this.#newWindows(labels);
      this.#byKey.set(labels.key, windows);
    }
    this.#series.set(labels, windows);
    return windows;
  }

  #newWindows(labels: Labels): SeriesWindows {
    const { control } = this.#reading;
    control.countRead(1, 0);
    if (this.#fold === undefined) return new HeldSeries(labels, this.#aggregation, this.#grid.stepNs);
    control.hold(FoldedSeries.weight(this.#cells, this.#fold));
    return new FoldedSeries(labels, this.#cells, this.#fold);
  }
}

/** The largest bucket of which steps and ranges are whole numbers. */
function bucketSize({ stepNs, count }: TimeGrid, rangeNs: bigint): bigint {
  let [larger, smaller] = [count === 1 ? rangeNs : stepNs, rangeNs];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

/** Lines that a parser or filter could not read make a metric query fail, unless it looks at the error itself. */
function pipelineError(labels: Labels): QueryError {
  const error = labels.get(ERROR_LABEL);
  return executionError(
    `pipeline error: '${error}' for series: '${labels}'.\n` +
      `Use a label filter to intentionally skip this error. (e.g | __error__!="${error}").\n` +
      'To skip all potential errors you can match empty errors.(e.g __error__="")\n' +
      'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n',
  );
}

/** One where there are no samples, with the labels that the selector demands. */
function absence({ range }: RangeAggregation, present: readonly StepSeries[], steps: number): StepSeries {
  const labels = new Map<string, string>();
  const others: string[] = [];
  for (const { name, operator, value } of range.query.matchers) {
    if (operator === '=' && !labels.has(name)) labels.set(name, value);
    else others.push(name);
  }
  for (const name of others) labels.delete(name);
  const series = new StepSeries(Labels.of([...labels] as Label[]), steps);
  for (let step = 0; step < steps; step++) {
    if (!present.some(({ kinds }) => kinds[step] === FLOAT)) series.setFloat(step, 1);
  }
  return series;
}

import { Labels } from '#promql/data/labels';
import type { BucketSelection, BucketSeries, LogBatch, LogFilter, LogSelection, LogSource } from '../../src/source.js';
import { compilePattern } from '../../src/text/regular-expression.js';

export interface MemoryRow {
  readonly timeNs: bigint;
  readonly line: string;
  readonly stream: Labels;
  readonly metadata: Labels;
}

/** What a source does with filters: all that it is told, or nothing, which every source may do. */
export type Diligence = 'filters' | 'gives all';

/** Rows in memory, given in batches of three. It notes what it was asked for. */
export class MemorySource implements LogSource<unknown> {
  readonly selections: LogSelection[] = [];
  readonly counted: BucketSelection[] = [];
  rowsGiven = 0;
  readonly #rows: readonly MemoryRow[];
  readonly #diligence: Diligence;

  constructor(rows: readonly MemoryRow[], diligence: Diligence = 'filters') {
    this.#rows = rows;
    this.#diligence = diligence;
  }

  async *read(selection: LogSelection): AsyncGenerator<LogBatch> {
    this.selections.push(selection);
    const { startNs, endNs, order, limit } = selection;
    const found = this.#matching(selection).filter(({ timeNs }) => timeNs >= startNs && timeNs < endNs);
    found.sort((left, right) => Number(left.timeNs - right.timeNs));
    if (order === 'newest-first') found.reverse();
    const wanted = this.#diligence === 'filters' ? found.slice(0, limit) : found;
    for (let from = 0; from < wanted.length; from += 3) {
      const rows = wanted.slice(from, from + 3);
      this.rowsGiven += rows.length;
      yield {
        rowCount: rows.length,
        times: BigInt64Array.from(rows, ({ timeNs }) => timeNs),
        lines: rows.map(({ line }) => line),
        streams: rows.map(({ stream }) => stream),
        metadata: rows.map(({ metadata }) => metadata),
      };
    }
  }

  count(selection: BucketSelection): AsyncIterable<readonly BucketSeries[]> | undefined {
    if (this.#diligence === 'gives all') return undefined;
    this.counted.push(selection);
    return this.#counts(selection);
  }

  async *#counts(selection: BucketSelection): AsyncGenerator<readonly BucketSeries[]> {
    const { startNs, bucketNs, bucketCount, measure, by } = selection;
    const series = new Map<string, { labels: Labels; counts: Float64Array; hasEntries: Uint8Array }>();
    for (const row of this.#matching(selection)) {
      const behind = row.timeNs - startNs;
      const bucket = behind <= 0n ? -1 : Number((behind - 1n) / bucketNs);
      if (bucket < 0 || bucket >= bucketCount) continue;
      const labels = by === undefined ? allLabels(row) : Labels.of(by.map((name) => [name, labelOf(row, name)]));
      let counted = series.get(labels.key);
      if (counted === undefined) {
        counted = { labels, counts: new Float64Array(bucketCount), hasEntries: new Uint8Array(bucketCount) };
        series.set(labels.key, counted);
      }
      counted.counts[bucket]! += measure === 'bytes' ? Buffer.byteLength(row.line) : 1;
      counted.hasEntries[bucket] = 1;
    }
    yield [...series.values()];
  }

  #matching(selection: LogSelection | BucketSelection): MemoryRow[] {
    const { matchers, filters } = selection;
    const prefilters = 'prefilters' in selection ? selection.prefilters : [];
    const conditions = this.#diligence === 'filters' ? [...filters, ...prefilters] : [];
    return this.#rows.filter(
      (row) =>
        matchers.every((matcher) => matcher.matches(row.stream.get(matcher.name))) &&
        conditions.every((filter) => passes(row, filter)),
    );
  }
}

function passes(row: MemoryRow, filter: LogFilter): boolean {
  switch (filter.kind) {
    case 'line-contains':
      return filter.texts.some((text) => row.line.includes(text)) !== filter.isNegated;
    case 'line-matches':
      return filter.patterns.some((pattern) => compilePattern(pattern).test(row.line)) !== filter.isNegated;
    case 'label-matches':
      return filter.matcher.matches(labelOf(row, filter.matcher.name));
    case 'any-of':
      return filter.alternatives.some((each) => passes(row, each));
  }
}

function labelOf({ stream, metadata }: MemoryRow, name: string): string {
  return stream.get(name) || metadata.get(name);
}

function allLabels({ stream, metadata }: MemoryRow): Labels {
  return stream.with(metadata.entries.map(([name, value]) => [stream.has(name) ? `${name}_extracted` : name, value]));
}

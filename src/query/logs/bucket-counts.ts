// Entries counted by series and bucket of time, by DuckDB as far as columns tell a row's series. Rows whose attributes or
// line may tell it too are read.

import type { BucketSelection, BucketSeries } from '#logql';
import { type Label, Labels } from '#promql/data/labels';
import type { Matcher } from '#promql/syntax/matcher';
import { numberAt, textAt } from '../scan/block-values.js';
import { DETECTED_LEVEL, detectedLevel, SEVERITY_NUMBER, SEVERITY_TEXT } from './detected-level.js';
import { labelFilterSql } from './label-filter-sql.js';
import { mayHaveLabelSql } from './label-names-sql.js';
import { IS_LEVEL_OF_LINE_SQL, isLevelElsewhereSql } from './level-sql.js';
import { LINE_SQL } from './line-filter-sql.js';
import { LogRowReader, labelColumnsOf } from './log-row.js';
import type { LogTable } from './log-table.js';
import {
  RESOURCE_ID_SQL,
  type Resource,
  type ResourceCatalogue,
  type SelectedResources,
} from './resource-catalogue.js';

/** Counts entries that pass conditions in SQL and the label filters of a selection. */
export async function* bucketSeries(
  open: () => Promise<LogTable>,
  catalogue: ResourceCatalogue,
  selection: BucketSelection,
  lineConditions: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly BucketSeries[]> {
  if (selection.by === undefined) throw new Error('BUG: entries are counted by all of their labels');
  const { startNs, bucketNs, bucketCount, matchers } = selection;
  // A bucket has the time at its end, not the one at its start.
  const range = { startNs: startNs + 1n, endNs: startNs + bucketNs * BigInt(bucketCount) + 1n };
  const table = await open();
  const selected = await catalogue.select(table, { matchers, ...range }, signal);
  if (selected.byId.size === 0) return;
  const resources = [...selected.byId.values()];
  const labelColumns = labelColumnsOf(table.times);
  const labelMatchers = selection.filters.flatMap((filter) =>
    filter.kind === 'label-matches' ? [filter.matcher] : [],
  );
  const prefilters = labelMatchers.flatMap((matcher) => labelFilterSql(matcher, resources, labelColumns) ?? []);
  const counts = new Counts(selection, labelMatchers);
  const names = [...new Set([...selection.by, ...labelMatchers.map(({ name }) => name)])];
  const rows = `${table.times.rows(range)} WHERE ${[selected.sql, ...lineConditions, ...prefilters].join(' AND ')}`;
  const read = { table, labelColumns, counts, names, rows, selected, signal };
  const hasOthers = await countByColumns(read, otherRowsSql(names, resources, labelColumns), selection);
  if (hasOthers) await countByRows(read, otherRowsSql(names, resources, labelColumns), selection);
  yield counts.series();
}

interface CountedRows {
  readonly table: LogTable;
  readonly labelColumns: ReadonlyMap<string, string>;
  readonly counts: Counts;
  /** Labels that matter. */
  readonly names: readonly string[];
  /** What follows FROM. */
  readonly rows: string;
  readonly selected: SelectedResources;
  readonly signal: AbortSignal;
}

/** SQL that is true of rows of which more than columns tells the labels. */
function otherRowsSql(
  names: readonly string[],
  resources: readonly Resource[],
  labelColumns: ReadonlyMap<string, string>,
): string {
  const conditions = names.map((name) => {
    if (name === DETECTED_LEVEL) return `(${IS_LEVEL_OF_LINE_SQL} OR ${isLevelElsewhereSql(resources)})`;
    const column = labelColumns.get(name);
    const mayHave = mayHaveLabelSql([name]);
    return column === undefined ? mayHave : `(nullif(${column}, '') IS NULL AND ${mayHave})`;
  });
  return conditions.length === 0 ? 'false' : `(${conditions.join(' OR ')})`;
}

/** Counts rows of which columns tell all. Whether there are others. */
async function countByColumns(
  { table, labelColumns, counts, names, rows, selected, signal }: CountedRows,
  others: string,
  { startNs, bucketNs, measure }: BucketSelection,
): Promise<boolean> {
  const needed = new Set(
    names.flatMap((name) => (name === DETECTED_LEVEL ? [SEVERITY_TEXT, SEVERITY_NUMBER] : [name])),
  );
  const columns = [...needed].filter((name) => labelColumns.has(name));
  const bucket = `CAST((${table.times.timeNs} - ${startNs + 1n}) // ${bucketNs} AS DOUBLE)`;
  const groups = [
    `coalesce(${others}, false)`,
    RESOURCE_ID_SQL,
    bucket,
    ...columns.map((name) => labelColumns.get(name)!),
  ];
  const amount = measure === 'entries' ? 'count(*)' : `sum(strlen(${LINE_SQL}))`;
  const sql = `SELECT CAST(${amount} AS DOUBLE), ${groups.join(', ')} FROM ${rows}
    GROUP BY ${groups.map((_, i) => i + 2).join(', ')}`;
  let hasOthers = false;
  // Rows differ by bucket first of all: what their labels are is found out once.
  const bySource = new Map<string, CountedSeries | undefined>();
  for await (const { rowCount, columns: blocks } of table.scan(sql, signal)) {
    const [amounts, areOthers, ids, buckets, ...texts] = blocks;
    for (let row = 0; row < rowCount; row++) {
      if (numberAt(areOthers!, row) === 1) {
        hasOthers = true;
        continue;
      }
      const id = numberAt(ids!, row)!;
      const own = columns.flatMap((name, i): Label[] => {
        const text = textAt(texts[i]!, row);
        return text ? [[name, text]] : [];
      });
      const key = JSON.stringify([id, own]);
      if (!bySource.has(key)) bySource.set(key, seriesOf(selected.byId.get(id)!, own));
      bySource.get(key)?.add(numberAt(buckets!, row)!, numberAt(amounts!, row)!);
    }
  }
  return hasOthers;

  function seriesOf({ stream, metadata: ofResource }: Resource, own: readonly Label[]): CountedSeries | undefined {
    const metadata = [...ofResource, ...own];
    if (names.includes(DETECTED_LEVEL)) metadata.push([DETECTED_LEVEL, detectedLevel(stream, metadata, '')]);
    return counts.seriesOf(stream, Labels.of(metadata));
  }
}

async function countByRows(
  { table, counts, names, rows, selected, signal }: CountedRows,
  others: string,
  { startNs, bucketNs, measure }: BucketSelection,
): Promise<void> {
  const reader = new LogRowReader({ line: measure === 'bytes', metadata: names }, table.times);
  const sql = `SELECT ${reader.columns.join(', ')} FROM ${rows} AND ${others}`;
  for await (const block of table.scan(sql, signal)) {
    const { rowCount, times, lines, streams, metadata } = reader.batch(block, selected.byId);
    for (let row = 0; row < rowCount; row++) {
      const bucket = Number((times[row]! - startNs - 1n) / bucketNs);
      counts
        .seriesOf(streams[row]!, metadata[row]!)
        ?.add(bucket, measure === 'bytes' ? Buffer.byteLength(lines[row]!) : 1);
    }
  }
}

/** Sums by series. */
class Counts {
  readonly #by: readonly string[];
  readonly #matchers: readonly Matcher[];
  readonly #bucketCount: number;
  readonly #series = new Map<string, CountedSeries>();

  constructor({ by, bucketCount }: BucketSelection, matchers: readonly Matcher[]) {
    this.#by = by!;
    this.#matchers = matchers;
    this.#bucketCount = bucketCount;
  }

  /** Where entries with these labels count; undefined where a filter drops them. */
  seriesOf(stream: Labels, metadata: Labels): CountedSeries | undefined {
    // What a record calls like a label of its stream has another name beside it.
    const labelOf = (name: string) => stream.get(name) || metadata.get(name);
    if (!this.#matchers.every((matcher) => matcher.matches(labelOf(matcher.name)))) return undefined;
    const labels = Labels.of(this.#by.map((name): Label => [name, labelOf(name)]));
    const series = this.#series.get(labels.key) ?? new CountedSeries(labels, this.#bucketCount);
    this.#series.set(labels.key, series);
    return series;
  }

  series(): readonly BucketSeries[] {
    return [...this.#series.values()];
  }
}

class CountedSeries implements BucketSeries {
  readonly labels: Labels;
  readonly counts: Float64Array;
  readonly hasEntries: Uint8Array;

  constructor(labels: Labels, bucketCount: number) {
    this.labels = labels;
    this.counts = new Float64Array(bucketCount);
    this.hasEntries = new Uint8Array(bucketCount);
  }

  add(bucket: number, amount: number): void {
    this.counts[bucket]! += amount;
    this.hasEntries[bucket] = 1;
  }
}

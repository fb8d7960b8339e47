// Entries counted by series and bucket of time, by DuckDB as far as columns tell a row's series. Rows whose attributes or
// line may tell it too are read.

import type { BucketSelection, BucketSeries } from '#logql';
import { type Label, Labels } from '#promql/data/labels';
import type { Matcher } from '#promql/syntax/matcher';
import { numberAt, textAt } from '../scan/block-values.js';
import type { Scanner } from '../scan/scanner.js';
import { DETECTED_LEVEL, detectedLevel, SEVERITY_NUMBER, SEVERITY_TEXT } from './detected-level.js';
import { labelFilterSql } from './label-filter-sql.js';
import { mayHaveLabelSql } from './label-names-sql.js';
import { IS_LEVEL_OF_LINE_SQL, isLevelElsewhereSql } from './level-sql.js';
import { LINE_SQL } from './line-filter-sql.js';
import { LogRowReader, labelColumns } from './log-row.js';
import {
  RESOURCE_ID_SQL,
  type Resource,
  type ResourceCatalogue,
  type SelectedResources,
} from './resource-catalogue.js';
import { TIME_US_SQL, timeSql } from './time-sql.js';

/** Counts entries that pass conditions in SQL and the label filters of a selection. */
export async function* bucketSeries(
  scanner: Scanner,
  catalogue: ResourceCatalogue,
  selection: BucketSelection,
  lineConditions: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly BucketSeries[]> {
  if (selection.by === undefined) throw new Error('BUG: entries are counted by all of their labels');
  const { startNs, bucketNs, bucketCount, matchers } = selection;
  // A bucket has the time at its end, not the one at its start.
  const range = { startNs: startNs + 1n, endNs: startNs + bucketNs * BigInt(bucketCount) + 1n };
  const selected = await catalogue.select(scanner, { matchers, ...range }, signal);
  if (selected.byId.size === 0) return;
  const resources = [...selected.byId.values()];
  const labelMatchers = selection.filters.flatMap((filter) =>
    filter.kind === 'label-matches' ? [filter.matcher] : [],
  );
  const prefilters = labelMatchers.flatMap((matcher) => labelFilterSql(matcher, resources) ?? []);
  const counts = new Counts(selection, labelMatchers);
  const names = [...new Set([...selection.by, ...labelMatchers.map(({ name }) => name)])];
  const rows = `{{otlp_logs}} WHERE ${[timeSql(range), selected.sql, ...lineConditions, ...prefilters].join(' AND ')}`;
  const read = { scanner, counts, names, rows, selected, signal };
  const hasOthers = await countByColumns(read, otherRowsSql(names, resources), selection);
  if (hasOthers) await countByRows(read, otherRowsSql(names, resources), selection);
  yield counts.series();
}

interface CountedRows {
  readonly scanner: Scanner;
  readonly counts: Counts;
  /** Labels that matter. */
  readonly names: readonly string[];
  /** What follows FROM. */
  readonly rows: string;
  readonly selected: SelectedResources;
  readonly signal: AbortSignal;
}

/** SQL that is true of rows of which more than columns tells the labels. */
function otherRowsSql(names: readonly string[], resources: readonly Resource[]): string {
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
  { scanner, counts, names, rows, selected, signal }: CountedRows,
  others: string,
  { startNs, bucketNs, measure }: BucketSelection,
): Promise<boolean> {
  const needed = new Set(
    names.flatMap((name) => (name === DETECTED_LEVEL ? [SEVERITY_TEXT, SEVERITY_NUMBER] : [name])),
  );
  const columns = [...needed].filter((name) => labelColumns.has(name));
  const bucket = `CAST((${TIME_US_SQL} * 1000 - ${startNs + 1n}) // ${bucketNs} AS DOUBLE)`;
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
  for await (const { rowCount, columns: blocks } of scanner.scan({ sql }, signal)) {
    const [amounts, areOthers, ids, buckets, ...texts] = blocks;
    for (let row = 0; row < rowCount; row++) {
      if (numberAt(areOthers!, row) === 1) {
        hasOthers = true;
        continue;
      }
      const resource = selected.byId.get(numberAt(ids!, row)!)!;
      const own = columns.flatMap((name, i): Label[] => {
        const text = textAt(texts[i]!, row);
        return text ? [[name, text]] : [];
      });
      const metadata = [...resource.metadata, ...own];
      if (names.includes(DETECTED_LEVEL)) metadata.push([DETECTED_LEVEL, detectedLevel(resource.stream, metadata, '')]);
      counts.add(resource.stream, Labels.of(metadata), numberAt(buckets!, row)!, numberAt(amounts!, row)!);
    }
  }
  return hasOthers;
}

async function countByRows(
  { scanner, counts, names, rows, selected, signal }: CountedRows,
  others: string,
  { startNs, bucketNs, measure }: BucketSelection,
): Promise<void> {
  const reader = new LogRowReader({ line: measure === 'bytes', metadata: names }, selected.byId);
  const sql = `SELECT ${reader.columns.join(', ')} FROM ${rows} AND ${others}`;
  for await (const block of scanner.scan({ sql }, signal)) {
    const { rowCount, times, lines, streams, metadata } = reader.batch(block);
    for (let row = 0; row < rowCount; row++) {
      const bucket = Number((times[row]! - startNs - 1n) / bucketNs);
      counts.add(streams[row]!, metadata[row]!, bucket, measure === 'bytes' ? Buffer.byteLength(lines[row]!) : 1);
    }
  }
}

/** Sums by series and bucket. */
class Counts {
  readonly #by: readonly string[];
  readonly #matchers: readonly Matcher[];
  readonly #bucketCount: number;
  readonly #series = new Map<string, { labels: Labels; counts: Float64Array; hasEntries: Uint8Array }>();

  constructor({ by, bucketCount }: BucketSelection, matchers: readonly Matcher[]) {
    this.#by = by!;
    this.#matchers = matchers;
    this.#bucketCount = bucketCount;
  }

  add(stream: Labels, metadata: Labels, bucket: number, amount: number): void {
    const labelOf = (name: string) => metadata.get(name) || stream.get(name);
    if (!this.#matchers.every((matcher) => matcher.matches(labelOf(matcher.name)))) return;
    const labels = Labels.of(this.#by.map((name): Label => [name, labelOf(name)]));
    let series = this.#series.get(labels.key);
    if (series === undefined) {
      const [counts, hasEntries] = [new Float64Array(this.#bucketCount), new Uint8Array(this.#bucketCount)];
      series = { labels, counts, hasEntries };
      this.#series.set(labels.key, series);
    }
    series.counts[bucket]! += amount;
    series.hasEntries[bucket] = 1;
  }

  series(): readonly BucketSeries[] {
    return [...this.#series.values()];
  }
}

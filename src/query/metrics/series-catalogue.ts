// Which series each table has. Label sets are made once per thread, from the distinct texts that tell series apart; statements name
// series by a number. Everything here is derived: it can be thrown away at any time.

import type { Matcher } from '#promql/syntax/matcher';
import { numberAt, textAt } from '../scan/block-values.js';
import type { BlockColumn, Scanner } from '../scan/scanner.js';
import { IdIndex, idHalves } from './id-index.js';
import { type Metric, type MetricFacts, metricOf } from './metric.js';
import type { MetricOptions } from './metric-options.js';
import { wantedNames } from './name-sql.js';
import type { OutputCache } from './output-cache.js';
import { type PointTable, pointTables, seriesIdSql, timeSql } from './point-table.js';
import { SelectedSeries } from './selected-series.js';
import { LabelMaker } from './series-labels.js';
import type { Series, SeriesOutput } from './series-output.js';
import type { ReserveBytes } from './series-records.js';

/** Rows of the last minutes are looked at anew each time; rows that are older are counted, to see whether some came late. */
const OPEN_MS = 10 * 60_000;
/** What a statement names beside a condition, at most. Each takes 20 characters. */
const MAX_NAMED_IDS = 100_000;
/** How late it may be noticed that a metric has come to another table, because its kind has changed. */
const KIND_CHANGE_MS = 30_000;
/** What a series takes with its labels, measured. A query that learns of many has them counted as its own until it ends. */
const SERIES_BYTES = 700;
/** Selections of a table's series that are remembered. All are forgotten beyond that. */
const MAX_SELECTIONS = 64;
const MAX_SELECTION_BYTES = 4 * 2 ** 20;
/** Lists of names that are remembered. All are forgotten beyond that. */
const MAX_ASKED = 10_000;

/** The series of one table. */
export class TableCatalogue {
  readonly table: PointTable;
  readonly #options: MetricOptions;
  readonly #labels: LabelMaker;
  readonly #idSql: string;
  readonly #index = new IdIndex();
  /** By place; undefined for one that has been seen and not been read. */
  readonly #series: (Series | undefined)[] = [];
  /** Places whose series have been read, in the order in which they were. */
  readonly learned: number[] = [];
  /** By matchers: what they mean of the series. */
  readonly #selected = new Map<string, SelectedSeries>();
  readonly #outputs: OutputCache;
  readonly #metrics = new Map<string, Metric>();
  readonly #names = new Set<string>();
  /** Times of the first and last sample by place, as far as the table has been looked at. */
  #firstMs: number[] = [];
  #lastMs: number[] = [];
  /** Rows before this time have been looked at, and there were so many of them. */
  #closedMs = -Infinity;
  #closedRows = 0;
  #looking: Promise<void> | undefined;

  constructor(table: PointTable, options: MetricOptions, labels: LabelMaker, outputs: OutputCache) {
    this.table = table;
    this.#options = options;
    this.#labels = labels;
    this.#outputs = outputs;
    this.#idSql = seriesIdSql(table, options);
  }

  get idSql(): string {
    return this.#idSql;
  }

  get size(): number {
    return this.#index.size;
  }

  get metrics(): Iterable<Metric> {
    return this.#metrics.values();
  }

  /** Whether series of Prometheus with this name are known. */
  hasMetric(name: string): boolean {
    return this.#names.has(name);
  }

  /** The place of a series; one that was not known gets the next. */
  placeOf(low: number, high: number): number {
    return this.#index.add(low, high);
  }

  /** The places of a column of ids, given as halves. */
  placesOf(halves: Uint32Array): Int32Array {
    return this.#index.addAll(halves);
  }

  /** Order of two places by the ids of their series: the same for every query, on every thread. */
  compare(left: number, right: number): number {
    return this.#index.compare(left, right);
  }

  /** The series that match. It learns of those that become known later. */
  selected(matchers: readonly Matcher[]): SelectedSeries {
    const key = matchers.join(',');
    let selected = this.#selected.get(key);
    if (selected === undefined) {
      let bytes = 0;
      for (const { byteLength } of this.#selected.values()) bytes += byteLength;
      if (this.#selected.size >= MAX_SELECTIONS || bytes > MAX_SELECTION_BYTES) this.#selected.clear();
      selected = new SelectedSeries(this, matchers);
      this.#selected.set(key, selected);
    }
    return selected;
  }

  /** Undefined for a place whose series has not been read, or was deleted before it could be. */
  seriesAt(place: number): Series | undefined {
    return this.#series[place];
  }

  /** The series of Prometheus that the points of one of ours are. */
  outputsAt(place: number): readonly SeriesOutput[] {
    const series = this.#series[place];
    return series === undefined ? [] : this.#outputs.of(series);
  }

  /** Whether any of the series of Prometheus at a place matches. */
  matches(place: number, matchers: readonly Matcher[]): boolean {
    return this.matching(place, matchers).length > 0;
  }

  /** The series of Prometheus at a place that match. */
  matching(place: number, matchers: readonly Matcher[]): readonly SeriesOutput[] {
    const series = this.#series[place];
    if (series === undefined || !mayMatch(series, matchers)) return [];
    return this.outputsAt(place).filter(({ labels }) => matchers.every((each) => each.matches(labels.get(each.name))));
  }

  /** Places of series with a name that matches. */
  *named(matchers: readonly Matcher[]): Generator<number> {
    const names = matchers.filter(({ name }) => name === '__name__');
    const isNamed = (metric: Metric) => metric.names.some((name) => names.every((matcher) => matcher.matches(name)));
    const metrics = new Set([...this.#metrics.values()].filter(isNamed));
    for (const [place, series] of this.#series.entries()) {
      if (series !== undefined && metrics.has(series.metric)) yield place;
    }
  }

  /** Undefined for a series without samples, as far as the table has been looked at. */
  samplesSpan(place: number): SamplesSpan | undefined {
    const [firstMs, lastMs] = [this.#firstMs[place], this.#lastMs[place]];
    return firstMs === undefined || lastMs === undefined ? undefined : { firstMs, lastMs };
  }

  /** Places of all series that are known. */
  *known(): Generator<[place: number, series: Series]> {
    for (const [place, series] of this.#series.entries()) if (series !== undefined) yield [place, series];
  }

  /** SQL that is true of rows of all series but these; undefined if there are too many to name them. */
  exceptSql(places: readonly number[]): string | undefined {
    if (places.length === 0 || places.length > MAX_NAMED_IDS) return undefined;
    return `${this.#idSql} NOT IN (${this.#idsSql(places)})`;
  }

  /** Reads which series have rows that meet a condition, and learns those that were not known. */
  async discover(scanner: Scanner, condition: string, signal: AbortSignal, reserveBytes?: ReserveBytes): Promise<void> {
    const sql = `SELECT DISTINCT ${this.#idSql} FROM ${this.table.from} WHERE ${condition}`;
    const unknown: number[] = [];
    for await (const { rowCount, columns } of scanner.scan({ sql }, signal)) {
      const halves = halvesOf(columns[0]!);
      for (let row = 0; row < rowCount; row++) {
        const place = this.placeOf(halves[2 * row]!, halves[2 * row + 1]!);
        if (this.#series[place] === undefined) unknown.push(place);
      }
    }
    await this.learn(scanner, condition, unknown, signal, reserveBytes);
  }

  /** Reads the texts of series that have rows which meet a condition. Called before that, `reserveBytes` may refuse it. */
  async learn(
    scanner: Scanner,
    condition: string,
    places: readonly number[],
    signal: AbortSignal,
    reserveBytes?: ReserveBytes,
  ): Promise<void> {
    if (places.length === 0) return;
    reserveBytes?.(places.length * SERIES_BYTES);
    const { kind } = this.table;
    const isTyped = kind === 'sum' || kind === 'histogram' || kind === 'exponential';
    const bounds =
      kind === 'histogram' ? 'explicit_bounds[:len(bucket_counts)]' : kind === 'summary' ? 'quantiles' : '[]::DOUBLE[]';
    const columns = [
      'name',
      'unit',
      'description',
      kind === 'sum' ? 'is_monotonic' : 'false',
      isTyped ? 'aggregation_temporality = 1' : 'false',
      'resource_attributes',
      'metric_attributes',
      'scope_name',
      'scope_version',
      'scope_attributes',
      this.#options.scopeLabels ? 'scope_schema_url' : 'NULL::VARCHAR',
      bounds,
      kind === 'histogram' ? 'sum IS NOT NULL' : 'true',
    ];
    const named = places.length > MAX_NAMED_IDS ? '' : ` AND ${this.#idSql} IN (${this.#idsSql(places)})`;
    // first() and not any_value(), which takes the first that is not NULL.
    const sql = `SELECT ${this.#idSql}, ${columns.map((column) => `first(${column})`).join(', ')}
      FROM ${this.table.from} WHERE ${condition}${named} GROUP BY 1`;
    for await (const block of scanner.scan({ sql }, signal)) {
      for (let row = 0; row < block.rowCount; row++) this.#read(block.columns, row);
    }
  }

  /** Looks for rows that have come since the last look, so that the times of all series are known. */
  async look(scanner: Scanner, signal: AbortSignal, reserveBytes?: ReserveBytes): Promise<void> {
    // One look at a time: each goes on from where the last one ended.
    while (this.#looking !== undefined) await ended(this.#looking, signal);
    this.#looking = this.#look(scanner, signal, reserveBytes);
    try {
      await this.#looking;
    } finally {
      this.#looking = undefined;
    }
  }

  async #look(scanner: Scanner, signal: AbortSignal, reserveBytes: ReserveBytes | undefined): Promise<void> {
    const { from } = this.table;
    let closedMs = this.#closedMs;
    if (closedMs > -Infinity) {
      const sql = `SELECT count(*)::DOUBLE FROM ${from} WHERE ${timeSql(-Infinity, closedMs - 1)}`;
      let rows = 0;
      for await (const { columns } of scanner.scan({ sql }, signal)) rows = numberAt(columns[0]!, 0)!;
      if (rows !== this.#closedRows) closedMs = -Infinity;
    }
    const isAnew = closedMs === -Infinity;
    // Times of before stay until all are known anew: other queries read them meanwhile.
    const firstMs = isAnew ? [] : this.#firstMs;
    const lastMs = isAnew ? [] : this.#lastMs;
    const closesMs = Math.max(closedMs, Date.now() - OPEN_MS);
    const condition = timeSql(closedMs, Infinity);
    const sql = `SELECT ${this.#idSql}, epoch_ms(min(time_unix_nano))::DOUBLE, epoch_ms(max(time_unix_nano))::DOUBLE,
        (count(*) FILTER (WHERE ${timeSql(-Infinity, closesMs - 1)}))::DOUBLE
      FROM ${from} WHERE ${condition} GROUP BY 1`;
    const unknown: number[] = [];
    let closed = 0;
    for await (const { rowCount, columns } of scanner.scan({ sql }, signal)) {
      const [ids, first, last, rows] = columns;
      const halves = halvesOf(ids!);
      for (let row = 0; row < rowCount; row++) {
        const place = this.placeOf(halves[2 * row]!, halves[2 * row + 1]!);
        if (this.#series[place] === undefined) unknown.push(place);
        firstMs[place] = Math.min(firstMs[place] ?? Infinity, numberAt(first!, row)!);
        lastMs[place] = Math.max(lastMs[place] ?? -Infinity, numberAt(last!, row)!);
        closed += numberAt(rows!, row)!;
      }
    }
    await this.learn(scanner, condition, unknown, signal, reserveBytes);
    // Behind all that may fail: what was not looked at to the end is looked at again.
    this.#firstMs = firstMs;
    this.#lastMs = lastMs;
    this.#closedRows = isAnew ? closed : this.#closedRows + closed;
    this.#closedMs = closesMs;
  }

  #idsSql(places: readonly number[]): string {
    return places.map((place) => this.#index.textAt(place)).join(', ');
  }

  #read(columns: readonly BlockColumn[], row: number): void {
    const [ids, name, unit, description, isMonotonic, isDelta, resource, attributes, ...rest] = columns;
    const [scopeName, scopeVersion, scopeAttributes, scopeSchemaUrl, bounds, hasSum] = rest;
    const halves = halvesOf(ids!);
    const metric = this.#metric({
      kind: this.table.kind,
      name: textAt(name!, row) ?? '',
      unit: textAt(unit!, row) ?? '',
      description: textAt(description!, row) ?? '',
      isMonotonic: numberAt(isMonotonic!, row) === 1,
      isDelta: numberAt(isDelta!, row) === 1,
    });
    const origin = {
      resource: textAt(resource!, row),
      attributes: textAt(attributes!, row),
      scopeName: textAt(scopeName!, row),
      scopeVersion: textAt(scopeVersion!, row),
      scopeAttributes: textAt(scopeAttributes!, row),
      scopeSchemaUrl: textAt(scopeSchemaUrl!, row),
    };
    const isTarget = this.table.kind === 'target';
    const place = this.placeOf(halves[2 * row]!, halves[2 * row + 1]!);
    if (this.#series[place] === undefined) this.learned.push(place);
    this.#series[place] = {
      metric,
      labels: isTarget ? this.#labels.targetLabels(origin.resource) : this.#labels.labelsOf(origin),
      resource: this.#labels.resourceText(origin.resource),
      bounds: numbersAt(bounds!, row),
      hasSum: numberAt(hasSum!, row) === 1,
    };
  }

  #metric(facts: MetricFacts): Metric {
    const key = JSON.stringify(facts);
    let metric = this.#metrics.get(key);
    if (metric === undefined) {
      metric = metricOf(facts, this.#options);
      this.#metrics.set(key, metric);
      for (const name of metric.names) this.#names.add(name);
    }
    return metric;
  }
}

/** Waits for another query's work, whether it fails or not. Throws once the waiting query ends. */
async function ended(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener('abort', stop, { once: true });
  });
  if (!signal.aborted) await Promise.race([work.catch(() => undefined), aborted]);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
}

/** By the labels that all series of Prometheus at a place have: making each one's label set takes longer. */
function mayMatch({ labels, metric }: Series, matchers: readonly Matcher[]): boolean {
  if (labels === undefined) return false;
  return matchers.every((matcher) => {
    switch (matcher.name) {
      case '__name__':
        return metric.names.some((name) => matcher.matches(name));
      case 'le':
      case 'quantile':
        return true;
      default:
        return matcher.matches(labels.get(matcher.name));
    }
  });
}

/** Times of the first and last sample. */
export interface SamplesSpan {
  readonly firstMs: number;
  readonly lastMs: number;
}

interface AskedTimes {
  readonly startMs: number;
  readonly endMs: number;
}

/** The series of all tables of one home, as one principal sees them. */
export class SeriesCatalogue {
  readonly labels: LabelMaker;
  readonly tables: readonly TableCatalogue[];
  /** By matchers: when all tables were asked for what they select. */
  readonly #askedEverywhere = new Map<string, AskedTimes & { readonly atMs: number }>();

  constructor(options: MetricOptions, outputs: OutputCache) {
    this.labels = new LabelMaker(options);
    this.tables = pointTables.map((table) => new TableCatalogue(table, options, this.labels, outputs));
  }

  get size(): number {
    return this.tables.reduce((sum, { size }) => sum + size, 0);
  }

  /** Looks for rows that have come to the tables of points since the last look. */
  async look(scanner: Scanner, signal: AbortSignal, reserveBytes?: ReserveBytes): Promise<void> {
    const ofPoints = this.tables.filter(({ table }) => table.kind !== 'target');
    const looking = ofPoints.map((table) => table.look(scanner, signal, reserveBytes));
    // What one of them fails of ends the query, which must not end before the others.
    await Promise.allSettled(looking);
    await Promise.all(looking);
  }

  /** Resources that have sent points, by their text, as far as the tables of points have been looked at. */
  resources(): ReadonlyMap<string, SamplesSpan> {
    const resources = new Map<string, SamplesSpan>();
    for (const table of this.tables) {
      for (const [place, { resource }] of table.known()) {
        const span = table.samplesSpan(place);
        if (span === undefined) continue;
        const { firstMs = Infinity, lastMs = -Infinity } = resources.get(resource) ?? {};
        const joined = { firstMs: Math.min(firstMs, span.firstMs), lastMs: Math.max(lastMs, span.lastMs) };
        resources.set(resource, joined);
      }
    }
    return resources;
  }

  /**
   * The tables that may hold rows for a selection. Asking one costs milliseconds of processor time even if it has none, and a metric is
   * in one table: one that is known there is looked for in the others only now and then.
   */
  tablesFor({ matchers, startMs, endMs }: AskedTimes & { matchers: readonly Matcher[] }): readonly TableCatalogue[] {
    const names = wantedNames(matchers);
    if (names === undefined) return this.tables;
    const nowMs = performance.now();
    // Other matchers leave rows out as well, so that nothing is known of a table where these were not asked for.
    const key = matchers.join(',');
    const having = this.tables.filter((table) => names.some((name) => table.hasMetric(name)));
    const isKnown = names.every((name) => having.some((table) => table.hasMetric(name)));
    const asked = this.#askedEverywhere.get(key);
    const age = nowMs - (asked?.atMs ?? -Infinity);
    // A dashboard's times move on as the clock does.
    const isWithin = asked !== undefined && startMs >= asked.startMs && endMs <= asked.endMs + age;
    return isKnown && isWithin && age < KIND_CHANGE_MS ? having : this.tables;
  }

  /** All tables have been read for a selection; at this time of the monotonic clock, when that began. */
  noteAsked({ matchers, startMs, endMs }: AskedTimes & { matchers: readonly Matcher[] }, atMs: number): void {
    if (this.#askedEverywhere.size >= MAX_ASKED) this.#askedEverywhere.clear();
    this.#askedEverywhere.set(matchers.join(','), { startMs, endMs, atMs });
  }
}

/** The elements of a list of numbers. */
export function numbersAt(column: BlockColumn, row: number): readonly number[] {
  if (column.kind !== 'list' || column.child.kind !== 'double') throw new Error('BUG: a list of numbers is expected');
  return Array.from(column.child.values.subarray(column.offsets[row], column.offsets[row + 1]));
}

export function halvesOf(column: BlockColumn): Uint32Array {
  if (column.kind !== 'bigint') throw new Error('BUG: an id is expected');
  return idHalves(column.values);
}

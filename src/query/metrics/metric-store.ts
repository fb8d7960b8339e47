// The telemetry tables as a Prometheus store, as an engine's thread sees it.

import type { Labels, Matcher, SampleSource, Selection } from '#promql';
import type { TableHome } from '../../catalog/table-home.js';
import type { Principal } from '../../server/identity/principal.js';
import type { Scanner } from '../scan/scanner.js';
import type { MetricMetadata } from './metric.js';
import type { MetricCatalogues } from './metric-catalogues.js';
import type { MetricOptions } from './metric-options.js';

/** Series that match any of the lists of matchers, or all series if there is no list; as far as they have samples in the time. */
export interface SeriesRequest {
  readonly matcherSets: readonly (readonly Matcher[])[];
  readonly startMs?: number;
  readonly endMs?: number;
  /** No more answers than this; none or 0 for all. */
  readonly limit?: number;
}

export interface Limited<Value> {
  readonly values: readonly Value[];
  /** There are more than the limit. */
  readonly isTruncated: boolean;
}

export interface MetadataRequest {
  /** The metric's family; all of them if absent. */
  readonly metric?: string;
  readonly limit?: number;
  readonly limitPerMetric?: number;
}

export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly timeMs: number;
}

export interface ExemplarSeries {
  readonly labels: Labels;
  /** By rising time. */
  readonly exemplars: readonly Exemplar[];
}

/** One statement that a selection is read with. */
export interface PlannedRead {
  readonly table: string;
  /** SQL with `{{table}}` and `$1`, as scanners take it. */
  readonly sql: string;
  readonly parameters: readonly (string | number | bigint | boolean | null)[];
  /** Names of the metrics in the table that the selection can mean. */
  readonly metrics: readonly string[];
  /** Series of the table that match, as far as the catalogue knows; null where it knows none, as of metrics that are made of spans. */
  readonly series: number | null;
  /** What DuckDB does of the selection: `time`, `name`, `series`, … */
  readonly pushed: readonly string[];
}

export type StartTimes = 'read' | 'ignored';

/** Memory of a query that others must know of. */
export interface MemoryReport {
  reserveBytes(bytes: number): void;
  releaseBytes(bytes: number): void;
}

/** What a store is opened with: one for each query, since a scanner is one query's. */
export interface MetricStoreParts {
  readonly scanner: Scanner;
  /** What the thread knows of series already. */
  readonly catalogues: MetricCatalogues;
  readonly principal: Principal;
  readonly home: TableHome;
  readonly options: MetricOptions;
  /** Whether samples say when counting began, as the evaluation's option `startTimestamps` needs it. By default they do not. */
  readonly startTimes?: StartTimes;
  /** Told of the memory that samples take while they are read. */
  readonly memory?: MemoryReport;
}

export interface MetricStore {
  readonly source: SampleSource<unknown>;
  /** Sorted. */
  labelNames(request: SeriesRequest, signal: AbortSignal): Promise<Limited<string>>;
  /** Sorted. */
  labelValues(name: string, request: SeriesRequest, signal: AbortSignal): Promise<Limited<string>>;
  /** Sorted by labels. */
  series(request: SeriesRequest, signal: AbortSignal): Promise<Limited<Labels>>;
  /** By family, sorted. */
  metadata(request: MetadataRequest, signal: AbortSignal): Promise<ReadonlyMap<string, readonly MetricMetadata[]>>;
  /** Of series that match any of the lists of matchers, sorted by labels. */
  exemplars(request: SeriesRequest, signal: AbortSignal): Promise<readonly ExemplarSeries[]>;
  /** How `source` would read a selection. Reads the catalogue, and no samples. */
  plan(selection: Selection, signal: AbortSignal): Promise<readonly PlannedRead[]>;
}

// Metrics of spans → series. Each sample is what was counted in one step, as a delta. Steps are counted in chunks; a chunk that is long
// over is counted once and remembered.

import type { Selection, SeriesSamples } from '#promql';
import { Labels } from '#promql/data/labels';
import type { Matcher } from '#promql/syntax/matcher';
import type { TableHome } from '../../catalog/table-home.js';
import type { Principal } from '../../server/identity/principal.js';
import { numberAt, textAt } from '../scan/block-values.js';
import type { Scanner } from '../scan/scanner.js';
import { type DerivedFamily, type DerivedMetric, derivedFamilies } from './derived-families.js';

/** Steps that samples may stand for: not longer than a tenth of the window that they are added up over. */
const STEPS_S = [15, 60, 300, 900, 3600];
const STEPS_PER_WINDOW = 10;
const STEPS_PER_CHUNK = 40;
/** A longer range has longer steps. */
const MAX_CHUNKS = 3000;
/** Spans come late: when they have ended, and after waiting in the sender and on the way. */
const LATE_MS = 600_000;
/** The queries of one dashboard share what one of them has counted. */
const FRESH_MS = 5000;
/** Rows that are remembered, of a few hundred bytes each. */
const MAX_ROWS = 200_000;
/** Where a question about labels names no time. */
const DEFAULT_RANGE_MS = 3_600_000;

/** What was counted in one step. */
interface CountedRow {
  readonly labels: readonly string[];
  readonly timeMs: number;
  readonly numbers: Float64Array;
}

interface Chunk {
  readonly rows: readonly CountedRow[];
  readonly countedAtMs: number;
}

/** Who asks, and where. */
export interface DerivedContext {
  readonly scanner: Scanner;
  readonly principal: Principal;
  readonly home: TableHome;
  readonly signal: AbortSignal;
}

export interface DerivedRange {
  readonly startMs: number;
  readonly endMs: number;
}

export interface NamedMetric {
  readonly family: DerivedFamily;
  readonly metric: DerivedMetric;
}

/** One statement that counts spans for metrics of one family. */
export interface CountingStatement {
  readonly metrics: readonly NamedMetric[];
  readonly sql: string;
}

/** Metrics whose name and labels all the matchers may match. */
export function derivedNamed(matchers: readonly Matcher[]): readonly NamedMetric[] {
  return derivedFamilies.flatMap((family) =>
    family.metrics
      .filter((metric) => {
        const labels = new Set(labelNamesOf({ family, metric }));
        return matchers.every((matcher) =>
          matcher.name === '__name__' ? matcher.matches(metric.name) : labels.has(matcher.name) || matcher.matches(''),
        );
      })
      .map((metric) => ({ family, metric })),
  );
}

export function labelNamesOf({ family, metric }: NamedMetric): readonly string[] {
  return ['__name__', ...family.labels, ...('bounds' in metric ? ['le'] : [])];
}

export async function hasSpans({ scanner, signal }: Pick<DerivedContext, 'scanner' | 'signal'>): Promise<boolean> {
  const sql = 'SELECT CAST(1 AS DOUBLE) FROM {{otlp_traces}} LIMIT 1';
  for await (const { rowCount } of scanner.scan({ sql }, signal)) if (rowCount > 0) return true;
  return false;
}

/** Counts of all tenants and homes of a thread. */
export class DerivedMetrics {
  readonly #chunks = new Map<string, Chunk>();
  readonly #nowMs: () => number;
  #rows = 0;

  constructor(nowMs = () => Date.now()) {
    this.#nowMs = nowMs;
  }

  /** Series of the metrics that match. */
  async series(
    metrics: readonly NamedMetric[],
    { matchers, startMs, endMs, hints }: Pick<Selection, 'matchers' | 'startMs' | 'endMs' | 'hints'>,
    context: DerivedContext,
  ): Promise<readonly SeriesSamples[]> {
    const stepMs = stepOf({ startMs, endMs }, hints.rangeMs);
    const found: SeriesSamples[] = [];
    for (const family of new Set(metrics.map((named) => named.family))) {
      const rows = await this.#rowsOf(family, { startMs, endMs }, stepMs, context);
      const groups = groupsOf(rows.filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs));
      for (const { metric } of metrics.filter((named) => named.family === family)) {
        for (const group of groups) {
          found.push(...seriesOf(family, metric, group).filter(({ labels }) => isMatched(labels, matchers)));
        }
      }
    }
    return found;
  }

  /** What `series` would count with if nothing were remembered. */
  statements(
    metrics: readonly NamedMetric[],
    { startMs, endMs, hints }: Pick<Selection, 'startMs' | 'endMs' | 'hints'>,
  ): readonly CountingStatement[] {
    const stepMs = stepOf({ startMs, endMs }, hints.rangeMs);
    const { first, last, chunkMs } = this.#chunksOf({ startMs, endMs }, stepMs);
    if (last < first) return [];
    return [...new Set(metrics.map(({ family }) => family))].map((family) => ({
      metrics: metrics.filter((named) => named.family === family),
      sql: countingSql(family, first * chunkMs, (last + 1) * chunkMs, stepMs),
    }));
  }

  /** Label sets of the metrics that match. */
  async labels(
    metrics: readonly NamedMetric[],
    matchers: readonly Matcher[],
    asked: Partial<DerivedRange>,
    context: DerivedContext,
  ): Promise<readonly Labels[]> {
    const endMs = Math.min(asked.endMs ?? Number.POSITIVE_INFINITY, this.#nowMs());
    const startMs = Math.max(asked.startMs ?? Number.NEGATIVE_INFINITY, endMs - MAX_LABEL_RANGE_MS);
    const range = { startMs: asked.startMs === undefined ? endMs - DEFAULT_RANGE_MS : startMs, endMs };
    const hints = { stepMs: 0, rangeMs: range.endMs - range.startMs, function: '', grouping: [], by: false };
    const series = await this.series(metrics, { matchers, ...range, hints }, context);
    return series.map(({ labels }) => labels);
  }

  async #rowsOf(
    family: DerivedFamily,
    range: DerivedRange,
    stepMs: number,
    context: DerivedContext,
  ): Promise<readonly CountedRow[]> {
    const { first, last, chunkMs } = this.#chunksOf(range, stepMs);
    const { principal, home } = context;
    const keyOf = (chunk: number) =>
      JSON.stringify([principal.tenant, home.catalog, home.schema, family.name, stepMs, chunk]);
    const rows: CountedRow[] = [];
    for (let chunk = first; chunk <= last; ) {
      const known = this.#known(keyOf(chunk), (chunk + 1) * chunkMs);
      if (known !== undefined) {
        for (const row of known.rows) rows.push(row);
        chunk++;
        continue;
      }
      // Chunks without a gap are counted by one statement.
      let end = chunk + 1;
      while (end <= last && this.#known(keyOf(end), (end + 1) * chunkMs) === undefined) end++;
      const counted = await this.#count(family, chunk * chunkMs, end * chunkMs, stepMs, context);
      for (const row of counted) rows.push(row);
      this.#remember(counted, chunk, end, chunkMs, keyOf);
      chunk = end;
    }
    return rows;
  }

  /** The first and the last chunk of a range. A sample has the time at which its step ends. */
  #chunksOf({ startMs, endMs }: DerivedRange, stepMs: number) {
    const chunkMs = stepMs * STEPS_PER_CHUNK;
    const first = Math.floor((startMs - stepMs) / chunkMs);
    const last = Math.floor((Math.min(endMs, this.#nowMs() + chunkMs) - 1) / chunkMs);
    return { first, last, chunkMs };
  }

  #known(key: string, endMs: number): Chunk | undefined {
    const chunk = this.#chunks.get(key);
    if (chunk === undefined) return undefined;
    const isOver = chunk.countedAtMs > endMs + LATE_MS;
    return isOver || this.#nowMs() - chunk.countedAtMs < FRESH_MS ? chunk : undefined;
  }

  #remember(
    rows: readonly CountedRow[],
    first: number,
    end: number,
    chunkMs: number,
    keyOf: (chunk: number) => string,
  ): void {
    if (rows.length > MAX_ROWS) return;
    const byChunk = Array.from({ length: end - first }, (): CountedRow[] => []);
    for (const row of rows) byChunk[Math.ceil(row.timeMs / chunkMs) - 1 - first]!.push(row);
    const countedAtMs = this.#nowMs();
    byChunk.forEach((ofChunk, i) => {
      const key = keyOf(first + i);
      this.#forget(key);
      this.#chunks.set(key, { rows: ofChunk, countedAtMs });
      this.#rows += ofChunk.length + 1;
    });
    for (const key of this.#chunks.keys()) {
      if (this.#rows <= MAX_ROWS) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    const chunk = this.#chunks.get(key);
    if (chunk === undefined) return;
    this.#rows -= chunk.rows.length + 1;
    this.#chunks.delete(key);
  }

  async #count(
    family: DerivedFamily,
    startMs: number,
    endMs: number,
    stepMs: number,
    { scanner, signal }: DerivedContext,
  ): Promise<readonly CountedRow[]> {
    const sql = countingSql(family, startMs, endMs, stepMs);
    const rows: CountedRow[] = [];
    for await (const { rowCount, columns } of scanner.scan({ sql }, signal)) {
      const at = family.labels.length;
      for (let row = 0; row < rowCount; row++) {
        rows.push({
          labels: family.labels.map((_, i) => textAt(columns[i]!, row) ?? ''),
          timeMs: startMs + (numberAt(columns[at]!, row)! + 1) * stepMs,
          numbers: Float64Array.from(columns.slice(at + 1), (column) => numberAt(column, row) ?? 0),
        });
      }
    }
    return rows;
  }
}

/** A question about labels looks back this far at most. */
const MAX_LABEL_RANGE_MS = 7 * 86_400_000;

function countingSql(family: DerivedFamily, startMs: number, endMs: number, stepMs: number): string {
  const us = (ms: number) => BigInt(ms) * 1000n;
  return family.sql(us(startMs), us(endMs), us(stepMs));
}

function stepOf({ startMs, endMs }: DerivedRange, windowMs: number): number {
  const longest = windowMs / STEPS_PER_WINDOW;
  const fitting = STEPS_S.map((seconds) => seconds * 1000).filter((stepMs) => stepMs <= longest);
  const wanted = fitting.at(-1) ?? STEPS_S[0]! * 1000;
  const isBounded = (stepMs: number) => (endMs - startMs) / (stepMs * STEPS_PER_CHUNK) <= MAX_CHUNKS;
  return STEPS_S.map((seconds) => seconds * 1000).find((stepMs) => stepMs >= wanted && isBounded(stepMs)) ?? 3_600_000;
}

/** Rows of the same labels, by rising time. */
function groupsOf(rows: readonly CountedRow[]): readonly (readonly CountedRow[])[] {
  const groups = new Map<string, CountedRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(row.labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].map((group) => group.sort((a, b) => a.timeMs - b.timeMs));
}

function seriesOf(family: DerivedFamily, metric: DerivedMetric, rows: readonly CountedRow[]): readonly SeriesSamples[] {
  const shared: [string, string][] = family.labels.map((name, i) => [name, rows[0]!.labels[i]!]);
  const times = Float64Array.from(rows, ({ timeMs }) => timeMs);
  const series = (column: number, extra: readonly [string, string][]): SeriesSamples => ({
    labels: Labels.of([['__name__', metric.name], ...shared, ...extra]),
    times,
    values: Float64Array.from(rows, ({ numbers }) => numbers[column]!),
    stale: undefined,
    histograms: undefined,
    startTimes: undefined,
    isDelta: true,
  });
  if (!('bounds' in metric)) return [series(metric.column, [])];
  return [
    ...metric.bounds.map((bound, i) => series(metric.firstColumn + i, [['le', String(bound)]])),
    series(metric.column, [['le', '+Inf']]),
  ];
}

function isMatched(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
}

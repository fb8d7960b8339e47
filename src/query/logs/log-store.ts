// The telemetry tables as a Loki store, as an engine's thread sees it: entries, and what an index of streams would say.

import type { LogBatch } from '#logql';
import { Labels } from '#promql/data/labels';
import type { Principal } from '../../server/identity/principal.js';
import { numberAt, textAt } from '../scan/block-values.js';
import { constantSql } from '../scan/constant-sql.js';
import type { Scanner } from '../scan/scanner.js';
import { LINE_SQL } from './line-filter-sql.js';
import { type LinePattern, LinePatterns, MAX_LINE_LENGTH, NUMBERED_WORD, PLACEHOLDER } from './line-patterns.js';
import { LogRowReader } from './log-row.js';
import { TableLogSource } from './log-source.js';
import { LogTable } from './log-table.js';
import { RESOURCE_ID_SQL, type Resource, ResourceCatalogue, type StreamSelection } from './resource-catalogue.js';

export interface LogOptions {
  /** Resource attributes that streams are told apart by, in their own spelling. */
  readonly indexAttributes: readonly string[];
}

/** What a store is opened with: one for each query, since a scanner is one query's. */
export interface LogStoreParts {
  readonly scanner: Scanner;
  readonly principal: Principal;
  /** Catalog and schema of the tables, as a text that tells them from others. */
  readonly home: string;
  readonly options: LogOptions;
}

export interface StreamStats {
  readonly streams: number;
  readonly entries: number;
  /** Of lines, as Loki counts them. */
  readonly bytes: number;
}

export interface VolumeRequest extends StreamSelection {
  /** Volumes of series, which are streams with the target labels alone, or of each label. */
  readonly aggregateBy: 'series' | 'labels';
  /** Labels that series keep. By default those of the matchers, or all where there are none. */
  readonly targetLabels: readonly string[];
  /** The largest ones of each step. */
  readonly limit: number;
  /** Absent for one volume of the whole time. */
  readonly stepNs?: bigint;
}

export interface Volume {
  readonly labels: Labels;
  /** The name of the label, where volumes are those of labels. */
  readonly label?: string;
  /** By rising time, which is the end of a step. */
  readonly samples: readonly { readonly timeNs: bigint; readonly bytes: number }[];
}

/** Lines that patterns are made of. Of more, every second, third, … is taken, and counts for as many. */
const MAX_PATTERN_LINES = 500_000;
/** Texts of lines in buckets of time that are joined to patterns, the most frequent first. */
const MAX_PATTERN_TEXTS = 50_000;

/** Sets of tables whose resources a thread keeps in mind. */
const MAX_CATALOGUES = 100;
/** What a thread knows of resources, by tenant, tables and options. */
const catalogues = new Map<string, ResourceCatalogue>();

function catalogueOf({ principal, home, options }: LogStoreParts): ResourceCatalogue {
  const key = JSON.stringify([principal.tenant, home, options.indexAttributes]);
  const known = catalogues.get(key) ?? new ResourceCatalogue(options.indexAttributes);
  catalogues.delete(key);
  catalogues.set(key, known);
  if (catalogues.size > MAX_CATALOGUES) catalogues.delete(catalogues.keys().next().value!);
  return known;
}

export class LogStore {
  readonly source: TableLogSource;
  readonly #open: (signal: AbortSignal) => Promise<LogTable>;
  readonly #catalogue: ResourceCatalogue;

  constructor(parts: LogStoreParts) {
    const { scanner, principal, home } = parts;
    this.#open = (signal) => LogTable.open(scanner, JSON.stringify([principal.tenant, home]), signal);
    this.#catalogue = catalogueOf(parts);
    this.source = new TableLogSource(this.#open, this.#catalogue);
  }

  /**
   * Entries that servers have accepted since the last call with this name for a reader, of streams that are wanted; none at the
   * first call. An entry without a time has that of the call.
   */
  async *newEntries(
    reader: string,
    isWanted: (stream: Labels) => boolean,
    signal: AbortSignal,
  ): AsyncGenerator<LogBatch> {
    const table = await this.#open(signal);
    const rows = new LogRowReader({ line: true, metadata: 'all' }, table.times);
    const [, ...columns] = rows.columns;
    const sql = `SELECT ${[table.times.timeOrNowNs, ...columns, 'resource_attributes'].join(', ')} FROM ${table.newRows}`;
    for await (const block of table.scanNew(sql, reader, signal)) {
      const [ids, texts] = [block.columns[1], block.columns.at(-1)];
      const wanted = new Map<number, Resource>();
      for (let row = 0; row < block.rowCount; row++) {
        const id = numberAt(ids!, row)!;
        if (wanted.has(id)) continue;
        const resource = this.#catalogue.resource(id, () => textAt(texts!, row));
        if (isWanted(resource.stream)) wanted.set(id, resource);
      }
      if (wanted.size > 0) yield rows.batch(block, wanted);
    }
  }

  /** Streams that match any of the selections, sorted by labels. */
  async streams(selections: readonly StreamSelection[], signal: AbortSignal): Promise<readonly Labels[]> {
    const found = new Map<string, Labels>();
    for (const selection of selections) {
      for (const { stream } of await this.#resources(selection, signal)) found.set(stream.key, stream);
    }
    return [...found.values()].sort((left, right) => (String(left) < String(right) ? -1 : 1));
  }

  /** The names of labels of streams, each with its values, sorted. */
  async labels(selection: StreamSelection, signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    const values = new Map<string, Set<string>>();
    for (const { stream } of await this.#resources(selection, signal)) {
      for (const [name, value] of stream.entries) {
        const known = values.get(name) ?? new Set();
        values.set(name, known.add(value));
      }
    }
    return new Map([...values].sort(byName).map(([name, known]) => [name, [...known].sort()]));
  }

  async stats(selection: StreamSelection, signal: AbortSignal): Promise<StreamStats> {
    const sums = await this.#sums(selection, undefined, signal);
    return {
      streams: new Set(sums.map(({ resource }) => resource.stream)).size,
      entries: sums.reduce((sum, { entries }) => sum + entries, 0),
      bytes: sums.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** The largest first, by the first sample. */
  async volumes(request: VolumeRequest, signal: AbortSignal): Promise<readonly Volume[]> {
    const { stepNs, startNs, endNs, limit } = request;
    const volumes = new Map<string, { labels: Labels; label?: string; bytes: Map<bigint, number> }>();
    for (const { resource, step, bytes } of await this.#sums(request, stepNs, signal)) {
      const behind = stepNs === undefined ? endNs : startNs + stepNs * BigInt(step + 1);
      const timeNs = behind < endNs ? behind : endNs;
      for (const share of sharesOf(resource.stream, request)) {
        const key = share.label ?? share.labels.key;
        const volume = volumes.get(key) ?? { ...share, bytes: new Map<bigint, number>() };
        volumes.set(key, volume);
        volume.bytes.set(timeNs, (volume.bytes.get(timeNs) ?? 0) + bytes);
      }
    }
    const kept = largestOfEachStep([...volumes.values()], limit);
    const answered = kept.map(({ bytes, ...share }) => ({
      ...share,
      samples: [...bytes]
        .map(([timeNs, sum]) => ({ timeNs, bytes: sum }))
        .sort((left, right) => (left.timeNs < right.timeNs ? -1 : 1)),
    }));
    return answered
      .filter(({ samples }) => samples.length > 0)
      .sort((left, right) => right.samples[0]!.bytes - left.samples[0]!.bytes || byText(left, right));
  }

  /** What lines are made of, with counts in buckets from `startNs` on: exact up to 500,000 lines, estimated beyond. */
  async patterns(
    selection: StreamSelection & { readonly stepNs: bigint },
    signal: AbortSignal,
  ): Promise<readonly LinePattern[]> {
    const table = await this.#open(signal);
    const { byId, sql } = await this.#catalogue.select(table, selection, signal);
    const patterns = new LinePatterns();
    if (byId.size === 0) return [];
    const { entries } = await this.stats(selection, signal);
    const every = Math.ceil(entries / MAX_PATTERN_LINES);
    const sample = every > 1 ? ` AND hash(${table.times.timeNs}, body) % ${every} = 0` : '';
    const text = `regexp_replace(left(${LINE_SQL}, ${MAX_LINE_LENGTH}), ${constantSql(NUMBERED_WORD)}, ${constantSql(PLACEHOLDER)}, 'g')`;
    const counts = `SELECT ${text}, CAST((${table.times.timeNs} - ${selection.startNs}) // ${selection.stepNs} AS DOUBLE), CAST(count(*) AS DOUBLE)
      FROM ${table.times.rows(selection)} WHERE ${sql}${sample}
      GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ${MAX_PATTERN_TEXTS}`;
    for await (const { rowCount, columns } of table.scan(counts, signal)) {
      for (let row = 0; row < rowCount; row++) {
        const line = textAt(columns[0]!, row)!;
        patterns.add(line, numberAt(columns[1]!, row)!, numberAt(columns[2]!, row)! * every);
      }
    }
    return patterns.patterns();
  }

  async #resources(selection: StreamSelection, signal: AbortSignal): Promise<readonly Resource[]> {
    const { byId } = await this.#catalogue.select(await this.#open(signal), selection, signal);
    return [...byId.values()];
  }

  async #sums(
    selection: StreamSelection,
    stepNs: bigint | undefined,
    signal: AbortSignal,
  ): Promise<{ resource: Resource; step: number; entries: number; bytes: number }[]> {
    const table = await this.#open(signal);
    const { byId, sql: condition } = await this.#catalogue.select(table, selection, signal);
    if (byId.size === 0) return [];
    const step = stepNs === undefined ? '0' : `(${table.times.timeNs} - ${selection.startNs}) // ${stepNs}`;
    const sql = `SELECT ${RESOURCE_ID_SQL}, CAST(${step} AS DOUBLE), CAST(count(*) AS DOUBLE), CAST(sum(strlen(${LINE_SQL})) AS DOUBLE)
      FROM ${table.times.rows(selection)} WHERE ${condition} GROUP BY 1, 2`;
    const sums = [];
    for await (const { rowCount, columns } of table.scan(sql, signal)) {
      for (let row = 0; row < rowCount; row++) {
        const [id, step, entries, bytes] = columns.map((column) => numberAt(column, row)!);
        sums.push({ resource: byId.get(id!)!, step: step!, entries: entries!, bytes: bytes! });
      }
    }
    return sums;
  }
}

/** What the bytes of a stream count for. */
function sharesOf(
  stream: Labels,
  { aggregateBy, targetLabels, matchers }: VolumeRequest,
): readonly { labels: Labels; label?: string }[] {
  if (targetLabels.some((name) => !stream.has(name))) return [];
  if (aggregateBy === 'labels') {
    const names = targetLabels.length > 0 ? targetLabels : stream.entries.map(([name]) => name);
    return names.map((label) => ({ labels: Labels.none, label }));
  }
  const named = targetLabels.length > 0 ? targetLabels : matchers.map(({ name }) => name);
  return [{ labels: named.length === 0 ? stream : stream.keep(named) }];
}

/** Removes what is not among the largest of its step. */
function largestOfEachStep<Each extends { bytes: Map<bigint, number> }>(
  volumes: readonly Each[],
  limit: number,
): readonly Each[] {
  const times = new Set(volumes.flatMap(({ bytes }) => [...bytes.keys()]));
  for (const time of times) {
    const ofStep = volumes.filter(({ bytes }) => bytes.has(time));
    ofStep.sort((left, right) => right.bytes.get(time)! - left.bytes.get(time)!);
    for (const { bytes } of ofStep.slice(limit)) bytes.delete(time);
  }
  return volumes;
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

function byText(left: Pick<Volume, 'labels' | 'label'>, right: Pick<Volume, 'labels' | 'label'>): number {
  return (left.label ?? String(left.labels)) < (right.label ?? String(right.labels)) ? -1 : 1;
}

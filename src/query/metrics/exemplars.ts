// Exemplars of points → exemplars of series, as Prometheus's OTLP receiver stores them.

import { type Label, Labels } from '#promql/data/labels';
import type { Matcher } from '#promql/syntax/matcher';
import { textAt } from '../scan/block-values.js';
import type { Scanner } from '../scan/scanner.js';
import { attributeTexts, elementTexts } from './attribute-text.js';
import type { MetricOptions } from './metric-options.js';
import type { Exemplar, ExemplarSeries } from './metric-store.js';
import { halvesOf, type TableCatalogue } from './series-catalogue.js';
import type { SeriesOutput } from './series-output.js';
import type { ReserveBytes } from './series-records.js';
import { conditionOf } from './table-read.js';

/** Characters of an exemplar's labels. With more of them, attributes are left out. */
const MAX_LABEL_CHARACTERS = 128;
/** An exemplar is sent with the next point of its series: how much later that may be. */
const MAX_DELAY_MS = 10 * 60_000;
/** What an exemplar takes with its labels, whose length is bounded, and with the key that tells it apart. */
const EXEMPLAR_BYTES = 1024;
const NS_PER_MS = 1_000_000n;

export interface ExemplarRequest {
  readonly matchers: readonly Matcher[];
  readonly startMs: number;
  readonly endMs: number;
  /** Called before an exemplar is kept. */
  readonly reserveBytes: ReserveBytes;
}

/** Exemplars of a table's series that match, by the series' labels. */
export async function readExemplars(
  scanner: Scanner,
  catalogue: TableCatalogue,
  { matchers, startMs, endMs, reserveBytes }: ExemplarRequest,
  options: MetricOptions,
  signal: AbortSignal,
): Promise<readonly ExemplarSeries[]> {
  const { kind, from } = catalogue.table;
  // Prometheus takes none of gauges.
  if (kind !== 'sum' && kind !== 'histogram' && kind !== 'exponential') return [];
  const times = conditionOf(catalogue, { matchers, startMs, endMs: endMs + MAX_DELAY_MS }, options);
  if (times === undefined) return [];
  const condition = `${times} AND exemplars_json IS NOT NULL`;
  await catalogue.discover(scanner, condition, signal, reserveBytes);
  const series = new Map<string, { labels: Labels; exemplars: Map<string, Exemplar> }>();
  const sql = `SELECT ${catalogue.idSql}, exemplars_json FROM ${from} WHERE ${condition}`;
  for await (const { rowCount, columns } of scanner.scan({ sql }, signal)) {
    const halves = halvesOf(columns[0]!);
    for (let row = 0; row < rowCount; row++) {
      const place = catalogue.placeOf(halves[2 * row]!, halves[2 * row + 1]!);
      if (!catalogue.matches(place, matchers)) continue;
      for (const exemplar of exemplarsIn(textAt(columns[1]!, row)!)) {
        if (exemplar.timeMs < startMs || exemplar.timeMs > endMs) continue;
        const output = outputFor(catalogue, place, exemplar.value);
        if (output === undefined || !matchers.every((each) => each.matches(output.labels.get(each.name)))) continue;
        const found = series.get(output.labels.key) ?? { labels: output.labels, exemplars: new Map() };
        series.set(output.labels.key, found);
        // Points repeat an exemplar until there is a newer one.
        const key = `${exemplar.timeMs} ${exemplar.value} ${exemplar.labels.key}`;
        if (found.exemplars.has(key)) continue;
        reserveBytes(EXEMPLAR_BYTES);
        found.exemplars.set(key, exemplar);
      }
    }
  }
  return [...series.values()].map(({ labels, exemplars }) => ({
    labels,
    exemplars: [...exemplars.values()].sort((left, right) => left.timeMs - right.timeMs),
  }));
}

/** The series that an exemplar belongs to: of a classic histogram, the bucket that its value lies in. */
function outputFor(catalogue: TableCatalogue, place: number, value: number): SeriesOutput | undefined {
  const outputs = catalogue.outputsAt(place);
  if (catalogue.table.kind !== 'histogram') return outputs[0];
  const { bounds } = catalogue.seriesAt(place)!;
  const bucket = bounds.findIndex((bound) => value <= bound);
  return outputs[bucket === -1 ? bounds.length : bucket];
}

/**
 * Member by member as a text: JSON.parse would round times, and attributes that are integers of 64 bits. Others may have written the
 * column: what is no exemplar there is left out, rather than that nobody sees those beside it.
 */
function exemplarsIn(json: string): Exemplar[] {
  if (!isArray(json)) return [];
  return elementTexts(json).flatMap((element): Exemplar[] => {
    if (!element.startsWith('{')) return [];
    const members = new Map(attributeTexts(element));
    const value = members.get('value') ?? '';
    const time = members.get('time_unix_nano') ?? '';
    // JSON has no form of NaN: null stands for it.
    if (value === '' || Number.isNaN(Number(value)) || !/^-?\d+$/.test(time)) return [];
    return [{ labels: exemplarLabels(members), value: Number(value), timeMs: Number(BigInt(time) / NS_PER_MS) }];
  });
}

function isArray(json: string): boolean {
  try {
    return Array.isArray(JSON.parse(json));
  } catch {
    return false;
  }
}

function exemplarLabels(members: ReadonlyMap<string, string>): Labels {
  const ids: Label[] = [];
  for (const name of ['trace_id', 'span_id']) {
    const id = members.get(name);
    if (id) ids.push([name, id]);
  }
  const attributes = members.get('filtered_attributes');
  const all = [...ids, ...(attributes?.startsWith('{') ? attributeTexts(attributes) : [])];
  const characters = all.reduce((sum, [name, value]) => sum + [...name].length + [...value].length, 0);
  return Labels.of(characters <= MAX_LABEL_CHARACTERS ? [...all.slice(ids.length), ...ids] : ids);
}

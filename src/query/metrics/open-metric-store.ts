// A query's view of the tables as a Prometheus store.

import { compareLabels, type Labels } from '#promql/data/labels';
import type { Matcher } from '#promql/syntax/matcher';
import { Turns } from '../run/turns.js';
import { readExemplars } from './exemplars.js';
import type { MetricMetadata } from './metric.js';
import { MetricSource } from './metric-source.js';
import type {
  ExemplarSeries,
  Limited,
  MetadataRequest,
  MetricStore,
  MetricStoreParts,
  SeriesRequest,
} from './metric-store.js';
import { TARGET_INFO } from './point-table.js';
import type { SamplesSpan, SeriesCatalogue } from './series-catalogue.js';

/** What a text of an answer takes beside its characters. */
const ENTRY_BYTES = 100;
/** What a label set takes, with the key that tells it apart. */
const LABELS_BYTES = 1024;

/** Opens nothing that must be closed. What answers take is given back with all else when the query ends. */
export function openMetricStore(parts: MetricStoreParts): MetricStore {
  const { scanner, catalogues, principal, home, options, memory } = parts;
  const catalogue = catalogues.of(principal, home, options);
  const source = new MetricSource(catalogue, parts);

  const reserveBytes = (bytes: number) => memory?.reserveBytes(bytes);

  async function lookedAt(signal: AbortSignal): Promise<SeriesCatalogue> {
    await catalogue.look(scanner, signal, reserveBytes);
    return catalogue;
  }

  /** Visits the label sets of series that match and have samples in the time, some twice. Others have their turns meanwhile. */
  async function eachSeries(
    request: SeriesRequest,
    signal: AbortSignal,
    visit: (labels: Labels) => void,
  ): Promise<void> {
    const turns = new Turns(() => signal.throwIfAborted());
    for (const labels of seriesOf(await lookedAt(signal), request)) {
      visit(labels);
      const turn = turns.checkpoint();
      if (turn !== undefined) await turn;
    }
  }

  /** What an answer holds, counted as it grows. */
  const counted = (texts: Set<string>) => (text: string) => {
    if (texts.has(text)) return;
    reserveBytes(ENTRY_BYTES + 2 * text.length);
    texts.add(text);
  };

  return {
    source,
    plan: (selection, signal) => source.plan(selection, signal),

    async labelNames(request, signal) {
      const names = new Set<string>();
      const add = counted(names);
      await eachSeries(request, signal, ({ entries }) => {
        for (const [name] of entries) add(name);
      });
      return limited([...names].sort(), request.limit);
    },

    async labelValues(label, request, signal) {
      const values = new Set<string>();
      const add = counted(values);
      await eachSeries(request, signal, (labels) => add(labels.get(label)));
      values.delete('');
      return limited([...values].sort(), request.limit);
    },

    async series(request, signal) {
      const series = new Map<string, Labels>();
      await eachSeries(request, signal, (labels) => {
        if (series.has(labels.key)) return;
        reserveBytes(LABELS_BYTES);
        series.set(labels.key, labels);
      });
      return limited([...series.values()].sort(compareLabels), request.limit);
    },

    async metadata(request, signal) {
      const families = metadataOf(await lookedAt(signal), request);
      reserveBytes(families.size * LABELS_BYTES);
      return families;
    },

    async exemplars({ matcherSets, startMs = -Infinity, endMs = Infinity }, signal) {
      const found = new Map<string, ExemplarSeries>();
      for (const matchers of matcherSets) {
        for (const table of catalogue.tables) {
          const series = await readExemplars(
            scanner,
            table,
            { matchers, startMs, endMs, reserveBytes },
            options,
            signal,
          );
          for (const each of series) found.set(each.labels.key, each);
        }
      }
      return [...found.values()].sort((left, right) => compareLabels(left.labels, right.labels));
    },
  };
}

/** Label sets of series that match and have samples in the time. Some may come twice. */
function* seriesOf(
  catalogue: SeriesCatalogue,
  { matcherSets, startMs = -Infinity, endMs = Infinity }: SeriesRequest,
): Generator<Labels> {
  const sets: readonly (readonly Matcher[])[] = matcherSets.length === 0 ? [[]] : matcherSets;
  const isThen = (span: SamplesSpan | undefined) =>
    span !== undefined && span.firstMs <= endMs && span.lastMs >= startMs;
  for (const table of catalogue.tables) {
    for (const matchers of sets) {
      for (const place of table.named(matchers)) {
        if (!isThen(table.samplesSpan(place))) continue;
        for (const { labels } of table.matching(place, matchers)) yield labels;
      }
    }
  }
  for (const [resource, span] of catalogue.resources()) {
    const labels = isThen(span) ? targetLabels(catalogue, resource) : undefined;
    if (labels === undefined) continue;
    const matches = (matchers: readonly Matcher[]) =>
      matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
    if (sets.some(matches)) yield labels;
  }
}

function targetLabels({ labels }: SeriesCatalogue, resource: string): Labels | undefined {
  return labels.targetLabels(resource)?.with([['__name__', TARGET_INFO]]);
}

function metadataOf(
  catalogue: SeriesCatalogue,
  { metric, limit, limitPerMetric = 0 }: MetadataRequest,
): ReadonlyMap<string, readonly MetricMetadata[]> {
  const byFamily = new Map<string, Map<string, MetricMetadata>>();
  for (const table of catalogue.tables) {
    for (const { family, metadata } of table.metrics) {
      if (family === undefined || (metric !== undefined && metric !== family)) continue;
      const known = byFamily.get(family) ?? new Map<string, MetricMetadata>();
      byFamily.set(family, known);
      if (limitPerMetric <= 0 || known.size < limitPerMetric) known.set(JSON.stringify(metadata), metadata);
    }
  }
  const hasTargets = [...catalogue.resources().keys()].some(
    (resource) => targetLabels(catalogue, resource) !== undefined,
  );
  if (hasTargets && (metric === undefined || metric === TARGET_INFO)) {
    byFamily.set(TARGET_INFO, new Map([['', { type: 'gauge', help: 'Target metadata', unit: '' }]]));
  }
  const { values } = limited([...byFamily.keys()].sort(), limit);
  return new Map(values.map((family) => [family, [...byFamily.get(family)!.values()]]));
}

export function limited<Value>(values: readonly Value[], limit = 0): Limited<Value> {
  const isTruncated = limit > 0 && values.length > limit;
  return { values: isTruncated ? values.slice(0, limit) : values, isTruncated };
}

// A store of metrics with those that are made of spans. A metric that was sent under the same name stands instead of ours: a Collector
// may have derived it already.

import type { Selection } from '#promql';
import { compareLabels, type Labels } from '#promql/data/labels';
import { Matcher } from '#promql/syntax/matcher';
import type { MetricMetadata } from '../metrics/metric.js';
import type { MetricStore, SeriesRequest } from '../metrics/metric-store.js';
import { limited } from '../metrics/open-metric-store.js';
import {
  type DerivedContext,
  type DerivedMetrics,
  derivedNamed,
  hasSpans,
  labelNamesOf,
  type NamedMetric,
} from '../traces/derived-metrics.js';

export function withDerivedMetrics(
  store: MetricStore,
  derived: DerivedMetrics,
  parts: Omit<DerivedContext, 'signal'>,
): MetricStore {
  /** Metrics that the matchers may match, that there are spans for, and that nobody has sent. */
  async function unsent(matchers: readonly Matcher[], signal: AbortSignal): Promise<readonly NamedMetric[]> {
    const named = derivedNamed(matchers);
    if (named.length === 0 || !(await hasSpans({ ...parts, signal }))) return [];
    // Asked at once: for each question the store looks at all of its tables.
    const matcherSets = named.map(({ metric }) => [new Matcher('__name__', '=', metric.name)]);
    const { values: sent } = await store.labelValues('__name__', { matcherSets }, signal);
    return named.filter(({ metric }) => !sent.includes(metric.name));
  }

  async function labelsOf(
    { matcherSets, startMs, endMs }: SeriesRequest,
    signal: AbortSignal,
  ): Promise<readonly Labels[]> {
    const found: Labels[] = [];
    const range = { ...(startMs !== undefined && { startMs }), ...(endMs !== undefined && { endMs }) };
    for (const matchers of matcherSets.length === 0 ? [[]] : matcherSets) {
      const metrics = await unsent(matchers, signal);
      if (metrics.length > 0) found.push(...(await derived.labels(metrics, matchers, range, { ...parts, signal })));
    }
    return found;
  }

  /** Of questions that name metrics at most: what they ask is known without counting. */
  async function metricsAsked({ matcherSets }: SeriesRequest, signal: AbortSignal) {
    if (matcherSets.some((matchers) => matchers.some(({ name }) => name !== '__name__'))) return undefined;
    const sets = matcherSets.length === 0 ? [[]] : matcherSets;
    return (await Promise.all(sets.map((matchers) => unsent(matchers, signal)))).flat();
  }

  return {
    ...store,
    source: {
      async *read(selection: Selection, context) {
        const { signal } = context;
        const metrics = await unsent(selection.matchers, signal);
        if (metrics.length > 0) {
          const series = await derived.series(metrics, selection, { ...parts, signal });
          if (series.length > 0) yield series;
        }
        yield* store.source.read(selection, context);
      },
    },

    async labelNames(request, signal) {
      const { limit: _, ...all } = request;
      const { values } = await store.labelNames(all, signal);
      const metrics = await metricsAsked(request, signal);
      const names =
        metrics?.flatMap(labelNamesOf) ??
        (await labelsOf(request, signal)).flatMap(({ entries }) => entries.map(([name]) => name));
      return limited([...new Set([...values, ...names])].sort(), request.limit);
    },

    async labelValues(name, request, signal) {
      const { limit: _, ...all } = request;
      const { values } = await store.labelValues(name, all, signal);
      const metrics = name === '__name__' ? await metricsAsked(request, signal) : undefined;
      const more =
        metrics?.map(({ metric }) => metric.name) ??
        (await labelsOf(request, signal)).map((labels) => labels.get(name)).filter((value) => value !== '');
      return limited([...new Set([...values, ...more])].sort(), request.limit);
    },

    async series(request, signal) {
      const { limit: _, ...all } = request;
      const { values } = await store.series(all, signal);
      const series = new Map([...values, ...(await labelsOf(request, signal))].map((labels) => [labels.key, labels]));
      return limited([...series.values()].sort(compareLabels), request.limit);
    },

    async metadata(request, signal) {
      const known = new Map(await store.metadata(request, signal));
      for (const { metric } of await unsent([], signal)) {
        const family = metric.type === 'histogram' ? metric.name.replace(/_(?:bucket|sum|count)$/, '') : metric.name;
        if (known.has(family) || (request.metric !== undefined && request.metric !== family)) continue;
        if (request.limit !== undefined && request.limit > 0 && known.size >= request.limit) break;
        known.set(family, [{ type: metric.type, help: 'Made of spans.', unit: '' } satisfies MetricMetadata]);
      }
      return known;
    },

    async plan(selection, signal) {
      const planned = await store.plan(selection, signal);
      const statements = derived.statements(await unsent(selection.matchers, signal), selection);
      return [
        ...planned,
        ...statements.map(({ metrics, sql }) => ({
          table: 'otlp_traces',
          sql,
          parameters: [],
          metrics: metrics.map(({ metric }) => metric.name).sort(),
          series: null,
          pushed: ['time'],
        })),
      ];
    },
  };
}

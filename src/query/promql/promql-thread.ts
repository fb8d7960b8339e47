// What a thread runs PromQL with: the engine over the tables of metrics.

import { MetricCatalogues } from '../metrics/metric-catalogues.js';
import { openMetricStore } from '../metrics/open-metric-store.js';
import { DerivedMetrics } from '../traces/derived-metrics.js';
import { promqlEngine } from './promql-engine.js';
import { withDerivedMetrics } from './with-derived-metrics.js';

/** What this thread has learned of series. */
const catalogues = new MetricCatalogues();
/** What it has counted of spans. */
const derived = new DerivedMetrics();

export const run = promqlEngine(({ scanner, principal, home, report }, options) =>
  withDerivedMetrics(openMetricStore({ scanner, catalogues, principal, home, options, memory: report }), derived, {
    scanner,
    principal,
    home,
  }),
);

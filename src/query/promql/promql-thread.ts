// What a thread runs PromQL with: the engine over the tables of metrics.

import { MetricCatalogues } from '../metrics/metric-catalogues.js';
import { openMetricStore } from '../metrics/open-metric-store.js';
import { promqlEngine } from './promql-engine.js';

/** What this thread has learned of series. */
const catalogues = new MetricCatalogues();

export const run = promqlEngine(({ scanner, principal, home, report }, options) =>
  openMetricStore({ scanner, catalogues, principal, home, options, memory: report }),
);

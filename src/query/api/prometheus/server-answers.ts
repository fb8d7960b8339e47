// What Prometheus says of itself, as far as it makes sense here: we scrape nothing, and have no rules.

import { hostname } from 'node:os';
import type { PromqlOptions } from '../../../schema/promql-options.js';

/** The Prometheus whose API and language this is: clients choose by it what they may ask. */
const PROMETHEUS_VERSION = '3.14.0';

const startTime = new Date(Date.now() - 1000 * process.uptime()).toISOString();

/** The data of each endpoint, by path. */
export function serverAnswers(options: PromqlOptions): Readonly<Record<string, () => unknown>> {
  return {
    alertmanagers: () => ({ activeAlertmanagers: [], droppedAlertmanagers: [] }),
    alerts: () => ({ alerts: [] }),
    features: () => ({
      api: {
        label_values_match: true,
        query_stats: true,
        query_warnings: true,
        time_range_labels: true,
        time_range_series: true,
      },
    }),
    notifications: () => [],
    rules: () => ({ groups: [] }),
    scrape_pools: () => ({ scrapePools: [] }),
    'status/buildinfo': () => ({
      version: PROMETHEUS_VERSION,
      revision: '',
      branch: '',
      buildUser: 'otelduck',
      buildDate: '',
      goVersion: '',
    }),
    'status/config': () => ({ yaml: '' }),
    'status/flags': () => ({
      'query.lookback-delta': '5m',
      'query.max-samples': String(options.max_samples),
      'query.timeout': `${options.query_timeout_ms}ms`,
    }),
    'status/runtimeinfo': () => ({
      startTime,
      serverTime: new Date().toISOString(),
      hostname: hostname(),
      reloadConfigSuccess: true,
      lastConfigTime: startTime,
      corruptionCount: 0,
      storageRetention: '',
    }),
    'status/walreplay': () => ({ min: 0, max: 0, current: 0 }),
    targets: () => ({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }),
    'targets/metadata': () => [],
  };
}

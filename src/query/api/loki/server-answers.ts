// What Loki says of itself, as far as it makes sense here.

import type { LokiOptions } from '../../../schema/loki-options.js';
import type { ReadAnswer } from '../../../server/read/read-api.js';

/** The Loki whose API and language this is: clients choose by it what they may ask. */
const LOKI_VERSION = '3.6.0';

/** Answers by path. */
export function serverAnswers(options: LokiOptions): Readonly<Record<string, () => ReadAnswer>> {
  return {
    '/loki/api/v1/status/buildinfo': () =>
      json({
        version: LOKI_VERSION,
        revision: '',
        branch: '',
        buildUser: 'otelduck',
        buildDate: '',
        goVersion: '',
      }),
    // What the Logs Drilldown app looks at to know what it may show.
    '/loki/api/v1/drilldown-limits': () =>
      json({
        limits: {
          discover_log_levels: true,
          max_entries_limit_per_query: options.max_log_entries,
          max_query_series: options.max_log_series,
          otlp_config: {
            resource_attributes: {
              attributes_config: [{ action: 'index_label', attributes: options.log_index_attributes }],
            },
          },
          volume_enabled: true,
        },
        pattern_ingester_enabled: true,
        version: LOKI_VERSION,
      }),
    '/loki/api/v1/rules': () => ({ type: 'application/yaml', body: '{}\n' }),
    '/prometheus/api/v1/rules': () => json({ status: 'success', data: { groups: [] }, errorType: '', error: '' }),
    '/prometheus/api/v1/alerts': () => json({ status: 'success', data: { alerts: [] }, errorType: '', error: '' }),
  };
}

export function json(value: unknown): ReadAnswer {
  return { type: 'application/json; charset=UTF-8', body: JSON.stringify(value) };
}

import type { LokiOptions } from '../../schema/loki-options.js';
import type { LogqlSettings } from './logql-request.js';

/** Loki refuses more points for a series. */
export const MAX_STEPS = 11_000;

export function logqlSettings(options: Pick<LokiOptions, 'log_index_attributes' | 'max_log_series'>): LogqlSettings {
  return {
    indexAttributes: options.log_index_attributes,
    // A step more than the range has.
    limits: { maxResultSeries: options.max_log_series, maxSteps: MAX_STEPS + 1 },
  };
}

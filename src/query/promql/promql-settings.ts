import type { PromqlOptions } from '../../schema/promql-options.js';
import type { QueryLimits } from '../run/query-runner.js';
import type { PromqlSettings } from './promql-request.js';

/** Prometheus refuses more steps, lest a range in the wrong unit costs the server everything. */
export const MAX_STEPS = 11_000;

export function promqlSettings(options: PromqlOptions): PromqlSettings {
  const promoted = options.label_resource_attributes ?? '';
  return {
    metrics: {
      translationStrategy: options.translation_strategy,
      promotedResourceAttributes: promoted.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])),
      keepIdentifyingAttributes: options.keep_identifying_attributes,
      scopeLabels: options.scope_labels,
      serviceNameLabel: options.service_name_label,
    },
    // A step more than the range has.
    limits: { maxSamples: options.max_samples, maxSeries: options.max_series, maxSteps: MAX_STEPS + 1 },
  };
}

/** Limits of the query around an evaluation, which counts itself what it holds: how much it reads says little of what it costs. */
export function runnerLimits(options: PromqlOptions, timeoutMs = options.query_timeout_ms): QueryLimits {
  return {
    maxSamples: Number.POSITIVE_INFINITY,
    timeoutMs: Math.max(1, Math.min(timeoutMs, options.query_timeout_ms)),
  };
}

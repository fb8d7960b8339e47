// How OTLP metrics are told as Prometheus series. The defaults are Prometheus 3.14's.

import type { TranslationStrategy } from '../../schema/metric-label-options.js';

export type { TranslationStrategy } from '../../schema/metric-label-options.js';

export interface MetricOptions {
  /** How names of metrics and labels are made: escaped to what old clients can write, or as they are. */
  readonly translationStrategy: TranslationStrategy;
  /** Resource attributes that become labels of every series. */
  readonly promotedResourceAttributes: readonly string[];
  /** `target_info` keeps `service.name`, `service.namespace` and `service.instance.id` too. */
  readonly keepIdentifyingAttributes: boolean;
  /** Labels `otel_scope_name`, `otel_scope_version` and one for each attribute of the scope. */
  readonly scopeLabels: boolean;
  /** A label `service_name` on every series, beside `job`. Prometheus has no such option. */
  readonly serviceNameLabel: boolean;
}

export const defaultMetricOptions: MetricOptions = {
  translationStrategy: 'UnderscoreEscapingWithSuffixes',
  promotedResourceAttributes: [],
  keepIdentifyingAttributes: false,
  scopeLabels: false,
  serviceNameLabel: false,
};

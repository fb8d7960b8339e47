// Metrics and their names by strategy. The cases are those of prometheus/otlptranslator 1.0.0, which Prometheus 3.14 uses, and some more.

import type { NamedMetric } from '../../../src/query/metrics/metric-name.js';
import type { TranslationStrategy } from '../../../src/query/metrics/metric-options.js';

export const suffixes = 'UnderscoreEscapingWithSuffixes';
const noSuffixes = 'UnderscoreEscapingWithoutSuffixes';
export const utf8Suffixes = 'NoUTF8EscapingWithSuffixes';
export const none = 'NoTranslation';

type Kind = NamedMetric['kind'];

export const nameCases: readonly [
  strategy: TranslationStrategy,
  kind: Kind,
  name: string,
  unit: string,
  expected: string | undefined,
][] = [
  [noSuffixes, 'gauge', 'simple_metric', '', 'simple_metric'],
  [noSuffixes, 'gauge', 'metric@with#special$chars', '', 'metric_with_special_chars'],
  [noSuffixes, 'gauge', '123metric', '', '_123metric'],
  [noSuffixes, 'gauge', '', '', undefined],
  [noSuffixes, 'gauge', 'metric@@##$$name', '', 'metric_name'],
  [noSuffixes, 'gauge', '@#$%', '', undefined],
  [noSuffixes, 'gauge', '@_#_$_%', '', undefined],
  [noSuffixes, 'gauge', '___', '', '___'],
  [noSuffixes, 'counter', 'http.server.duration', 's', 'http_server_duration'],
  [suffixes, 'counter', 'requests', '', 'requests_total'],
  [suffixes, 'gauge', 'cpu_usage', '1', 'cpu_usage_ratio'],
  [suffixes, 'counter', 'items', '1', 'items_total'],
  [suffixes, 'gauge', 'response_time', 'ms', 'response_time_milliseconds'],
  [suffixes, 'gauge', 'memory_usage', 'By', 'memory_usage_bytes'],
  [suffixes, 'gauge', 'requests', '1/s', 'requests_per_second'],
  [suffixes, 'gauge', 'throughput', 'By/s', 'throughput_bytes_per_second'],
  [suffixes, 'gauge', 'custom_metric', 'custom_unit', 'custom_metric_custom_unit'],
  [suffixes, 'gauge', 'custom_metric', '{custom}', 'custom_metric'],
  [suffixes, 'gauge', 'custom_metric', 'By/{custom}', 'custom_metric_bytes'],
  [suffixes, 'counter', 'requests_total', '', 'requests_total'],
  [suffixes, 'gauge', 'cpu_usage_ratio', '1', 'cpu_usage_ratio'],
  [suffixes, 'gauge', 'response_time_seconds', 's', 'response_time_seconds'],
  [suffixes, 'counter', '123_requests', '', '_123_requests_total'],
  [suffixes, 'counter', 'total.requests', '', 'requests_total'],
  [
    suffixes,
    'gauge',
    'metric__with__multiple__underscores',
    'unit__multiple__underscores',
    'metric_with_multiple_underscores_unit_multiple_underscores',
  ],
  [suffixes, 'gauge', 'custom_metric', 'unit@with#special/chars', 'custom_metric_unit_with_special_per_chars'],
  [suffixes, 'gauge', '@#$%', '', undefined],
  [suffixes, 'other', 'request_duration', 's', 'request_duration_seconds'],
  [suffixes, 'other', 'system.filesystem.usage', 'GiBy', 'system_filesystem_usage_gibibytes'],
  [suffixes, 'gauge', 'broken.metric.speed', 'km/h', 'broken_metric_speed_km_per_hour'],
  [suffixes, 'gauge', 'astro.light.speed_limit', 'm/s', 'astro_light_speed_limit_meters_per_second'],
  [suffixes, 'counter', 'nsm:job.duration', 'min', 'nsm:job_duration_minutes_total'],
  [none, 'gauge', 'métric_with_ñ_chars', '', 'métric_with_ñ_chars'],
  [none, 'counter', 'http.server.duration', 's', 'http.server.duration'],
  [none, 'gauge', '___', '', '___'],
  [utf8Suffixes, 'counter', 'requests_total', '', 'requests_total'],
  [utf8Suffixes, 'gauge', 'cpu_usage_ratio', '1', 'cpu_usage_ratio'],
  [utf8Suffixes, 'gauge', 'response_time_seconds', 's', 'response_time_seconds'],
  [utf8Suffixes, 'counter', 'cpu_seconds_total', 's', 'cpu_seconds_total'],
  [utf8Suffixes, 'counter', 'otelcol_process_cpu_seconds', 's', 'otelcol_process_cpu_seconds_total'],
  [utf8Suffixes, 'counter', 'requêsts', '', 'requêsts_total'],
  [utf8Suffixes, 'gauge', 'cpu_usagé', '1', 'cpu_usagé_ratio'],
  [utf8Suffixes, 'gauge', 'respønse_time', 'ms', 'respønse_time_milliseconds'],
  [utf8Suffixes, 'gauge', 'requêsts', '1/s', 'requêsts_per_second'],
  [utf8Suffixes, 'counter', 'requêsts', '1/s', 'requêsts_per_second_total'],
  [utf8Suffixes, 'counter', '@#$%', '', '@#$%_total'],
  [suffixes, 'gauge', 'ratio.of.hits', '1', 'of_hits_ratio'],
  [utf8Suffixes, 'counter', 'requests.total', 's', 'requests_seconds_total'],
  [utf8Suffixes, 'gauge', 'requests.per_second', '1/s', 'requests_per_second'],
];

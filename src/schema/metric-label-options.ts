// How the metrics of OpenTelemetry are told as Prometheus series: options of everything that answers PromQL. The defaults are
// Prometheus 3.14's.

import { SqlError } from '../base/sql-error.js';
import { flag, type Option, type OptionValues, optionalText } from './option-declaration.js';

export const translationStrategies = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
] as const;
export type TranslationStrategy = (typeof translationStrategies)[number];

export const metricLabelOptions = {
  translation_strategy: translationStrategy(),
  label_resource_attributes: optionalText({
    defaultText: 'none',
    doc: 'Resource attributes that become labels of every series, comma-separated.',
  }),
  keep_identifying_attributes: flag({
    default: false,
    doc: '`target_info` keeps `service.name`, `service.namespace` and `service.instance.id` as labels too.',
  }),
  scope_labels: flag({
    default: false,
    doc: 'Labels `otel_scope_name`, `otel_scope_version` and one for each attribute of the scope.',
  }),
  service_name_label: flag({
    default: false,
    doc: 'A label `service_name` on every series, beside `job`. Prometheus has no such option.',
  }),
};
export type MetricLabelOptions = OptionValues<typeof metricLabelOptions>;

function translationStrategy(): Option<TranslationStrategy> {
  const [first] = translationStrategies;
  return {
    sqlType: 'VARCHAR',
    defaultText: `\`${first}\``,
    doc: `How names of metrics and labels are made: ${translationStrategies.map((name) => `\`${name}\``).join(', ')}.`,
    read(name, given) {
      if (given === null) return first;
      const found = translationStrategies.find((strategy) => strategy.toLowerCase() === String(given).toLowerCase());
      if (found !== undefined) return found;
      const choices = translationStrategies.map((strategy) => `'${strategy}'`).join(' or ');
      throw new SqlError('OTLP_ARGUMENT_INVALID', `${name} must be ${choices}, got '${given}'`);
    },
  };
}

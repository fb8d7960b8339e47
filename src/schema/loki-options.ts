import { type Option, type OptionValues, positiveInteger } from './option-declaration.js';

/** Attributes that Loki takes for labels of streams. */
export const DEFAULT_INDEX_ATTRIBUTES: readonly string[] = [
  'service.name',
  'service.namespace',
  'service.instance.id',
  'deployment.environment',
  'deployment.environment.name',
  'cloud.region',
  'cloud.availability_zone',
  'k8s.cluster.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.container.name',
  'container.name',
  'k8s.replicaset.name',
  'k8s.deployment.name',
  'k8s.statefulset.name',
  'k8s.daemonset.name',
  'k8s.cronjob.name',
  'k8s.job.name',
];

/** Options of everything that answers LogQL. The defaults are Loki's. */
export const lokiOptions = {
  log_index_attributes: indexAttributes(),
  max_log_entries: positiveInteger({
    sqlType: 'UBIGINT',
    default: 5000,
    doc: 'Maximum number of log entries that one request may ask for.',
  }),
  max_log_series: positiveInteger({
    sqlType: 'UBIGINT',
    default: 500,
    doc: 'Maximum number of series that one query over logs gives.',
  }),
};
export type LokiOptions = OptionValues<typeof lokiOptions>;

function indexAttributes(): Option<readonly string[]> {
  return {
    sqlType: 'VARCHAR',
    defaultText: "Loki's list",
    doc: 'Resource attributes that become labels of log streams, comma-separated. All others are structured metadata.',
    read(_name, given) {
      if (given === null) return DEFAULT_INDEX_ATTRIBUTES;
      const attributes = String(given)
        .split(',')
        .map((attribute) => attribute.trim());
      return [...new Set(attributes)].filter((attribute) => attribute !== '');
    },
  };
}

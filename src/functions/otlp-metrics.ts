import { type MetricFamily, type MetricSample, samplesOf } from '../control/metrics-text.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { ListFunction } from '../duckdb/list-function.js';
import { column } from '../schema/result-column.js';

type ListedSample = MetricSample & { readonly family: MetricFamily };

const columns = [
  column('name', 'VARCHAR', 'Name of the sample, as `/metrics` has it.', ({ name }: ListedSample) => name),
  column('type', 'VARCHAR', '`counter`, `gauge` or `histogram`.', ({ family }: ListedSample) => family.type),
  column('labels', 'VARCHAR', 'Labels, a JSON object of texts.', ({ labels }: ListedSample) => JSON.stringify(labels)),
  column('value', 'DOUBLE', 'The value at the moment of the call.', ({ value }: ListedSample) => value),
  column('doc', 'VARCHAR', 'What is measured.', ({ family }: ListedSample) => family.doc),
];

/** `otlp_metrics()`: the metrics of the process and its servers, one row per sample. `GET /metrics` has the same. */
export function otlpMetrics(registry: ServerRegistry): ListFunction<ListedSample> {
  return {
    name: 'otlp_metrics',
    columns,
    rows: () => registry.metrics().flatMap((family) => samplesOf(family).map((sample) => ({ ...sample, family }))),
  };
}

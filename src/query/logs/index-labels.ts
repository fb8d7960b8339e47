// Attributes of a resource → the labels of a stream, and what is only metadata of its entries.

import { type Label, Labels } from '#promql/data/labels';
import { flatAttributes } from './flat-attributes.js';

export const SERVICE_NAME = 'service_name';
const UNKNOWN_SERVICE = 'unknown_service';

/** Labels that name the service of a stream without `service.name`: the first that there is. */
const SERVICE_NAME_LABELS = [
  'service',
  'app',
  'application',
  'app_name',
  'name',
  'app_kubernetes_io_name',
  'container',
  'container_name',
  'k8s_container_name',
  'component',
  'workload',
  'job',
  'k8s_job_name',
];

/** What a resource says of its log records. */
export interface ResourceLabels {
  /** The labels that a stream is chosen by. */
  readonly stream: Labels;
  /** What the resource gives each of its entries as structured metadata. */
  readonly metadata: readonly Label[];
}

/** The labels of a resource with these attributes (JSON text), of which those named by `indexed` choose its stream. */
export function resourceLabels(attributes: string | undefined, indexed: ReadonlySet<string>): ResourceLabels {
  const stream = new Map<string, string>();
  const metadata: Label[] = [];
  let hasServiceName = false;
  flatAttributes(attributes, (attribute, name, value) => {
    if (attribute === 'service.name' && value !== '') hasServiceName = true;
    if (indexed.has(attribute)) stream.set(name, value);
    else metadata.push([name, value]);
  });
  if (!hasServiceName) {
    const found = SERVICE_NAME_LABELS.map((label) => stream.get(label)).find((value) => value);
    stream.set(SERVICE_NAME, found ?? UNKNOWN_SERVICE);
  }
  return { stream: Labels.of(stream), metadata };
}

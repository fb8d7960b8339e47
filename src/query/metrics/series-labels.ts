// Resource, scope and attributes of OTLP points → labels of Prometheus series, as its OTLP receiver makes them.

import { Labels } from '#promql/data/labels';
import { attributeTexts } from './attribute-text.js';
import { labelName } from './label-name.js';
import type { MetricOptions } from './metric-options.js';

const METRIC_NAME = '__name__';
const identifyingAttributes = ['service.name', 'service.namespace', 'service.instance.id'];

/** Texts of what all points of a series have in common, as the tables hold them. */
export interface SeriesOrigin {
  readonly resource: string | undefined;
  readonly scopeName: string | undefined;
  readonly scopeVersion: string | undefined;
  readonly scopeAttributes: string | undefined;
  readonly scopeSchemaUrl: string | undefined;
  readonly attributes: string | undefined;
}

type LabelMap = Map<string, string>;

/** Makes label sets. What it knows of resources it keeps, since all series of a process share one. */
export class LabelMaker {
  readonly #options: MetricOptions;
  readonly #resources = new Map<string, ResourceLabels>();

  constructor(options: MetricOptions) {
    this.#options = options;
  }

  /** All labels but the name. Points' attributes give way to those that say where the points come from. */
  labelsOf(origin: SeriesOrigin): Labels {
    const { resource, scopeName, attributes } = origin;
    const { promoted, identity, serviceName } = this.#resourceLabels(resource);
    const labels = this.#attributeLabels(attributeTexts(attributes));
    for (const [name, value] of promoted) if (!labels.get(name)) labels.set(name, value);
    for (const [name, value] of identity) labels.set(name, value);
    if (serviceName !== undefined && !labels.get('service_name')) labels.set('service_name', serviceName);
    if (this.#options.scopeLabels && scopeName !== undefined) {
      for (const [key, value] of attributeTexts(origin.scopeAttributes)) this.#set(labels, `otel_scope_${key}`, value);
      labels.set('otel_scope_name', scopeName);
      labels.set('otel_scope_version', origin.scopeVersion ?? '');
      labels.set('otel_scope_schema_url', origin.scopeSchemaUrl ?? '');
    }
    return Labels.of(labels);
  }

  /** The text of a resource, the same object for all series that have it. */
  resourceText(resource: string | undefined): string {
    return this.#resourceLabels(resource).text;
  }

  /** Labels of `target_info` but the name; undefined where it would say nothing, or not of what. */
  targetLabels(resource: string | undefined): Labels | undefined {
    const attributes = attributeTexts(resource);
    const others = attributes.filter(([key]) => !identifyingAttributes.includes(key));
    const { identity } = this.#resourceLabels(resource);
    if (others.length === 0) return undefined;
    const labels = this.#attributeLabels(this.#options.keepIdentifyingAttributes ? attributes : others);
    for (const [name, value] of identity) labels.set(name, value);
    // An attribute of that name says who it is, too.
    return labels.get('job') || labels.get('instance') ? Labels.of(labels) : undefined;
  }

  /** Keys come sorted. Values of keys that get the same name are joined. */
  #attributeLabels(attributes: readonly (readonly [string, string])[]): LabelMap {
    const labels: LabelMap = new Map();
    for (const [key, value] of attributes) {
      if (key === METRIC_NAME) continue;
      const name = labelName(key, this.#options.translationStrategy);
      if (name === undefined) continue;
      const existing = labels.get(name);
      labels.set(name, existing ? `${existing};${value}` : value);
    }
    return labels;
  }

  #set(labels: LabelMap, key: string, value: string): void {
    const name = labelName(key, this.#options.translationStrategy);
    if (name !== undefined) labels.set(name, value);
  }

  #resourceLabels(resource: string | undefined): ResourceLabels {
    const key = resource ?? '';
    let labels = this.#resources.get(key);
    if (labels === undefined) {
      labels = { text: key, ...resourceLabels(attributeTexts(resource), this.#options) };
      this.#resources.set(key, labels);
    }
    return labels;
  }
}

interface ResourceLabels {
  readonly text: string;
  readonly promoted: readonly (readonly [string, string])[];
  /** `job` and `instance`, where they are known. */
  readonly identity: readonly (readonly [string, string])[];
  readonly serviceName: string | undefined;
}

function resourceLabels(
  attributes: readonly (readonly [string, string])[],
  options: MetricOptions,
): Omit<ResourceLabels, 'text'> {
  const byKey = new Map(attributes);
  const promoted: [string, string][] = [];
  for (const [key, value] of attributes) {
    if (!options.promotedResourceAttributes.includes(key)) continue;
    const name = labelName(key, options.translationStrategy);
    if (name !== undefined) promoted.push([name, value]);
  }
  const name = byKey.get('service.name');
  const namespace = byKey.get('service.namespace');
  const instance = byKey.get('service.instance.id');
  const identity: [string, string][] = [];
  // An empty name is a name: with a namespace, the job is "shop/".
  const job = name === undefined || namespace === undefined ? name : `${namespace}/${name}`;
  if (job) identity.push(['job', job]);
  if (instance) identity.push(['instance', instance]);
  return { promoted, identity, serviceName: options.serviceNameLabel ? name : undefined };
}

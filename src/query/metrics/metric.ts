// One metric as Prometheus sees it: names of its series, and what is known of it.

import { metricName } from './metric-name.js';
import type { MetricOptions } from './metric-options.js';
import type { PointKind } from './point-table.js';
import { unitName } from './unit-name.js';

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'info' | 'unknown';

export interface MetricMetadata {
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

/** What points of one metric have in common in their table. */
export interface MetricFacts {
  readonly kind: PointKind;
  readonly name: string;
  readonly unit: string;
  readonly isMonotonic: boolean;
  readonly isDelta: boolean;
  readonly description: string;
}

export interface Metric {
  readonly facts: MetricFacts;
  /** Name of the family; undefined where no name can be made, so that there are no series. */
  readonly family: string | undefined;
  /** Names of its series. */
  readonly names: readonly string[];
  readonly metadata: MetricMetadata;
}

/** What the names of a family's series end with. */
export const partSuffixes: Readonly<Record<PointKind, readonly string[]>> = {
  gauge: [''],
  sum: [''],
  target: [''],
  exponential: [''],
  histogram: ['_bucket', '_count', '_sum'],
  summary: ['', '_count', '_sum'],
};

export function metricOf(facts: MetricFacts, { translationStrategy }: MetricOptions): Metric {
  const { kind, name, unit, isMonotonic, description } = facts;
  const suffixed = kind === 'gauge' ? 'gauge' : isMonotonic ? 'counter' : 'other';
  const family = kind === 'target' ? name : metricName({ name, unit, kind: suffixed }, translationStrategy);
  return {
    facts,
    family,
    names: family === undefined ? [] : partSuffixes[kind].map((suffix) => family + suffix),
    metadata: { type: typeOf(facts), help: description, unit: unitName(unit) },
  };
}

/** Prometheus has no type for what is counted anew at each point. */
function typeOf({ kind, isMonotonic, isDelta }: MetricFacts): MetricMetadata['type'] {
  if (isDelta) return 'unknown';
  switch (kind) {
    case 'gauge':
    case 'target':
      return 'gauge';
    case 'sum':
      return isMonotonic ? 'counter' : 'gauge';
    case 'histogram':
    case 'exponential':
      return 'histogram';
    case 'summary':
      return 'summary';
  }
}

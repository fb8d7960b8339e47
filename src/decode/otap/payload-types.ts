// The tables that a BatchArrowRecords may hold, by the numbers of ArrowPayloadType in proto/.

import type { Signal } from '../../schema/column-declaration.js';

export const payloadTypes = {
  RESOURCE_ATTRS: 1,
  SCOPE_ATTRS: 2,
  UNIVARIATE_METRICS: 10,
  NUMBER_DATA_POINTS: 11,
  SUMMARY_DATA_POINTS: 12,
  HISTOGRAM_DATA_POINTS: 13,
  EXP_HISTOGRAM_DATA_POINTS: 14,
  NUMBER_DP_ATTRS: 15,
  SUMMARY_DP_ATTRS: 16,
  HISTOGRAM_DP_ATTRS: 17,
  EXP_HISTOGRAM_DP_ATTRS: 18,
  NUMBER_DP_EXEMPLARS: 19,
  HISTOGRAM_DP_EXEMPLARS: 20,
  EXP_HISTOGRAM_DP_EXEMPLARS: 21,
  NUMBER_DP_EXEMPLAR_ATTRS: 22,
  HISTOGRAM_DP_EXEMPLAR_ATTRS: 23,
  EXP_HISTOGRAM_DP_EXEMPLAR_ATTRS: 24,
  MULTIVARIATE_METRICS: 25,
  METRIC_ATTRS: 26,
  LOGS: 30,
  LOG_ATTRS: 31,
  SPANS: 40,
  SPAN_ATTRS: 41,
  SPAN_EVENTS: 42,
  SPAN_LINKS: 43,
  SPAN_EVENT_ATTRS: 44,
  SPAN_LINK_ATTRS: 45,
} as const;

export type PayloadName = keyof typeof payloadTypes;

const origins: readonly PayloadName[] = ['RESOURCE_ATTRS', 'SCOPE_ATTRS'];

/** What each stream may hold, by number. */
export const payloadNames: Readonly<Record<Signal, ReadonlyMap<number, PayloadName>>> = {
  logs: byNumber([...origins, 'LOGS', 'LOG_ATTRS']),
  traces: byNumber([
    ...origins,
    'SPANS',
    'SPAN_ATTRS',
    'SPAN_EVENTS',
    'SPAN_LINKS',
    'SPAN_EVENT_ATTRS',
    'SPAN_LINK_ATTRS',
  ]),
  metrics: byNumber([
    ...origins,
    'UNIVARIATE_METRICS',
    'MULTIVARIATE_METRICS',
    'NUMBER_DATA_POINTS',
    'SUMMARY_DATA_POINTS',
    'HISTOGRAM_DATA_POINTS',
    'EXP_HISTOGRAM_DATA_POINTS',
    'NUMBER_DP_ATTRS',
    'SUMMARY_DP_ATTRS',
    'HISTOGRAM_DP_ATTRS',
    'EXP_HISTOGRAM_DP_ATTRS',
    'NUMBER_DP_EXEMPLARS',
    'HISTOGRAM_DP_EXEMPLARS',
    'EXP_HISTOGRAM_DP_EXEMPLARS',
    'NUMBER_DP_EXEMPLAR_ATTRS',
    'HISTOGRAM_DP_EXEMPLAR_ATTRS',
    'EXP_HISTOGRAM_DP_EXEMPLAR_ATTRS',
    'METRIC_ATTRS',
  ]),
};

function byNumber(names: readonly PayloadName[]): ReadonlyMap<number, PayloadName> {
  return new Map(names.map((name) => [payloadTypes[name], name]));
}

// The package's public entry. Everything else is private, so that files may move.

// biome-ignore-start lint/performance/noBarrelFile: package.json exports this file, and nothing inside imports it.
export {
  type Attribute,
  type AttributeScope,
  type Intrinsic,
  type IntrinsicName,
  intrinsics,
  type NamedAttribute,
} from './data/attribute.js';
export type { Attributes, Instrumentation, Resource, Span, SpanEvent, SpanLink, Trace } from './data/span.js';
export { ArrayValue, Duration, type ElementType, Keyword, kindOf, statusOf, type Value } from './data/value.js';
export type { SpansetAttribute } from './eval/spanset.js';
export type { ServiceStats } from './eval/trace-tree.js';
export { endOf, instantGrid, type MetricsGrid, rangeGrid, timeMsOf } from './metrics/grid.js';
export { Metrics, type MetricsReads, type MetricsRequest, type MetricsResult } from './metrics/metrics.js';
export type { Exemplar, MetricsSeries, SeriesLabels } from './metrics/series.js';
export type { MetricsLimits } from './metrics/span-metrics.js';
export {
  type FoundAttribute,
  type FoundSpan,
  type FoundSpanset,
  type FoundTrace,
  Search,
  type SearchProgress,
  type SearchRequest,
  type SearchResults,
} from './search/search.js';
export { SpanFilter } from './search/span-filter.js';
export type {
  AggregateGrid,
  AggregateRequest,
  Aggregates,
  ComparisonOperator,
  Measure,
  Needs,
  ReadContext,
  SpanCondition,
  SpanMember,
  TraceCondition,
  TraceRequest,
  TraceSource,
} from './source.js';
export type { Query } from './syntax/ast.js';
export { checkQuery } from './syntax/check.js';
export { CheckError, ParseError } from './syntax/parse-error.js';
export { parseQuery } from './syntax/parser.js';
export { print, printAttribute } from './syntax/print.js';
export { printValue, valueText } from './syntax/print-value.js';
// biome-ignore-end lint/performance/noBarrelFile: as above

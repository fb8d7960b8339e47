// The package's public entry. Files of `vector`, `data` and `histogram` may also be imported one by one, for engines of
// other languages: they know nothing of PromQL's syntax tree. Everything else is private, so that files may move.

// biome-ignore-start lint/performance/noBarrelFile: package.json exports this file, and nothing inside imports it.
export { type Grid, timeAt } from './data/grid.js';
export { compareLabels, Labels } from './data/labels.js';
export { MemoryError, QueryError, type QueryFailure } from './data/query-error.js';
export { FLOAT, HISTOGRAM, NOTHING, type StepSeries } from './data/step-series.js';
export type { QueryAccount, QueryLimits } from './eval/limits.js';
export {
  type Answer,
  type EngineOptions,
  evaluateInstant,
  evaluateRange,
  type InstantResult,
  type InstantSample,
  plannedSelections,
  type QueryRequest,
  type RangeResult,
} from './eval/query.js';
export type { QueryTimes } from './eval/resolve.js';
export type { RangeSamples } from './eval/select-range.js';
export { allRanges, type BucketRange } from './histogram/bucket-ranges.js';
export type { Buckets, NativeHistogram, ResetHint } from './histogram/native-histogram.js';
export type { ReadContext, SampleSource, Selection, SelectionHints, SeriesSamples } from './source.js';
export {
  childrenOf,
  type Duration,
  type Expression,
  type TimeModifiers,
  typeOf,
  type ValueType,
  type VectorMatching,
  type VectorSelector,
} from './syntax/ast.js';
export { Matcher } from './syntax/matcher.js';
export { ParseError, type ParseProblem } from './syntax/parse-error.js';
export { everyFeature, type ParseOptions, parseExpression, parseSelector } from './syntax/parser.js';
export { prettify } from './syntax/prettify.js';
export { print } from './syntax/print.js';
// biome-ignore-end lint/performance/noBarrelFile: as above

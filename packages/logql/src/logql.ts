// The package's public entry. Everything else is private, so that files may move.

// biome-ignore-start lint/performance/noBarrelFile: package.json exports this file, and nothing inside imports it.
export type { LogEntry, LogTimes } from './eval/log-entries.js';
export { type PlannedRead, planReads } from './eval/plan.js';
export { type Pushdown, pushdownOf } from './eval/pushdown.js';
export {
  type Answer,
  type EngineOptions,
  evaluateInstant,
  evaluateLogs,
  evaluateRange,
  type InstantResult,
  type InstantSample,
  type LogQueryLimits,
  type QueryRequest,
  type RangeResult,
  type RangeTimes,
  streamLogs,
} from './eval/query.js';
export { gridTime, type TimeGrid } from './eval/time-grid.js';
export type { CategorizedLabels, LabelsBuilder } from './pipeline/labels-builder.js';
export { compilePipeline, type Pipeline } from './pipeline/pipeline.js';
export type {
  BucketSelection,
  BucketSeries,
  LabelMatches,
  LineContains,
  LineMatches,
  LogBatch,
  LogFilter,
  LogNeeds,
  LogOrder,
  LogReadContext,
  LogSelection,
  LogSource,
} from './source.js';
export type * from './syntax/ast.js';
export { ParseError } from './syntax/parse-error.js';
export { parseExpression, parseLogQuery, parseSelector } from './syntax/parser.js';
export { matchersText, print } from './syntax/print.js';
// biome-ignore-end lint/performance/noBarrelFile: as above

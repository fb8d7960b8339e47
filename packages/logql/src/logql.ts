// The package's public entry. Everything else is private, so that files may move.

// biome-ignore-start lint/performance/noBarrelFile: package.json exports this file, and nothing inside imports it.
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
export { print } from './syntax/print.js';
// biome-ignore-end lint/performance/noBarrelFile: as above

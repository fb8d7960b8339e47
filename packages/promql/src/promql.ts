// The package's one public entry. Everything else is private to it, so that files may move.

// biome-ignore-start lint/performance/noBarrelFile: package.json exports this file, and nothing inside imports it.
export type { Expression, ValueType } from './syntax/ast.js';
export { Matcher } from './syntax/matcher.js';
export { ParseError, type ParseProblem } from './syntax/parse-error.js';
export { everyFeature, type ParseOptions, parseExpression, parseSelector } from './syntax/parser.js';
export { prettify } from './syntax/prettify.js';
export { print } from './syntax/print.js';
// biome-ignore-end lint/performance/noBarrelFile: as above

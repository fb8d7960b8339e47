// The package's one public entry. Everything else is private to it, so that files may move.

// biome-ignore-start lint/performance/noBarrelFile: package.json exports this file, and nothing inside imports it.
export { findTestFiles } from './find-test-files.js';
export { type ParseOptions, parseTestFile, type TestFile } from './parse-test-file.js';
export { type RunOptions, runTestFile, type TestFileResult } from './run-test-file.js';
export { type Comparison, type FailureDetail, formatFailure, TestFailure } from './test-failure.js';
export type { AttachedTestPlugin, TestPlugin } from './test-plugin.js';
export type { TestRecord } from './test-record.js';
// biome-ignore-end lint/performance/noBarrelFile: as above

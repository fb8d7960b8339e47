import { intrinsics } from '../data/attribute.js';

/** Spellings that mean more than their letters. A token of one of them has its spelling as type. */
export const structuralOperators = [
  '>',
  '<',
  '>>',
  '<<',
  '~',
  '!>',
  '!<',
  '!>>',
  '!<<',
  '!~',
  '&>',
  '&<',
  '&>>',
  '&<<',
  '&~',
] as const;
export const logicalOperators = ['&&', '||'] as const;
export const comparisonOperators = ['=', '!=', '<', '<=', '>', '>=', '=~', '!~'] as const;
export const scalarComparisons = ['=', '!=', '<', '<=', '>', '>='] as const;
export const arithmeticOperators = ['+', '-', '*', '/', '%', '^'] as const;
export const aggregateFunctions = ['count', 'avg', 'max', 'min', 'sum'] as const;
export const metricsFunctions = [
  'rate',
  'count_over_time',
  'min_over_time',
  'max_over_time',
  'avg_over_time',
  'sum_over_time',
  'quantile_over_time',
  'histogram_over_time',
  'compare',
] as const;
export const rankingFunctions = ['topk', 'bottomk'] as const;

export type StructuralOperator = (typeof structuralOperators)[number];
export type LogicalOperator = (typeof logicalOperators)[number];
export type ScalarComparison = (typeof scalarComparisons)[number];
export type ArithmeticOperator = (typeof arithmeticOperators)[number];
export type AggregateFunction = (typeof aggregateFunctions)[number];
export type MetricsFunction = (typeof metricsFunctions)[number];
export type RankingFunction = (typeof rankingFunctions)[number];

export const statusNames = ['ok', 'error', 'unset'] as const;
export const kindNames = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

/** Words that stand for a field without a scope. */
export const plainIntrinsics: readonly string[] = intrinsics.filter((name) => !name.includes(':'));

/** What may follow a scope with a colon, and the name under which the field is known. */
export const scopedIntrinsics = {
  'trace:': {
    duration: 'traceDuration',
    rootName: 'rootName',
    rootService: 'rootServiceName',
    id: 'trace:id',
  },
  'span:': {
    duration: 'duration',
    name: 'name',
    kind: 'kind',
    status: 'status',
    statusMessage: 'statusMessage',
    id: 'span:id',
    parentID: 'span:parentID',
    childCount: 'span:childCount',
  },
  'event:': { name: 'event:name', timeSinceStart: 'event:timeSinceStart' },
  'link:': { traceID: 'link:traceID', spanID: 'link:spanID' },
  'instrumentation:': { name: 'instrumentation:name', version: 'instrumentation:version' },
} as const;

/** Tokens after which the name of an attribute follows. */
export const attributeScopes = ['.', 'parent.', 'resource.', 'span.', 'event.', 'link.', 'instrumentation.'] as const;

const brackets = ['{', '}', '(', ')', ',', '|', '!'];
const words = ['true', 'false', 'nil', 'by', 'coalesce', 'select', 'with'];

export const spellings: ReadonlySet<string> = new Set([
  ...brackets,
  ...words,
  ...structuralOperators,
  ...logicalOperators,
  ...comparisonOperators,
  ...arithmeticOperators,
  ...aggregateFunctions,
  ...metricsFunctions,
  ...rankingFunctions,
  ...statusNames,
  ...kindNames,
  ...plainIntrinsics,
  ...Object.entries(scopedIntrinsics).flatMap(([scope, fields]) => [scope, ...Object.keys(fields)]),
  ...attributeScopes,
]);

/** A token: one of `spellings`, or a class of texts in capitals, as Tempo's errors name it. */
export interface Token {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** Where errors point to: for the parts of an attribute that is where its scope starts. */
  readonly errorOffset: number;
  /** Of an IDENTIFIER or STRING. */
  readonly text: string;
  /** Of an INTEGER, FLOAT or DURATION (nanoseconds). */
  readonly value: bigint | number;
}

export const IDENTIFIER = 'IDENTIFIER';
export const STRING = 'STRING';
export const INTEGER = 'INTEGER';
export const FLOAT = 'FLOAT';
export const DURATION = 'DURATION';
/** Ends the name of an attribute. */
export const END_ATTRIBUTE = 'END_ATTRIBUTE';
export const END = '$end';
/** What cannot be read; `text` says why. */
export const UNREADABLE = 'UNREADABLE';

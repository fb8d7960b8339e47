// What the engines know, as words to colour and to complete.

import { rangeOperators, vectorOperators } from '#logql/syntax/operators';
import { functions } from '#promql/syntax/functions';
import {
  aggregateFunctions,
  kindNames,
  metricsFunctions,
  plainIntrinsics,
  rankingFunctions,
  statusNames,
} from '#traceql/syntax/token';

export interface Words {
  /** Words of the grammar. */
  readonly keywords: readonly string[];
  readonly functions: readonly string[];
  /** Words that are values. */
  readonly constants: readonly string[];
  readonly lineComment: string;
  readonly ignoresCase?: boolean;
}

export const promql = {
  keywords: ['by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'bool', 'offset', 'and', 'or', 'unless'],
  functions: [
    ...[
      'sum',
      'min',
      'max',
      'avg',
      'group',
      'stddev',
      'stdvar',
      'count',
      'count_values',
      'bottomk',
      'topk',
      'quantile',
    ],
    ...functions.keys(),
  ],
  constants: ['inf', 'nan'],
  lineComment: '#',
} satisfies Words;

export const logqlStages = [
  ...[
    'json',
    'logfmt',
    'pattern',
    'regexp',
    'unpack',
    'line_format',
    'label_format',
    'decolorize',
    'drop',
    'keep',
    'unwrap',
  ],
] as const;

export const logql = {
  keywords: [
    'by',
    'without',
    'on',
    'ignoring',
    'group_left',
    'group_right',
    'bool',
    'offset',
    'and',
    'or',
    'unless',
    ...logqlStages,
  ],
  functions: [...new Set<string>([...rangeOperators, ...vectorOperators]), 'label_replace', 'vector', 'ip'],
  constants: [],
  lineComment: '#',
} satisfies Words;

export const traceql = {
  keywords: ['by', 'select', 'coalesce', 'with', ...plainIntrinsics],
  functions: [...aggregateFunctions, ...metricsFunctions, ...rankingFunctions],
  constants: ['true', 'false', 'nil', ...statusNames, ...kindNames],
  lineComment: '//',
} satisfies Words;

export const sql = {
  keywords: [
    ...[
      'select',
      'from',
      'where',
      'group',
      'by',
      'order',
      'having',
      'limit',
      'offset',
      'with',
      'recursive',
      'as',
      'and',
      'or',
      'not',
      'in',
    ],
    ...[
      'is',
      'null',
      'like',
      'ilike',
      'between',
      'case',
      'when',
      'then',
      'else',
      'end',
      'join',
      'left',
      'right',
      'full',
      'inner',
      'cross',
    ],
    ...[
      'semi',
      'anti',
      'asof',
      'on',
      'using',
      'union',
      'all',
      'distinct',
      'asc',
      'desc',
      'nulls',
      'first',
      'last',
      'over',
      'partition',
    ],
    ...[
      'filter',
      'qualify',
      'window',
      'interval',
      'exclude',
      'replace',
      'describe',
      'explain',
      'values',
      'unnest',
      'exists',
      'any',
    ],
  ],
  functions: [
    ...[
      'count',
      'sum',
      'avg',
      'min',
      'max',
      'median',
      'quantile_cont',
      'arg_max',
      'arg_min',
      'list',
      'time_bucket',
      'date_trunc',
      'now',
    ],
    ...[
      'epoch_ms',
      'epoch_us',
      'coalesce',
      'nullif',
      'round',
      'regexp_extract',
      'regexp_matches',
      'contains',
      'starts_with',
      'lower',
      'upper',
    ],
  ],
  constants: ['true', 'false'],
  lineComment: '--',
  ignoresCase: true,
} satisfies Words;

// Which attributes spans have, and which values: what fills the lists that users choose from.

import { type Attribute, type AttributeScope, Keyword, type SpanCondition } from '#traceql';
import { textAt } from '../scan/block-values.js';
import type { Scanner } from '../scan/scanner.js';
import { exactConditionSql } from './aggregate.js';
import { attributeColumns, spanConditionSql, textIntrinsics } from './condition-sql.js';
import { pointerTo } from './json-pointer.js';
import { type JsonValue, parseJson } from './json-value.js';
import { inRangeSql, type SpanRange } from './span-time-sql.js';

export type TagScope = Exclude<AttributeScope, 'any'>;
export const tagScopes: readonly TagScope[] = ['resource', 'span', 'event', 'link', 'instrumentation'];

/** Which spans are looked at. */
export interface TagQuestion {
  /** Undefined for the last hour that there are spans of. */
  readonly range: SpanRange | undefined;
  readonly condition: SpanCondition;
  /** How many names, or values, are wanted at most. */
  readonly limit: number;
}

export type TagValueType = 'string' | 'int' | 'float' | 'bool' | 'keyword';
export interface TagValue {
  readonly type: TagValueType;
  readonly value: string;
}

/** Names of the attributes of a scope, sorted. */
export async function tagNames(
  scanner: Scanner,
  scope: TagScope,
  question: TagQuestion,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const objects = isListed(scope)
    ? `SELECT unnest(json_extract(${attributeColumns[scope][0]}, '$[*].attributes')) AS attributes`
    : `SELECT DISTINCT ${attributeColumns[scope][0]} AS attributes`;
  const sql = `SELECT DISTINCT unnest(json_keys(attributes)) AS name FROM (${objects} ${spansSql(question)})
    ORDER BY name LIMIT ${question.limit}`;
  return texts(scanner, sql, signal);
}

/** Values of an attribute, sorted. Of most intrinsics there are too many to choose from, and none are given. */
export async function tagValues(
  scanner: Scanner,
  attribute: Attribute,
  question: TagQuestion,
  signal: AbortSignal,
): Promise<readonly TagValue[]> {
  if (attribute.kind === 'attribute') return attributeValues(scanner, attribute, question, signal);
  if (attribute.name === 'status') return keywords(Keyword.statuses);
  if (attribute.name === 'kind') return keywords(Keyword.kinds);
  const listed = listedIntrinsics[attribute.name];
  if (listed === undefined) return [];
  const sql = `SELECT DISTINCT value FROM (SELECT ${listed.value} AS value ${spansSql(question)}${listed.roots ? ' AND parent_span_id IS NULL' : ''})
    WHERE value IS NOT NULL AND value <> '' ORDER BY value LIMIT ${question.limit}`;
  return (await texts(scanner, sql, signal)).map((value) => ({ type: 'string', value }));
}

/** Texts that users choose by. */
const listedIntrinsics: Readonly<Partial<Record<string, { readonly value: string; readonly roots?: true }>>> = {
  name: { value: 'name' },
  statusMessage: { value: textIntrinsics['statusMessage']! },
  rootName: { value: 'name', roots: true },
  rootServiceName: { value: 'service_name', roots: true },
  'event:name': { value: "unnest(json_extract_string(events_json, '$[*].name'))" },
  'instrumentation:name': { value: 'scope_name' },
  'instrumentation:version': { value: 'scope_version' },
};

async function attributeValues(
  scanner: Scanner,
  { scope, name }: Extract<Attribute, { kind: 'attribute' }>,
  question: TagQuestion,
  signal: AbortSignal,
): Promise<readonly TagValue[]> {
  const spans = spansSql(question);
  const values = attributeColumns[scope].map((column) =>
    isListed(scope)
      ? `SELECT json_extract(attributes, ${pointerTo(name)}) AS value FROM
          (SELECT unnest(json_extract(${column}, '$[*].attributes')) AS attributes ${spans})`
      : `SELECT json_extract(attributes, ${pointerTo(name)}) AS value FROM (SELECT DISTINCT ${column} AS attributes ${spans})`,
  );
  // Of a list, each element is a value.
  const sql = `SELECT DISTINCT CAST(value AS VARCHAR) AS value FROM (
      SELECT unnest(CASE json_type(value) WHEN 'ARRAY' THEN json_extract(value, '$[*]') ELSE [value] END) AS value
      FROM (${values.join(' UNION ALL ')}) WHERE value IS NOT NULL)
    ORDER BY value LIMIT ${question.limit}`;
  return (await texts(scanner, sql, signal)).flatMap((json) => valueOfJson(parseJson(json)));
}

function valueOfJson(value: JsonValue): readonly TagValue[] {
  switch (typeof value) {
    case 'string':
      return [{ type: 'string', value }];
    case 'bigint':
      return [{ type: 'int', value: String(value) }];
    case 'number':
      return [{ type: 'float', value: String(value) }];
    case 'boolean':
      return [{ type: 'bool', value: String(value) }];
    default:
      return [];
  }
}

function keywords(all: readonly Keyword[]): readonly TagValue[] {
  return all
    .map(({ name }): TagValue => ({ type: 'keyword', value: name }))
    .sort((a, b) => (a.value < b.value ? -1 : 1));
}

/** Attributes of events and links lie in lists. */
function isListed(scope: AttributeScope): boolean {
  return scope === 'event' || scope === 'link';
}

function spansSql({ range, condition }: TagQuestion): string {
  const times =
    range === undefined
      ? 'start_time_unix_nano > (SELECT max(start_time_unix_nano) FROM {{otlp_traces}}) - INTERVAL 1 HOUR'
      : inRangeSql(range);
  return `FROM {{otlp_traces}} WHERE ${times} AND ${exactConditionSql(condition) ?? spanConditionSql(condition)}`;
}

async function texts(scanner: Scanner, sql: string, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const block of scanner.scan({ sql }, signal)) {
    for (let row = 0; row < block.rowCount; row++) found.push(textAt(block.columns[0]!, row)!);
  }
  return found;
}

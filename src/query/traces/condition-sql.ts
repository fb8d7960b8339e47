// What a query says of spans → SQL that lets all of them through, and few others: the evaluation looks again. Attributes are
// canonical JSON, so a member with a value is a piece of text, and looking for a text costs a fraction of reading JSON.

import {
  type Attribute,
  Duration,
  Keyword,
  type NamedAttribute,
  type SpanCondition,
  type TraceCondition,
} from '#traceql';
import { constantSql } from '../scan/constant-sql.js';
import { pointerTo } from './json-pointer.js';

type Comparison = Extract<SpanCondition, { kind: 'compare' }>;

const EVERY = 'true';

/** SQL columns in which attributes of a scope are. */
export const attributeColumns = {
  span: ['span_attributes'],
  resource: ['resource_attributes'],
  instrumentation: ['scope_attributes'],
  event: ['events_json'],
  link: ['links_json'],
  any: ['span_attributes', 'resource_attributes'],
} as const satisfies Record<NamedAttribute['scope'], readonly string[]>;

/** Whether a span may meet the condition. */
export function spanConditionSql(condition: SpanCondition): string {
  switch (condition.kind) {
    case 'every':
    case 'absent':
      return EVERY;
    case 'none':
      return 'false';
    case 'all':
      return joined(condition.conditions.map(spanConditionSql), 'AND');
    case 'any':
      return joined(condition.conditions.map(spanConditionSql), 'OR');
    case 'present':
      return condition.attribute.kind === 'attribute' ? memberSql(condition.attribute, '') : EVERY;
    case 'compare':
      return condition.attribute.kind === 'attribute'
        ? attributeSql(condition, condition.attribute)
        : intrinsicSql(condition, condition.attribute.name);
  }
}

/** Conditions on spans, of each of which a matching trace has a span that meets it. */
export function anySpanSqls(condition: TraceCondition): readonly string[] {
  if (condition.kind === 'some') return [spanConditionSql(condition.span)];
  if (condition.kind === 'any') return [anySpansSql(condition)];
  const telling = new Set(condition.conditions.flatMap(anySpanSqls).filter((sql) => sql !== EVERY));
  return telling.size === 0 ? [EVERY] : [...telling];
}

/** Whether the spans of a trace, in a GROUP BY, may meet the condition; the rows are those of anySpansSql(). */
export function traceHavingSql(condition: TraceCondition): string {
  if (condition.kind === 'some') return `bool_or(${spanConditionSql(condition.span)})`;
  return joined(condition.conditions.map(traceHavingSql), condition.kind === 'all' ? 'AND' : 'OR');
}

/** Spans that say anything of whether their trace meets the condition. */
export function anySpansSql(condition: TraceCondition): string {
  if (condition.kind === 'some') return spanConditionSql(condition.span);
  return joined(condition.conditions.map(anySpansSql), 'OR');
}

function joined(parts: readonly string[], operator: 'AND' | 'OR'): string {
  const [neutral, decisive] = operator === 'AND' ? [EVERY, 'false'] : ['false', EVERY];
  if (parts.includes(decisive)) return decisive;
  const telling = parts.filter((part) => part !== neutral);
  return telling.length === 0 ? neutral : telling.length === 1 ? telling[0]! : `(${telling.join(` ${operator} `)})`;
}

function attributeSql(comparison: Comparison, attribute: NamedAttribute): string {
  const { operator, value } = comparison;
  if (attribute.ofParent) return EVERY;
  const json = jsonText(value);
  if (operator === '=' && json !== undefined) {
    const service = serviceSql(attribute, (name) => `${name} = ${constantSql(String(value))}`, value);
    return service ?? memberSql(attribute, json);
  }
  if (operator === '=~' && typeof value === 'string') {
    const service = serviceSql(attribute, (name) => `regexp_full_match(${name}, ${constantSql(value)})`, value);
    return service ?? textSql(attribute, (text) => `regexp_full_match(${text}, ${constantSql(value)})`);
  }
  const number = numberOf(value);
  if (number !== undefined && ['<', '<=', '>', '>='].includes(operator)) {
    // What is no number is NULL here, and a NULL lets nothing through.
    return textSql(attribute, (text) => `TRY_CAST(${text} AS DOUBLE) ${operator} ${number}`);
  }
  return memberSql(attribute, '');
}

/** The service has a column of its own, which DuckDB can prune by. */
function serviceSql(
  { scope, name }: NamedAttribute,
  test: (column: string) => string,
  value: Comparison['value'],
): string | undefined {
  if (scope !== 'resource' || name !== 'service.name' || typeof value !== 'string') return undefined;
  return `(${test('service_name')} OR starts_with(service_name, '['))`;
}

/** Whether a member of this name begins with this JSON, or is an array, which may hold it. */
function memberSql({ scope, name, ofParent }: NamedAttribute, json: string): string {
  if (ofParent) return EVERY;
  const key = `${JSON.stringify(name)}:`;
  const wanted = json === '' ? [key] : [`${key}${json}`, `${key}[`];
  return joined(
    attributeColumns[scope].flatMap((column) => wanted.map((text) => `contains(${column}, ${constantSql(text)})`)),
    'OR',
  );
}

/** A test of a member's text, where events and links have several and arrays have elements. */
function textSql(attribute: NamedAttribute, test: (text: string) => string): string {
  const { scope, name } = attribute;
  if (scope === 'event' || scope === 'link') return memberSql(attribute, '');
  const key = constantSql(`${JSON.stringify(name)}:`);
  return joined(
    attributeColumns[scope].map((column) => {
      const text = `json_extract_string(${column}, ${pointerTo(name)})`;
      return `(contains(${column}, ${key}) AND (${test(text)} OR starts_with(${text}, '[')))`;
    }),
    'OR',
  );
}

function intrinsicSql(
  { operator, value }: Comparison,
  name: Extract<Attribute, { kind: 'intrinsic' }>['name'],
): string {
  const text = textIntrinsics[name];
  if (text !== undefined && typeof value === 'string') return `(${textComparison(text, operator, value)})`;
  if (name === 'duration') return numericSql('duration_time_unix_nano', operator, numberOf(value));
  if (value instanceof Keyword && (name === 'status' || name === 'kind')) {
    if (operator !== '=' && operator !== '!=') return EVERY;
    return `${keywordColumns[name]} ${operator} ${keywordNumber(value)}`;
  }
  if (operator !== '=' || typeof value !== 'string') return EVERY;
  const json = JSON.stringify(value);
  if (name === 'event:name') return `contains(events_json, ${constantSql(`"name":${json}`)})`;
  if (name === 'link:traceID') return `contains(links_json, ${constantSql(`"trace_id":${json}`)})`;
  if (name === 'link:spanID') return `contains(links_json, ${constantSql(`"span_id":${json}`)})`;
  return EVERY;
}

/** Intrinsics that are a text column. */
export const textIntrinsics: Readonly<Partial<Record<string, string>>> = {
  name: 'name',
  statusMessage: "coalesce(status_status_message, '')",
  'span:id': "coalesce(span_id, '')",
  'span:parentID': "coalesce(parent_span_id, '')",
  'trace:id': 'trace_id',
  'instrumentation:name': "coalesce(scope_name, '')",
  'instrumentation:version': "coalesce(scope_version, '')",
};

/** Intrinsics that are words, as OTLP's numbers. What OTLP does not know is 0. */
export const keywordColumns = {
  status: 'CASE WHEN status_code IN (1, 2) THEN status_code ELSE 0 END',
  kind: 'CASE WHEN kind BETWEEN 1 AND 5 THEN kind ELSE 0 END',
} as const;

export function keywordNumber(keyword: Keyword): number {
  return (keyword.type === 'status' ? Keyword.statuses : Keyword.kinds).indexOf(keyword);
}

export function textComparison(text: string, operator: Comparison['operator'], value: string): string {
  if (operator === '=~') return `regexp_full_match(${text}, ${constantSql(value)})`;
  if (operator === '!~') return `NOT regexp_full_match(${text}, ${constantSql(value)})`;
  return `${text} ${operator} ${constantSql(value)}`;
}

function numericSql(column: string, operator: Comparison['operator'], number: string | undefined): string {
  if (number === undefined || operator === '=~' || operator === '!~') return EVERY;
  return `${column} ${operator} ${number}`;
}

/** A number as SQL writes it; a duration in nanoseconds. */
export function numberOf(value: Comparison['value']): string | undefined {
  if (value instanceof Duration) return doubleSql(value.ns);
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' ? doubleSql(value) : undefined;
}

/** As a DOUBLE, which a DECIMAL literal is not. */
export function doubleSql(number: number): string {
  return Number.isFinite(number) ? `${number}::DOUBLE` : `'${number}'::DOUBLE`;
}

/** What a member with a value begins with in JSON; undefined for a value that has no one spelling. */
function jsonText(value: Comparison['value']): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (value instanceof Duration || (typeof value !== 'bigint' && typeof value !== 'number')) return undefined;
  // Zero has two spellings, and long doubles have exponents.
  const number = Number(value);
  return Number.isInteger(number) && number !== 0 && Math.abs(number) < 1e15 ? String(value) : undefined;
}

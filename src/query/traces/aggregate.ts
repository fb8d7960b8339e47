// A metrics query of one filter → one GROUP BY. Unlike a search this is not looked at again, so SQL has to say exactly what
// TraceQL means. Where it cannot, for the query or for an attribute that is a list, there is no answer, and spans are read.

import {
  type AggregateRequest,
  type Aggregates,
  type Attribute,
  Duration,
  Keyword,
  type NamedAttribute,
  type SpanCondition,
  type Value,
} from '#traceql';
import { numberAt, textAt } from '../scan/block-values.js';
import type { ColumnBlock, Scanner } from '../scan/scanner.js';
import { typedValue } from './attributes.js';
import {
  attributeColumns,
  keywordColumns,
  keywordNumber,
  numberOf,
  spanConditionSql,
  textComparison,
  textIntrinsics,
} from './condition-sql.js';
import { pointerTo } from './json-pointer.js';
import { parseJson } from './json-value.js';
import { inRangeSql, START_NS_SQL } from './span-time-sql.js';

/** A part of a query that SQL cannot say. */
class NotInSql extends Error {}

/** SQL of an attribute's JSON. */
interface JsonSql {
  /** DuckDB's name of its type; NULL where TraceQL sees nothing. */
  readonly type: string;
  /** A text as it is, anything else as JSON has it. */
  readonly text: string;
  /** Where a column has the text, and no JSON need be read. */
  readonly isText?: { readonly sql: string; readonly column: string };
}

/** Undefined where reading spans is needed. */
export async function aggregate(
  scanner: Scanner,
  request: AggregateRequest,
  signal: AbortSignal,
): Promise<Aggregates | undefined> {
  const sql = aggregateSql(request);
  if (sql === undefined) return undefined;
  const { by, measure } = request;
  const rows = new GroupRows(by);
  for await (const block of scanner.scan({ sql }, signal)) {
    for (let row = 0; row < block.rowCount; row++) {
      if (numberAt(block.columns[block.columns.length - 1]!, row) === 1) return undefined;
      rows.add(block, row);
    }
  }
  return rows.aggregates(measure.kind);
}

/** Spans that cannot match are left out first, by columns and by pieces of text: JSON is read of the others alone. */
function aggregateSql({ condition, by, measure, grid }: AggregateRequest): string | undefined {
  const lists: string[] = [];
  try {
    const where = exactSql(condition, lists);
    const keys = by.map((attribute) => groupKeySql(attribute, lists));
    const measured = measure.kind === 'count' ? undefined : numberSql(measure.attribute, lists);
    // Spans after the first moment of the grid up to its end, both as the grid counts.
    const range = {
      startUnixNs: grid.startUnixNs + 1n,
      endUnixNs: grid.startUnixNs + grid.stepNs * BigInt(grid.count) + 1n,
    };
    const step = `(${START_NS_SQL} - ${grid.startUnixNs + 1n}) // ${grid.stepNs}`;
    const columns = [
      ...keys.map((key, i) => `${key} AS key_${i}`),
      `CAST(${step} AS DOUBLE) AS step`,
      `${measured ?? 'NULL::DOUBLE'} AS measured`,
      `(${where}) AS matches`,
      `coalesce(${lists.length === 0 ? 'false' : lists.join(' OR ')}, false) AS has_list`,
    ];
    const groups = [...keys.map((_, i) => `key_${i}`), 'step'];
    const isCount = measure.kind === 'count';
    const bucket = 'CASE WHEN measured >= 2 THEN pow(2, ceil(log2(measured))) END';
    if (measure.kind === 'histogram') groups.push(bucket);
    return `SELECT ${groups.join(', ')}${measure.kind === 'histogram' ? '' : ', NULL::DOUBLE'}, ${measureSql(measure.kind)}, CAST(count(*) AS DOUBLE), bool_or(has_list)
      FROM (SELECT ${columns.join(', ')} FROM {{otlp_traces}} WHERE ${inRangeSql(range)} AND ${spanConditionSql(condition)})
      WHERE has_list OR (matches${isCount ? '' : measure.kind === 'histogram' ? ' AND measured >= 2' : ' AND measured IS NOT NULL'})
      GROUP BY ${groups.map((_, i) => i + 1).join(', ')}`;
  } catch (error) {
    if (error instanceof NotInSql) return undefined;
    throw error;
  }
}

function measureSql(kind: AggregateRequest['measure']['kind']): string {
  switch (kind) {
    case 'count':
    case 'histogram':
      return 'CAST(count(*) AS DOUBLE)';
    case 'min':
    case 'max':
      return `${kind}(measured)`;
    case 'sum':
    case 'avg':
      return 'fsum(measured)';
  }
}

/** Rows of the statement, with a number for each group. */
class GroupRows {
  readonly #by: readonly Attribute[];
  readonly #numberOf = new Map<string, number>();
  readonly #groups: (readonly Value[])[] = [];
  readonly #rowGroups: number[] = [];
  readonly #steps: number[] = [];
  readonly #buckets: number[] = [];
  readonly #values: number[] = [];
  readonly #counts: number[] = [];

  constructor(by: readonly Attribute[]) {
    this.#by = by;
  }

  add({ columns }: ColumnBlock, row: number): void {
    const keys = this.#by.map((_, i) => textAt(columns[i]!, row));
    const key = JSON.stringify(keys);
    let group = this.#numberOf.get(key);
    if (group === undefined) {
      group = this.#groups.length;
      this.#numberOf.set(key, group);
      this.#groups.push(this.#by.map((attribute, i) => groupValue(attribute, keys[i])));
    }
    const at = this.#by.length;
    this.#rowGroups.push(group);
    this.#steps.push(numberAt(columns[at]!, row)!);
    this.#buckets.push(numberAt(columns[at + 1]!, row) ?? 0);
    this.#values.push(numberAt(columns[at + 2]!, row)!);
    this.#counts.push(numberAt(columns[at + 3]!, row)!);
  }

  aggregates(kind: AggregateRequest['measure']['kind']): Aggregates {
    return {
      groups: this.#groups,
      rowGroups: Uint32Array.from(this.#rowGroups),
      steps: Uint32Array.from(this.#steps),
      values: Float64Array.from(this.#values),
      counts: kind === 'avg' ? Float64Array.from(this.#counts) : undefined,
      buckets: kind === 'histogram' ? Float64Array.from(this.#buckets) : undefined,
    };
  }
}

/** Exactly what the condition means, where spans have no lists; undefined where SQL cannot say it. */
export function exactConditionSql(condition: SpanCondition): string | undefined {
  try {
    return exactSql(condition, []);
  } catch (error) {
    if (error instanceof NotInSql) return undefined;
    throw error;
  }
}

/** Exactly what the condition means, never NULL. `lists` gets tests of what SQL does not look into. */
function exactSql(condition: SpanCondition, lists: string[]): string {
  switch (condition.kind) {
    case 'every':
      return 'true';
    case 'none':
      return 'false';
    case 'all':
    case 'any': {
      const parts = condition.conditions.map((part) => exactSql(part, lists));
      const [operator, neutral] =
        condition.kind === 'all' ? ([' AND ', 'true'] as const) : ([' OR ', 'false'] as const);
      return parts.length === 0 ? neutral : `(${parts.join(operator)})`;
    }
    case 'present':
    case 'absent': {
      const json = jsonSql(condition.attribute, lists);
      return `${json.type} IS ${condition.kind === 'present' ? 'NOT NULL' : 'NULL'}`;
    }
    case 'compare':
      return `coalesce(${comparisonSql(condition, lists)}, false)`;
  }
}

function comparisonSql(
  { attribute, operator, value }: Extract<SpanCondition, { kind: 'compare' }>,
  lists: string[],
): string {
  if (attribute.kind === 'intrinsic') {
    const text = textIntrinsics[attribute.name];
    if (text !== undefined && typeof value === 'string') return textComparison(text, operator, value);
    if (operator === '=~' || operator === '!~') throw new NotInSql();
    const number = numberOf(value);
    if (attribute.name === 'duration' && number !== undefined) return `duration_time_unix_nano ${operator} ${number}`;
    if ((attribute.name === 'status' || attribute.name === 'kind') && value instanceof Keyword) {
      if (operator === '=' || operator === '!=') {
        return `${keywordColumns[attribute.name]} ${operator} ${keywordNumber(value)}`;
      }
    }
    throw new NotInSql();
  }
  const json = jsonSql(attribute, lists);
  if (typeof value === 'string') return `${json.type} = 'VARCHAR' AND ${textComparison(json.text, operator, value)}`;
  if (operator === '=~' || operator === '!~') throw new NotInSql();
  if (typeof value === 'boolean') return `${json.type} = 'BOOLEAN' AND ${json.text} ${operator} '${value}'`;
  const number = numberOf(value);
  if (number === undefined) throw new NotInSql();
  return `${isNumberSql(json)} AND TRY_CAST(${json.text} AS DOUBLE) ${operator} ${number}`;
}

function isNumberSql({ type }: JsonSql): string {
  return `${type} IN ('UBIGINT', 'BIGINT', 'DOUBLE')`;
}

function jsonSql(attribute: Attribute, lists: string[]): JsonSql {
  if (attribute.kind !== 'attribute' || attribute.ofParent) throw new NotInSql();
  const { scope, name } = attribute;
  if (scope === 'event' || scope === 'link') throw new NotInSql();
  if (scope === 'resource' && name === 'service.name') return serviceSql(lists);
  const parts = attributeColumns[scope].map((column) => jsonInSql(column, name));
  for (const { raw } of parts) lists.push(`${raw} = 'ARRAY'`);
  // The span's own first: what it does not have, the resource may.
  const [first, second] = parts;
  if (second === undefined) return first!;
  return {
    type: `coalesce(${first!.type}, ${second.type})`,
    text: `CASE WHEN ${first!.type} IS NULL THEN ${second.text} ELSE ${first!.text} END`,
  };
}

/**
 * The service, of its own column: reading that costs a hundredth of reading JSON. What may be anything but a text there is looked
 * up after all: values that are no texts are written there, too, and `unknown` stands for none.
 */
function serviceSql(lists: string[]): JsonSql {
  const { raw, type, text } = jsonInSql('resource_attributes', 'service.name');
  const beginsWithLetter = `(service_name >= 'A' AND service_name < '[' OR service_name >= 'a' AND service_name < '{')`;
  const isText = `${beginsWithLetter} AND service_name NOT IN ('unknown', 'true', 'false', 'null', 'NaN', 'Infinity')`;
  lists.push(`CASE WHEN ${isText} THEN false ELSE ${raw} = 'ARRAY' END`);
  return {
    isText: { sql: isText, column: 'service_name' },
    type: `CASE WHEN ${isText} THEN 'VARCHAR' ELSE ${type} END`,
    text: `CASE WHEN ${isText} THEN service_name ELSE ${text} END`,
  };
}

function jsonInSql(column: string, name: NamedAttribute['name']): JsonSql & { readonly raw: string } {
  const raw = `json_type(${column}, ${pointerTo(name)})`;
  return {
    raw,
    type: `CASE WHEN ${raw} NOT IN ('NULL', 'OBJECT', 'ARRAY') THEN ${raw} END`,
    text: `json_extract_string(${column}, ${pointerTo(name)})`,
  };
}

/** What is measured as DOUBLE, a duration in nanoseconds; NULL where it is no number. */
function numberSql(attribute: Attribute, lists: string[]): string {
  if (attribute.kind === 'intrinsic') {
    if (attribute.name === 'duration') return 'CAST(duration_time_unix_nano AS DOUBLE)';
    throw new NotInSql();
  }
  const json = jsonSql(attribute, lists);
  return `CASE WHEN ${isNumberSql(json)} THEN TRY_CAST(${json.text} AS DOUBLE) END`;
}

/** A text that tells values apart: JSON of attributes; NULL where there is none. */
function groupKeySql(attribute: Attribute, lists: string[]): string {
  if (attribute.kind === 'intrinsic') {
    const text = textIntrinsics[attribute.name];
    if (text !== undefined) return text;
    if (attribute.name === 'status' || attribute.name === 'kind')
      return `CAST(${keywordColumns[attribute.name]} AS VARCHAR)`;
    if (attribute.name === 'duration') return 'CAST(duration_time_unix_nano AS VARCHAR)';
    throw new NotInSql();
  }
  const { isText, type, text } = jsonSql(attribute, lists);
  const key = `CASE WHEN ${type} = 'VARCHAR' THEN '"' || ${text} WHEN ${type} IS NOT NULL THEN ${text} END`;
  return isText === undefined ? key : `CASE WHEN ${isText.sql} THEN '"' || ${isText.column} ELSE ${key} END`;
}

function groupValue(attribute: Attribute, key: string | undefined): Value {
  if (key === undefined) return undefined;
  if (attribute.kind === 'attribute') return key.startsWith('"') ? key.slice(1) : typedValue(parseJson(key));
  if (attribute.name === 'status') return Keyword.statuses[Number(key)];
  if (attribute.name === 'kind') return Keyword.kinds[Number(key)];
  return attribute.name === 'duration' ? new Duration(Number(key)) : key;
}

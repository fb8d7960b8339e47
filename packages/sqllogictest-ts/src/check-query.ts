// A query's result against what its record expects. Pure but for the comparisons that it asks the judge.

import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { DuckDBTypeId } from '@duckdb/node-api';
import type { Scope } from './scope.js';
import type { Comparison } from './test-failure.js';
import type { QueryRecord, SortMode } from './test-record.js';
import { type GivenLines, linesOf } from './update-expectations.js';
import type { ValueJudge } from './value-judge.js';

/** A query's result, rendered, row by row and not yet sorted. */
export interface RenderedResult {
  readonly columnNames: readonly string[];
  readonly columnTypes: readonly { readonly typeId: DuckDBTypeId; toString(): string }[];
  readonly values: readonly string[];
}

export interface CheckContext {
  readonly scope: Scope;
  readonly judge: ValueJudge;
  readonly workingDirectory: string;
  /** What queries of a label gave so far. */
  readonly labels: Map<string, string>;
  /** Results of more values than this may stand as a hash; 0 for none. */
  readonly hashThreshold: number;
}

/** Why a result is wrong. */
export interface Mismatch {
  readonly summary: string;
  readonly comparison: Comparison;
}

const HASH = /^\d+ values hashing to [0-9a-f]{32}$/;
const FILE = '<FILE>:';

/** The lines with which the record would expect this result; undefined if no lines can say it. */
export async function expectationOf(
  record: QueryRecord,
  result: RenderedResult,
  context: CheckContext,
): Promise<GivenLines> {
  const columnCount = result.columnNames.length;
  // The header counts the columns, labels compare with other records, and a file holds its own result.
  if (columnCount !== record.columnCount || record.label !== '' || record.expected[0]?.startsWith(FILE))
    return undefined;
  const rows = rowsOf(sortValues(result.values, columnCount, record.sort), columnCount);
  if (record.expected.length === 1 && HASH.test(record.expected[0]!)) return [hashOf(rows.flat())];
  return linesOf(rows, record.expected, async (line, row) => {
    const text = context.scope.substituteLoops(line);
    const cells = columnCount === 1 ? [text] : cellsOf(text);
    if (cells.length !== row.length) return false;
    for (const [column, cell] of cells.entries()) {
      if (!(await isExpected(cell, row[column]!, result.columnTypes[column]!, context))) return false;
    }
    return true;
  });
}

/** Undefined if the result is as expected. */
export async function checkQuery(
  record: QueryRecord,
  result: RenderedResult,
  context: CheckContext,
): Promise<Mismatch | undefined> {
  const columnCount = result.columnNames.length;
  const got = sortValues(result.values, columnCount, record.sort);
  const hash = hashOf(got);

  const labelled = checkLabel(record, hash, context.labels);
  if (labelled !== undefined) return labelled;

  const [only, ...others] = record.expected;
  if (only !== undefined && others.length === 0 && HASH.test(only)) {
    return only === hash ? undefined : mismatch('the result has another hash', [only], [hash]);
  }
  // A label is an expectation of its own, and a result past the threshold is one that nobody wants to list.
  const isListed = record.expected.length > 0;
  if (!isListed && record.label !== '') return undefined;

  const gotRows = rowsOf(got, columnCount).map((row) => row.join('\t'));
  if (columnCount !== record.columnCount) {
    const summary = `expected ${count(record.columnCount, 'column')}, got ${columnCount} (${result.columnNames.join(', ')})`;
    return mismatch(summary, expectedLines(record, context.scope), gotRows);
  }
  const expected = await expectedRows(record, result, got.length / columnCount, context);
  if ('summary' in expected) return { ...expected, comparison: { ...expected.comparison, got: gotRows } };

  const lines = expected.rows.map((row) => row.join('\t'));
  if (expected.rows.length !== gotRows.length) {
    const summary = `expected ${count(expected.rows.length, 'row')}, got ${gotRows.length}`;
    const isPastThreshold = context.hashThreshold > 0 && got.length > context.hashThreshold;
    return mismatch(isPastThreshold ? `${summary}: ${hash}` : summary, lines, gotRows);
  }
  const gotCells = rowsOf(got, columnCount);
  const shown = lines.map((line) => context.scope.substitute(line));
  for (const [row, cells] of expected.rows.entries()) {
    for (const [column, cell] of cells.entries()) {
      if (await isExpected(cell, gotCells[row]![column]!, result.columnTypes[column]!, context)) {
        continue;
      }
      const place = `row ${row + 1}, column ${column + 1} (${result.columnNames[column]})`;
      return mismatch(`wrong result in ${place}`, shown, gotRows);
    }
  }
  return undefined;
}

/** The hash of a rendered and sorted result, as `query` may expect it. */
export function hashOf(values: readonly string[]): string {
  const digest = createHash('md5');
  for (const value of values) digest.update(`${value}\n`);
  return `${values.length} values hashing to ${digest.digest('hex')}`;
}

export function sortValues(values: readonly string[], columnCount: number, sort: SortMode): string[] {
  if (sort === 'nosort') return [...values];
  if (sort === 'valuesort') return [...values].sort(compareBytes);
  return rowsOf(values, columnCount).sort(compareRows).flat();
}

function compareRows(left: readonly string[], right: readonly string[]): number {
  for (const [column, value] of left.entries()) {
    const order = compareBytes(value, right[column]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** By UTF-8 bytes: JavaScript's own order puts characters beyond U+FFFF before some that precede them. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function checkLabel({ label }: QueryRecord, hash: string, labels: Map<string, string>): Mismatch | undefined {
  if (label === '') return undefined;
  const known = labels.get(label);
  labels.set(label, known ?? hash);
  if (known === undefined || known === hash) return undefined;
  return mismatch(`the result differs from the earlier one of label ${label}`, [known], [hash]);
}

function expectedLines({ expected }: QueryRecord, scope: Scope): string[] {
  return expected.map((line) => scope.substituteLoops(line));
}

/** Splits the expected lines into rows: one value per line, or one row per line with tabs between values. */
async function expectedRows(
  record: QueryRecord,
  result: RenderedResult,
  gotRowCount: number,
  { scope, judge, workingDirectory }: CheckContext,
): Promise<{ rows: string[][] } | Mismatch> {
  const { columnCount } = record;
  const lines = expectedLines(record, scope);
  if (lines.length === 1 && lines[0]!.startsWith(FILE)) {
    const path = resolve(workingDirectory, scope.substitute(lines[0]!.slice(FILE.length)));
    return { rows: rowsOf(await judge.readExpectedFile(path, result.columnNames), columnCount) };
  }
  const isRowWise =
    (columnCount > 1 && lines.length === gotRowCount) ||
    (lines.length > 0 && lines.every((line) => line.includes('\t')));
  if (isRowWise) {
    const rows = lines.map(cellsOf);
    const wrong = rows.findIndex((row) => row.length !== columnCount);
    if (wrong < 0) return { rows };
    const values = count(rows[wrong]!.length, 'value');
    return mismatch(`expected row ${wrong + 1} has ${values} for ${count(columnCount, 'column')}`, lines, []);
  }
  if (lines.length % columnCount !== 0) {
    return mismatch(`${count(lines.length, 'expected value')} do not fill rows of ${columnCount} columns`, lines, []);
  }
  return { rows: rowsOf(lines, columnCount) };
}

/** Several tabs are one, as in DuckDB's runner, so that files can line up their columns. */
function cellsOf(line: string): string[] {
  return line.split(/\t+/).filter((value) => value !== '');
}

const integerAndDecimalTypes = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.DECIMAL,
]);
const floatingPointTypes = new Set([DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE]);

async function isExpected(
  expected: string,
  got: string,
  type: RenderedResult['columnTypes'][number],
  { scope, judge }: CheckContext,
): Promise<boolean> {
  const substituted = scope.substitute(expected);
  if (got === expected || got === substituted) return true;
  const pattern = parsePattern(expected);
  if (pattern !== undefined) return matchesPattern(got, pattern, scope, judge);
  if (type.typeId === DuckDBTypeId.BOOLEAN) return booleanTexts.get(substituted.toLowerCase()) === got;
  const isFloatingPoint = floatingPointTypes.has(type.typeId);
  if (!isFloatingPoint && !integerAndDecimalTypes.has(type.typeId)) return false;
  return judge.isSameNumber(substituted, got, type.toString(), isFloatingPoint);
}

const booleanTexts = new Map([
  ['true', '1'],
  ['false', '0'],
  ['null', 'NULL'],
]);

/** What follows `<REGEX>:` or `<!REGEX>:`. */
interface Pattern {
  readonly source: string;
  readonly mustMatch: boolean;
}

function parsePattern(expected: string): Pattern | undefined {
  const match = /^<(!?)REGEX>:/.exec(expected);
  return match === null ? undefined : { source: expected.slice(match[0].length), mustMatch: match[1] === '' };
}

async function matchesPattern(got: string, pattern: Pattern, scope: Scope, judge: ValueJudge): Promise<boolean> {
  return (await judge.isFullMatch(got, scope.substitute(pattern.source, 'regex'))) === pattern.mustMatch;
}

/** Whether a message contains the expected text, or matches the expected pattern as a whole. */
export async function isExpectedText(
  expected: string,
  got: string,
  { scope, judge }: Pick<CheckContext, 'scope' | 'judge'>,
): Promise<boolean> {
  const pattern = parsePattern(expected);
  if (pattern !== undefined) return matchesPattern(got, pattern, scope, judge);
  return got.includes(scope.substituteLoops(expected)) || got.includes(scope.substitute(expected));
}

function rowsOf(values: readonly string[], columnCount: number): string[][] {
  const rows: string[][] = [];
  for (let start = 0; start < values.length; start += columnCount) rows.push(values.slice(start, start + columnCount));
  return rows;
}

function mismatch(summary: string, expected: readonly string[], got: readonly string[]): Mismatch {
  return { summary, comparison: { expected, got } };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

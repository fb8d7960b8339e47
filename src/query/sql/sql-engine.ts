// SQL whose rows are wanted as JSON, on a thread. Of clients: a text → DuckDB's tree of it → the fence → a text that is known to be harmless → rows as JSON.
//
// What runs is what was checked last: the tree that passed is written as text by DuckDB, and that text is parsed and checked again.
// Telemetry tables are the names of a WITH around it, so that they have the rows in memory too, and there is no other table to name.

import { Failure } from '../../base/failure.js';
import { quotedIdentifier } from '../../duckdb/sql-text.js';
import type { EngineAnswer, EngineContext } from '../run/engine.js';
import { textAt } from '../scan/block-values.js';
import { constantSql } from '../scan/constant-sql.js';
import type { ScanRequest } from '../scan/scanner.js';
import { fenced, MAX_STATEMENT_CHARACTERS } from './fence.js';
import { RowJson } from './row-json.js';
import type { SqlAnswer, SqlRequest } from './sql-request.js';
import { readTree, treeJson } from './tree-json.js';

export async function run(given: unknown, context: EngineContext): Promise<EngineAnswer> {
  const { sql, author, maxRows, maxBytes } = given as SqlRequest;
  const { withTables, text } = author === 'client' ? await harmless(sql, context) : { withTables: '', text: sql };
  const columns = await columnsOf(
    scanAround(`SELECT column_name, column_type FROM (DESCRIBE ${withTables} SELECT * FROM (`, text, '))', author),
    context,
  );
  const json = new RowJson(columns, { maxRows, maxBytes }, context.report);
  // A row more than asked for tells whether there are more.
  const rest = `) AS answer(${json.columnNames}) LIMIT ${maxRows + 1}`;
  const scan = scanAround(`${withTables} SELECT ${json.selectList} FROM (`, text, rest, author);
  for await (const block of context.scanner.scan(scan, context.signal)) {
    if (!json.add(block)) break;
  }
  const body = json.finish();
  return { value: { body } satisfies SqlAnswer, transfer: [body.buffer] };
}

interface HarmlessStatement {
  /** A WITH of the tables that the text names; empty where it names none. */
  readonly withTables: string;
  readonly text: string;
}

async function harmless(sql: string, context: EngineContext): Promise<HarmlessStatement> {
  if (sql.length > MAX_STATEMENT_CHARACTERS) {
    throw new Failure(
      'queryTooLarge',
      `a statement has at most ${MAX_STATEMENT_CHARACTERS} characters, got ${sql.length}`,
    );
  }
  // DuckDB's parser would see what stands before it alone.
  if (sql.includes('\0')) throw new Failure('malformed', 'cannot parse the statement: it has the character U+0000');
  const { home } = context;
  const asked = fenced(readTree(await parsed(sql, context)), 'asked', home);
  const text = await textOf(`SELECT json_deserialize_sql(${constantSql(treeJson(asked.tree))}::JSON)`, context);
  const { tables } = fenced(readTree(await parsed(text, context)), 'completed', home);
  const withs = [...tables].map((name) => `${quotedIdentifier(name)} AS NOT MATERIALIZED (SELECT * FROM {{${name}}})`);
  return { withTables: withs.length === 0 ? '' : `WITH ${withs.join(', ')}`, text };
}

/** DuckDB's tree of a text. */
function parsed(sql: string, context: EngineContext): Promise<string> {
  return textOf(`SELECT json_serialize_sql(${constantSql(sql)})`, context);
}

async function textOf(sql: string, { scanner, signal }: EngineContext): Promise<string> {
  for await (const { columns } of scanner.scan({ sql }, signal)) return textAt(columns[0]!, 0) ?? '';
  throw new Error('BUG: DuckDB gave no row for a statement of one');
}

export interface AnswerColumn {
  readonly name: string;
  /** As DuckDB names it, such as `DECIMAL(18,3)`. */
  readonly type: string;
}

/** A statement around a text. */
function scanAround(before: string, text: string, after: string, author: SqlRequest['author']): ScanRequest {
  const rest = `${text}\n${after}`;
  return author === 'client' ? { sql: before, fenced: rest } : { sql: before + rest };
}

async function columnsOf(scan: ScanRequest, { scanner, signal }: EngineContext): Promise<readonly AnswerColumn[]> {
  const columns: AnswerColumn[] = [];
  for await (const block of scanner.scan(scan, signal)) {
    for (let row = 0; row < block.rowCount; row++) {
      columns.push({ name: textAt(block.columns[0]!, row)!, type: textAt(block.columns[1]!, row)! });
    }
  }
  return columns;
}

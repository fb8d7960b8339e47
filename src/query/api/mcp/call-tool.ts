// What a tool asks → its answer as text, within limits.

import { Failure } from '../../../base/failure.js';
import type { TableHome } from '../../../catalog/table-home.js';
import type { QueryText } from '../../../duckdb/query-function.js';
import type { ReadAnswer, ReadApi, ReadRequest } from '../../../server/read/read-api.js';
import type { QueryRunner } from '../../run/query-runner.js';
import { constantSql } from '../../scan/constant-sql.js';
import { askSql, type SqlAsker } from '../../sql/ask-sql.js';
import type { SqlAnswer, SqlRequest } from '../../sql/sql-request.js';
import type { Asked, AskedApi, AskedQuestion } from './mcp-tools.js';

/** Text of an answer: what a model reads at once, and remembers while it works. */
export const MAX_ANSWER_BYTES = 256 << 10;
/** Room for what is written around the rows. */
const ROW_BYTES = MAX_ANSWER_BYTES - (8 << 10);
const MAX_ROWS = 1000;

export interface ToolParts extends SqlAsker {
  readonly runner: QueryRunner;
  readonly home: TableHome;
  readonly questions: ReadonlyMap<string, QueryText>;
  readonly apis: Readonly<Record<AskedApi['api'], ReadApi>>;
}

export type ToolRequest = Pick<ReadRequest, 'client' | 'principal' | 'signal'>;

export interface ToolAnswer {
  /** JSON, unless it was cut. */
  readonly text: string;
  /** What was left out of it, if anything was. */
  readonly note: string | undefined;
}

/** Rejects with a Failure that says what is wrong with what was asked, or why there is no answer. */
export async function callTool(parts: ToolParts, asked: Asked, request: ToolRequest): Promise<ToolAnswer> {
  if ('question' in asked) return ofRows(await askQuestion(parts, asked, request));
  if ('api' in asked) return ofApi(await askApi(parts, asked, request));
  const { options } = parts;
  const limits = { ...options, sql_max_bytes: Math.min(options.sql_max_bytes, ROW_BYTES) };
  return ofRows(await askSql({ ...parts, options: limits }, { ...asked, ...request, maxRows: MAX_ROWS }));
}

async function askQuestion(
  { runner, home, questions, options }: ToolParts,
  { question, given, skip = 0, service }: AskedQuestion,
  { client, principal, signal }: ToolRequest,
): Promise<Uint8Array> {
  // Texts of questions have placeholders of tables.
  const odd = Object.values(given).find((value) => value?.includes('{{'));
  if (odd !== undefined)
    throw new Failure('malformed', `an argument must not have {{ in it, got ${JSON.stringify(odd)}`);
  const where = service === undefined ? '' : `WHERE service = ${constantSql(service)}`;
  const sql = `SELECT * FROM (${questions.get(question)!(given)}) ${where} OFFSET ${skip}`;
  const request: SqlRequest = { sql, author: 'us', maxRows: MAX_ROWS, maxBytes: ROW_BYTES };
  const answer = (await runner.run({
    engine: 'sql',
    kind: 'mcp',
    text: question,
    client,
    principal,
    home,
    limits: { timeoutMs: options.query_timeout_ms, maxSamples: Number.POSITIVE_INFINITY },
    request,
    signal,
  })) as SqlAnswer;
  return answer.body;
}

async function askApi({ apis }: ToolParts, { api, path, parameters }: AskedApi, request: ToolRequest): Promise<string> {
  const route = apis[api].routes.find((candidate) => candidate.path === path)!;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value));
  const answer = await route.handle({
    ...request,
    method: 'GET',
    path,
    pathValues: {},
    query,
    form: new URLSearchParams(),
    headers: {},
    body: Buffer.alloc(0),
  });
  let text: string;
  try {
    text = await textOf(answer);
  } finally {
    // It is a text of ours now, and no longer held within the memory of queries.
    answer.sent?.();
  }
  request.signal.throwIfAborted();
  if ((answer.status ?? 200) >= 400) throw new Failure('malformed', text);
  return text;
}

async function textOf({ body = '' }: ReadAnswer): Promise<string> {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

function ofRows(body: Uint8Array): ToolAnswer {
  const text = Buffer.from(body).toString();
  // The last member of what RowJson writes.
  const truncated = /"truncated":"(\w+)"\}$/.exec(text)?.[1];
  const note =
    truncated === undefined ? undefined : `There are more rows: the answer was cut by its number of ${truncated}.`;
  if (Buffer.byteLength(text) <= MAX_ANSWER_BYTES) return { text, note };
  // One row alone is longer.
  return cut(text);
}

function ofApi(text: string): ToolAnswer {
  return Buffer.byteLength(text) <= MAX_ANSWER_BYTES ? { text, note: undefined } : cut(text);
}

function cut(text: string): ToolAnswer {
  const kept = Buffer.from(text)
    .subarray(0, MAX_ANSWER_BYTES - (1 << 10))
    .toString();
  return {
    text: kept,
    note: `The answer was cut after ${kept.length} of ${text.length} characters: ask for less time, fewer series or fewer lines.`,
  };
}

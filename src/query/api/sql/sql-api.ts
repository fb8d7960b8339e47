// `POST /api/v1/sql`: one SELECT of a client, behind the fence of src/query/sql.

import { Failure } from '../../../base/failure.js';
import type { TableHome } from '../../../catalog/table-home.js';
import type { PromqlOptions } from '../../../schema/promql-options.js';
import type { SqlOptions } from '../../../schema/sql-options.js';
import type { ReadAnswer, ReadApi, ReadRequest } from '../../../server/read/read-api.js';
import type { QueryRunner } from '../../run/query-runner.js';
import { askSql } from '../../sql/ask-sql.js';

export interface SqlParts {
  readonly runner: QueryRunner;
  readonly home: TableHome;
  readonly options: SqlOptions & Pick<PromqlOptions, 'query_timeout_ms'>;
}

export function sqlApi(parts: SqlParts): ReadApi {
  return {
    routes: [{ method: 'POST', path: '/api/v1/sql', permission: 'read', handle: (request) => answer(parts, request) }],
  };
}

async function answer(parts: SqlParts, request: ReadRequest): Promise<ReadAnswer> {
  const { client, principal, signal } = request;
  const body = await askSql(parts, { ...askedFor(request), client, principal, signal });
  return { type: 'application/json', body };
}

interface AskedSql {
  readonly sql: string;
  readonly maxRows?: number;
}

/** Throws unless the body has a type that pages of other origins cannot send without asking first. */
function askedFor({ headers, body }: ReadRequest): AskedSql {
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (type === 'application/sql') return { sql: body.toString() };
  if (type === 'application/json') return askedInJson(body.toString());
  throw new Failure('unsupported', `the Content-Type must be application/sql or application/json, got '${type}'`);
}

function askedInJson(text: string): AskedSql {
  let asked: { readonly sql?: unknown; readonly max_rows?: unknown };
  try {
    asked = JSON.parse(text) as typeof asked;
  } catch (error) {
    throw new Failure('malformed', 'the body is not JSON', { cause: error });
  }
  const { sql, max_rows: maxRows } = asked ?? {};
  if (typeof sql !== 'string') throw new Failure('malformed', `sql must be a text, got ${JSON.stringify(sql)}`);
  if (maxRows === undefined) return { sql };
  if (typeof maxRows !== 'number' || !Number.isSafeInteger(maxRows) || maxRows < 1) {
    throw new Failure('malformed', `max_rows must be a whole number above zero, got ${JSON.stringify(maxRows)}`);
  }
  return { sql, maxRows };
}

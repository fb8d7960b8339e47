// serve() of the plugin: options that TypeScript checks → a SQL function → its row as an object.
//
// It is SQL inside, so a program gets the rules and the errors that SQL gets. Names are spelled as in SQL too, not in camel
// case: docs/functions.md describes both, rows are equal to those of otlp_server_list(), and one search finds every use.

import type { DuckDBConnection } from '@duckdb/node-api';
import { quotedIdentifier } from './duckdb/sql-text.js';
import { flushColumns } from './functions/otlp-flush.js';
import { serveColumns } from './functions/otlp-serve.js';
import { stopColumns } from './functions/otlp-stop.js';
import type { GivenOptions } from './schema/option-declaration.js';
import type { ResultColumn, RowOf } from './schema/result-column.js';
import type { serveOptions } from './schema/serve-options.js';

/** What `otlp_serve` takes. An option that is undefined counts as not given. */
export interface ServeArguments extends GivenOptions<typeof serveOptions> {
  /** Where to listen. `otlp:localhost:4318` unless given; one that begins with `otap:` starts an OTAP server. */
  readonly uri?: string | undefined;
}

/** The row of `otlp_flush`. */
export interface Flushed extends RowOf<typeof flushColumns> {}
/** The row of `otlp_stop`. */
export interface Stopped extends RowOf<typeof stopColumns> {}

/** A running server: the row of `otlp_serve`, and what can be done with it. */
export interface Served extends RowOf<typeof serveColumns> {
  /** Commits every buffered row. Resolves when they are durable, or with status `failed` and an error; then they are kept. */
  flush(): Promise<Flushed>;
  /** Answers the requests in flight, commits what is buffered, and frees the port. */
  stop(): Promise<Stopped>;
}

/** Starts a server. `connect` opens a connection that has the functions; each call has one of its own, for it may wait long. */
export async function serve(
  connect: () => Promise<DuckDBConnection>,
  { uri, ...options }: ServeArguments,
): Promise<Served> {
  const named = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  const parameters = [
    ...(uri === undefined ? [] : ['?']),
    ...named.map(({ name }) => `${quotedIdentifier(name)} := ?`),
  ];
  const values = [...(uri === undefined ? [] : [uri]), ...named.map(({ value }) => value)];
  const row = await rowOf(connect, serveColumns, `FROM ${serveFunctionOf(uri)}(${parameters.join(', ')})`, values);
  return {
    ...row,
    flush: () => rowOf(connect, flushColumns, 'FROM otlp_flush(?)', [row.listen_uri]),
    stop: () => rowOf(connect, stopColumns, 'FROM otlp_stop(?)', [row.listen_uri]),
  };
}

/** The function that starts a server at the URI. */
export function serveFunctionOf(uri: string | undefined): 'otlp_serve' | 'otap_serve' {
  return uri?.startsWith('otap:') ? 'otap_serve' : 'otlp_serve';
}

/** The one row of a query, whose columns say its type. */
async function rowOf<Columns extends readonly ResultColumn<never>[]>(
  connect: () => Promise<DuckDBConnection>,
  _columns: Columns,
  sql: string,
  values: readonly (string | number | boolean)[],
): Promise<RowOf<Columns>> {
  const connection = await connect();
  try {
    // DuckDB takes a number for a DOUBLE, which an option of whole numbers would round.
    const bound = values.map((value) => (Number.isInteger(value) ? BigInt(value) : value));
    const [row] = (await connection.runAndReadAll(sql, bound)).getRowObjectsJS();
    const fields = Object.entries(row!).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? Number(value) : value,
    ]);
    return Object.fromEntries(fields) as RowOf<Columns>;
  } finally {
    connection.closeSync();
  }
}

// A DuckDB instance with the plugin, and servers on it, for as long as one test or one file runs.

import { type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api';
import { onTestFinished } from 'vitest';
import { type AttachedOtlp, otlp, type PluginEvent } from '../../src/otlp.js';
import { send, type TestRequest, type TestResponse } from './http-client.js';

export type JsonRow = Record<string, Json>;
/** An option of otlp_serve and its value. */
export type ServeArguments = Readonly<Record<string, string | number | boolean>>;

export const TOKEN = 'a-token-for-tests';

/**
 * With more threads DuckDB spins in the caller's while another one runs the query, or waits in one of our functions: half of
 * the processor time of these tests. Those with queries that several threads share ask for SEVERAL_THREADS.
 */
const ONE_THREAD = 1;
export const SEVERAL_THREADS = 4;

export class OtelDatabase {
  readonly instance: DuckDBInstance;
  readonly otel: AttachedOtlp;
  readonly connection: DuckDBConnection;
  /** What the plugin has told its log. */
  readonly events: readonly PluginEvent[];
  #isClosed = false;

  private constructor(
    instance: DuckDBInstance,
    otel: AttachedOtlp,
    connection: DuckDBConnection,
    events: readonly PluginEvent[],
  ) {
    this.events = events;
    this.instance = instance;
    this.otel = otel;
    this.connection = connection;
  }

  /** Opens a database that its caller closes. */
  static async open(path = ':memory:', threads = ONE_THREAD, plugin = otlp): Promise<OtelDatabase> {
    const instance = await DuckDBInstance.create(path, { threads: String(threads) });
    const events: PluginEvent[] = [];
    const otel = await plugin.attach(instance, { log: (event) => events.push(event) });
    return new OtelDatabase(instance, otel, await otel.connect(), events);
  }

  /** Rows of a query as objects, 64-bit integers as text. */
  async rows(sql: string, connection = this.connection): Promise<JsonRow[]> {
    const result = await connection.runAndReadAll(sql);
    return result.getRowObjectsJson();
  }

  /** The first column of the first row. */
  async value(sql: string): Promise<Json> {
    return Object.values((await this.rows(sql))[0]!)[0]!;
  }

  async serve(options: ServeArguments = {}, uri = 'otlp:127.0.0.1:0'): Promise<OtelServer> {
    const given = { token: TOKEN, ...options };
    const listed = Object.entries(given).map(([name, value]) => `, ${name} := ${literal(value)}`);
    const serve = uri.startsWith('otap:') ? 'otap_serve' : 'otlp_serve';
    const [row] = await this.rows(`FROM ${serve}(${literal(uri)}${listed.join('')})`);
    return new OtelServer(this, row!);
  }

  /** Stops the servers and closes everything. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.otel.close();
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

export interface Posted extends Omit<TestRequest, 'port' | 'path'> {
  readonly path?: string;
}

export class OtelServer {
  readonly database: OtelDatabase;
  /** What otlp_serve answered. */
  readonly row: JsonRow;
  readonly uri: string;
  readonly port: number;

  constructor(database: OtelDatabase, row: JsonRow) {
    this.database = database;
    this.row = row;
    this.uri = String(row['listen_uri']);
    this.port = Number(/\d+$/.exec(this.uri)![0]);
  }

  /** Posts protobuf with the token, unless told otherwise. */
  post(body: TestRequest['body'], { path = '/v1/logs', headers = {}, ...rest }: Posted = {}): Promise<TestResponse> {
    const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    const defaults = { 'content-type': 'application/x-protobuf', authorization: `Bearer ${TOKEN}` };
    const missing = Object.entries(defaults).filter(([name]) => !given.has(name));
    return send({
      port: this.port,
      path,
      headers: { ...Object.fromEntries(missing), ...headers },
      ...(body === undefined ? {} : { body }),
      ...rest,
    });
  }

  get(path: string, rest: Partial<TestRequest> = {}): Promise<TestResponse> {
    return send({ port: this.port, path, method: 'GET', ...rest });
  }

  /** The server's row of otlp_server_list(), or undefined once it has stopped. */
  async status(): Promise<JsonRow | undefined> {
    return (await this.database.rows(`FROM otlp_server_list() WHERE listen_uri = ${literal(this.uri)}`))[0];
  }

  /** Some columns of the server's row. */
  async counters(...columns: string[]): Promise<JsonRow> {
    return (
      await this.database.rows(
        `SELECT ${columns.join(', ')} FROM otlp_server_list() WHERE listen_uri = ${literal(this.uri)}`,
      )
    )[0]!;
  }

  seals(): Promise<JsonRow[]> {
    return this.database.rows(`FROM otlp_seal_list() WHERE listen_uri = ${literal(this.uri)} ORDER BY seal_sequence`);
  }

  async flush(): Promise<JsonRow> {
    return (await this.database.rows(`FROM otlp_flush(${literal(this.uri)})`))[0]!;
  }

  async stop(): Promise<JsonRow> {
    return (await this.database.rows(`FROM otlp_stop(${literal(this.uri)})`))[0]!;
  }
}

/** Where to say what is done when a test ends; tests that run side by side pass their own. */
export type AtEnd = (end: () => Promise<void> | void) => void;

/** A database that is closed when the running test ends. */
export async function openDatabase(
  path?: string,
  atEnd: AtEnd = onTestFinished,
  threads?: number,
): Promise<OtelDatabase> {
  const database = await OtelDatabase.open(path, threads);
  atEnd(() => database.close());
  return database;
}

/** A server of its own for the running test, on a database of its own. */
export async function serve(options?: ServeArguments, atEnd?: AtEnd): Promise<OtelServer> {
  return (await openDatabase(undefined, atEnd)).serve(options);
}

function literal(value: string | number | boolean): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}

// A DuckDB instance with the plugin, its servers, and statements on it, without a test runner.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type AttachedPlugin, otlp } from '../../../src/otlp.js';
import type { Place } from './targets.js';
import type { Ports, Wire } from './wires.js';

export type Row = Readonly<Record<string, unknown>>;
export const TOKEN = 'a-token-for-the-harness';

export interface RunningServer extends Ports {
  readonly uri: string;
}

const ANY_PORTS: Ports = { port: 0, grpcPort: 0 };

export class HarnessDatabase {
  readonly #instance: DuckDBInstance;
  readonly #plugin: AttachedPlugin;
  readonly #connection: DuckDBConnection;
  readonly #place: Place;
  readonly #folder: string;

  private constructor(
    instance: DuckDBInstance,
    plugin: AttachedPlugin,
    connection: DuckDBConnection,
    place: Place,
    folder: string,
  ) {
    this.#instance = instance;
    this.#plugin = plugin;
    this.#connection = connection;
    this.#place = place;
    this.#folder = folder;
  }

  static async open(place: Place, folder: string): Promise<HarnessDatabase> {
    const instance = await DuckDBInstance.create(place.database(folder));
    const plugin = await otlp.attach(instance);
    const connection = await plugin.connect();
    for (const sql of place.setUp(folder)) await connection.run(sql);
    return new HarnessDatabase(instance, plugin, connection, place, folder);
  }

  async rows(sql: string): Promise<Row[]> {
    return (await this.#connection.runAndReadAll(sql)).getRowObjectsJson();
  }

  /** Runs a statement beside whatever else runs. */
  async rowsAside(sql: string): Promise<Row[]> {
    const connection = await this.#plugin.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJson();
    } finally {
      connection.closeSync();
    }
  }

  async serve(
    wire: Wire,
    options: Readonly<Record<string, string | number>> = {},
    { port, grpcPort }: Ports = ANY_PORTS,
  ): Promise<RunningServer> {
    const given = { token: TOKEN, ...wire.options(grpcPort), ...this.#place.options(this.#folder), ...options };
    const named = Object.entries(given).map(([name, value]) => `, ${name} := ${literal(value)}`);
    const [row] = await this.rowsAside(
      `FROM ${wire.serveFunction}('${wire.scheme}:127.0.0.1:${port}'${named.join('')})`,
    );
    const uri = String(row!['listen_uri']);
    const [listed] = await this.rowsAside(
      `SELECT listeners[-1].uri AS last FROM otlp_server_list() WHERE listen_uri = '${uri}'`,
    );
    return { uri, port: portOf(uri), grpcPort: portOf(String(listed!['last'])) };
  }

  async flush({ uri }: Pick<RunningServer, 'uri'>): Promise<Row> {
    return (await this.rowsAside(`FROM otlp_flush('${uri}')`))[0]!;
  }

  async stop({ uri }: Pick<RunningServer, 'uri'>): Promise<Row> {
    return (await this.rowsAside(`FROM otlp_stop('${uri}')`))[0]!;
  }

  async servers(): Promise<Row[]> {
    return this.rows('FROM otlp_server_list()');
  }

  async close(): Promise<void> {
    await this.#plugin.close();
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

function portOf(uri: string): number {
  return Number(/\d+$/.exec(uri)![0]);
}

function literal(value: string | number | boolean): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}

// A server of queries with Prometheus's API, and one that telemetry is sent to, both started in SQL.

import { send, type TestRequest, type TestResponse } from '../../support/http-client.js';
import { QueryDatabase } from '../query-database.js';

export class PrometheusServer {
  readonly db: QueryDatabase;
  readonly port: number;
  readonly #ingestUri: string;

  private constructor(db: QueryDatabase, port: number, ingestUri: string) {
    this.db = db;
    this.port = port;
    this.#ingestUri = ingestUri;
  }

  /** `options` are more arguments of otlp_query_serve. */
  static async start(options = '', engines?: Record<string, URL>): Promise<PrometheusServer> {
    const db = await QueryDatabase.open(engines);
    const uriOf = async (call: string) => {
      const served = await db.connection.runAndReadAll(`SELECT listen_uri FROM ${call}`);
      return String(served.getRows()[0]![0]);
    };
    const ingestUri = await uriOf("otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := 3600000)");
    const queryUri = await uriOf(`otlp_query_serve('query:127.0.0.1:0', disable_auth := true${options})`);
    return new PrometheusServer(db, portOf(queryUri), ingestUri);
  }

  /** A request below /api/v1, by GET unless it has a method. */
  ask(path: string, rest: Partial<TestRequest> = {}): Promise<TestResponse> {
    return send({ port: this.port, method: 'GET', path: `/api/v1/${path}`, ...rest });
  }

  /** Sends metrics as OTLP/JSON. They stay in memory until flush(). */
  async sendMetrics(body: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const { status, text } = await send({ port: portOf(this.#ingestUri), path: '/v1/metrics', headers, body });
    if (status !== 202) throw new Error(`${status}: ${text}`);
  }

  async flush(): Promise<void> {
    await this.db.connection.run(`FROM otlp_flush('${this.#ingestUri}')`);
  }

  close(): Promise<void> {
    return this.db.close();
  }
}

function portOf(uri: string): number {
  return Number(/\d+$/.exec(uri)![0]);
}

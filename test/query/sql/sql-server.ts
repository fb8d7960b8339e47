// A server that answers SQL, and one that telemetry is sent to, both started in SQL.

import { jsonOf, send, type TestResponse } from '../../support/http-client.js';
import { logsRequest, metricsRequest, spansRequest } from '../../support/telemetry.js';
import { QueryDatabase } from '../query-database.js';

export class SqlServer {
  readonly db: QueryDatabase;
  readonly port: number;
  readonly #ingestPort: number;

  private constructor(db: QueryDatabase, port: number, ingestPort: number) {
    this.db = db;
    this.port = port;
    this.#ingestPort = ingestPort;
  }

  /** `options` are more arguments of otlp_query_serve. */
  static async start(options = ''): Promise<SqlServer> {
    const db = await QueryDatabase.open();
    const portOf = async (call: string) => {
      const [row] = await db.rows(`SELECT listen_uri FROM ${call}`);
      return Number(/\d+$/.exec(String(row!['listen_uri']))![0]);
    };
    const ingestPort = await portOf("otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := 3600000)");
    const port = await portOf(
      `otlp_query_serve('query:127.0.0.1:0', disable_auth := true, apis := 'sql,prometheus'${options})`,
    );
    return new SqlServer(db, port, ingestPort);
  }

  async sendTelemetry(): Promise<void> {
    for (const [path, body] of [
      ['/v1/logs', logsRequest(5)],
      ['/v1/traces', spansRequest(3)],
      ['/v1/metrics', metricsRequest()],
    ] as const) {
      const headers = { 'content-type': 'application/x-protobuf' };
      const { status, text } = await send({ port: this.#ingestPort, path, headers, body });
      if (status !== 202) throw new Error(`${status}: ${text}`);
    }
  }

  post(body: string, type = 'application/sql'): Promise<TestResponse> {
    return send({ port: this.port, path: '/api/v1/sql', headers: { 'content-type': type }, body });
  }

  /** The rows of an answer. */
  async rows(sql: string): Promise<unknown> {
    const answer = await this.post(sql);
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
    return jsonOf(answer)['rows'];
  }

  close(): Promise<void> {
    return this.db.close();
  }
}

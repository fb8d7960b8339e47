// A listener with Prometheus's API over an instance of its own, and a server that telemetry is sent to.

import { prometheusApi } from '../../../src/query/api/prometheus/prometheus-api.js';
import { readOptions } from '../../../src/schema/option-declaration.js';
import { type PromqlOptions, promqlOptions } from '../../../src/schema/promql-options.js';
import { ConnectionLimit } from '../../../src/server/connection-limit.js';
import { ReadAuthorization } from '../../../src/server/identity/read-authorization.js';
import { ReadListener } from '../../../src/server/read/read-listener.js';
import { send, type TestRequest, type TestResponse } from '../../support/http-client.js';
import { MAIN, QueryDatabase } from '../query-database.js';

export class PrometheusServer {
  readonly db: QueryDatabase;
  readonly port: number;
  readonly #ingestUrl: URL;
  readonly #ingestUri: string;
  readonly #listener: ReadListener;

  private constructor(db: QueryDatabase, port: number, served: readonly unknown[], listener: ReadListener) {
    this.db = db;
    this.port = port;
    this.#ingestUri = String(served[0]);
    this.#ingestUrl = new URL(String(served[1]));
    this.#listener = listener;
  }

  static async start(given: Partial<PromqlOptions> = {}, engines?: Record<string, URL>): Promise<PrometheusServer> {
    const db = await QueryDatabase.open(engines);
    const served = await db.connection.runAndReadAll(
      `SELECT listen_uri, listen_url
       FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := 3600000)`,
    );
    const options = { ...readOptions(promqlOptions, {}), ...given };
    const listener = new ReadListener({
      uri: { scheme: 'otlp', host: '127.0.0.1', port: 0, ipv6: false },
      apis: [prometheusApi({ runner: db.runner, home: MAIN, options })],
      authorization: new ReadAuthorization({ read: undefined, admin: undefined }),
      maxBodyBytes: 1 << 20,
      cors: undefined,
      hooks: {
        connections: new ConnectionLimit(100),
        checks: () => ({}),
        internalError: () => undefined,
        failed: () => undefined,
      },
    });
    return new PrometheusServer(db, await listener.listen(), served.getRows()[0]!, listener);
  }

  /** A request below /api/v1, by GET unless it has a method. */
  ask(path: string, rest: Partial<TestRequest> = {}): Promise<TestResponse> {
    return send({ port: this.port, method: 'GET', path: `/api/v1/${path}`, ...rest });
  }

  /** Sends metrics as OTLP/JSON. They stay in memory until flush(). */
  async sendMetrics(body: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const { status, text } = await send({ port: Number(this.#ingestUrl.port), path: '/v1/metrics', headers, body });
    if (status !== 202) throw new Error(`${status}: ${text}`);
  }

  async flush(): Promise<void> {
    await this.db.connection.run(`FROM otlp_flush('${this.#ingestUri}')`);
  }

  async close(): Promise<void> {
    await this.#listener.stop();
    await this.db.close();
  }
}

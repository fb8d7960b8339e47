// A listener with Loki's API over an instance of its own, and a server that telemetry is sent to.

import { WebSocket } from 'ws';
import { type Clock, systemClock } from '../../../src/base/clock.js';
import { engineModules } from '../../../src/control/engine-modules.js';
import { lokiApi } from '../../../src/query/api/loki/loki-api.js';
import { QueryRunner } from '../../../src/query/run/query-runner.js';
import { lokiOptions } from '../../../src/schema/loki-options.js';
import { readOptions } from '../../../src/schema/option-declaration.js';
import { ConnectionLimit } from '../../../src/server/connection-limit.js';
import { ReadAuthorization } from '../../../src/server/identity/read-authorization.js';
import { noTenants } from '../../../src/server/identity/tenancy.js';
import { ReadListener } from '../../../src/server/read/read-listener.js';
import { send, type TestRequest, type TestResponse } from '../../support/http-client.js';
import { MAIN, QueryDatabase } from '../query-database.js';

export class LokiServer {
  readonly db: QueryDatabase;
  readonly port: number;
  /** Where telemetry is sent. */
  readonly ingestPort: number;
  readonly internalErrors: unknown[];
  readonly #close: () => Promise<void>;

  private constructor(
    parts: Pick<LokiServer, 'db' | 'port' | 'ingestPort' | 'internalErrors'>,
    close: () => Promise<void>,
  ) {
    ({ db: this.db, port: this.port, ingestPort: this.ingestPort, internalErrors: this.internalErrors } = parts);
    this.#close = close;
  }

  static async start({
    max_samples = 1_000_000,
    fidelity = 'standard',
    memoryBytes = 1 << 28,
    clock = systemClock as Clock,
  } = {}): Promise<LokiServer> {
    const db = await QueryDatabase.open();
    const served = await db.connection.runAndReadAll(
      `SELECT listen_url FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := 3600000, fidelity := '${fidelity}')`,
    );
    const limits = { maxQueries: 8, maxWaitingQueries: 8, maxStatements: 2, memoryBytes, threads: 1 };
    const runner = new QueryRunner(db.database, db.registry.live, engineModules, limits, systemClock);
    const options = { ...readOptions(lokiOptions, {}), query_timeout_ms: 20_000, max_samples };
    const internalErrors: unknown[] = [];
    const listener = new ReadListener({
      uri: { scheme: 'otlp', host: '127.0.0.1', port: 0, ipv6: false },
      apis: [lokiApi({ runner, home: MAIN, options }, clock)],
      authorization: new ReadAuthorization({ read: undefined, admin: undefined, tenancy: noTenants }),
      maxBodyBytes: 1 << 20,
      cors: undefined,
      hooks: {
        connections: new ConnectionLimit(100),
        checks: () => ({}),
        internalError: (error) => internalErrors.push(error),
        failed: () => undefined,
      },
    });
    const port = await listener.listen();
    const ingestPort = Number(new URL(String(served.getRows()[0]![0])).port);
    return new LokiServer({ db, port, ingestPort, internalErrors }, async () => {
      await listener.stop();
      await runner.close();
      await db.close();
    });
  }

  /** A GET below /loki/api/v1. */
  ask(path: string, rest: Partial<TestRequest> = {}): Promise<TestResponse> {
    return send({ port: this.port, method: 'GET', path: `/loki/api/v1/${path}`, ...rest });
  }

  /** Sends log records of one resource, as OTLP/JSON writes them. */
  async push(resource: Readonly<Record<string, string>>, logRecords: readonly object[]): Promise<void> {
    const attributes = Object.entries(resource).map(([key, value]) => ({ key, value: { stringValue: value } }));
    const body = JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] });
    const { status, text } = await send({
      port: this.ingestPort,
      path: '/v1/logs',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (status !== 202) throw new Error(`${status}: ${text}`);
  }

  /** A websocket of `tail`. */
  tail(query: string, rest = '', headers: Readonly<Record<string, string>> = {}): WebSocket {
    const parameters = `query=${encodeURIComponent(query)}${rest}`;
    return new WebSocket(`ws://127.0.0.1:${this.port}/loki/api/v1/tail?${parameters}`, { headers });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

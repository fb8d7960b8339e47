// A listener with Tempo's API over an instance of its own, and a server that spans are sent to.

import http2 from 'node:http2';
import { engineModules } from '../../../src/control/engine-modules.js';
import { tempoApi } from '../../../src/query/api/tempo/tempo-api.js';
import { readOptions } from '../../../src/schema/option-declaration.js';
import { promqlOptions } from '../../../src/schema/promql-options.js';
import { ConnectionLimit } from '../../../src/server/connection-limit.js';
import { ReadAuthorization } from '../../../src/server/identity/read-authorization.js';
import { noTenants } from '../../../src/server/identity/tenancy.js';
import { ReadListener } from '../../../src/server/read/read-listener.js';
import { encodeProtobuf } from '../../oracle/encode-protobuf.js';
import type { Message } from '../../oracle/message.js';
import { send, type TestRequest, type TestResponse } from '../../support/http-client.js';
import { MAIN, QueryDatabase } from '../query-database.js';

/** Some ten spans with a kilobyte of attributes. */
export const MAX_TRACE_BYTES = 10_000;

export class TempoServer {
  readonly db: QueryDatabase;
  readonly port: number;
  readonly #ingestPort: number;
  readonly #listener: ReadListener;

  private constructor(db: QueryDatabase, listener: ReadListener, port: number, ingestPort: number) {
    this.db = db;
    this.port = port;
    this.#listener = listener;
    this.#ingestPort = ingestPort;
  }

  static async start(engines = engineModules): Promise<TempoServer> {
    const db = await QueryDatabase.open(engines);
    const served = await db.connection.runAndReadAll(
      "SELECT listen_url FROM otlp_serve('otlp:127.0.0.1:0', disable_auth := true, seal_max_age_ms := 3600000, fidelity := 'exact')",
    );
    const limits = { query_timeout_ms: 20_000, max_samples: 1_000_000, max_trace_bytes: MAX_TRACE_BYTES };
    const options = { ...readOptions(promqlOptions, {}), ...limits };
    const listener = new ReadListener({
      uri: { scheme: 'otlp', host: '127.0.0.1', port: 0, ipv6: false },
      apis: [tempoApi({ runner: db.runner, home: MAIN, options })],
      authorization: new ReadAuthorization({ read: undefined, admin: undefined, tenancy: noTenants }),
      maxBodyBytes: 1 << 20,
      cors: undefined,
      hooks: {
        connections: new ConnectionLimit(100),
        checks: () => ({}),
        // Thrown from here, an error would leave its request without an answer, and its test waiting. The answer has its text.
        internalError: () => undefined,
        failed: () => undefined,
      },
    });
    const port = await listener.listen();
    return new TempoServer(db, listener, port, Number(new URL(String(served.getRows()[0]![0])).port));
  }

  async post(request: Message): Promise<void> {
    const answer = await send({
      port: this.#ingestPort,
      path: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf' },
      body: encodeProtobuf('traces', request),
    });
    if (answer.status !== 202) throw new Error(`the server answered ${answer.status}: ${answer.text}`);
  }

  ask(path: string, rest: Partial<TestRequest> = {}): Promise<TestResponse> {
    return send({ port: this.port, method: 'GET', path, ...rest });
  }

  /** The messages that a call is answered with, and its status. */
  async call(method: string, message: Uint8Array): Promise<{ status: string; messages: readonly Buffer[] }> {
    const session = http2.connect(`http://127.0.0.1:${this.port}`);
    try {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      const call = session.request({
        ':method': 'POST',
        ':path': `/tempopb.StreamingQuerier/${method}`,
        'content-type': 'application/grpc',
      });
      let status = '';
      for (const event of ['response', 'trailers'] as const) {
        call.on(event, (headers) => {
          status ||= String(headers['grpc-status'] ?? '');
        });
      }
      call.end(Buffer.concat([prefix, message]));
      const parts: Buffer[] = [];
      for await (const part of call) parts.push(part as Buffer);
      const bytes = Buffer.concat(parts);
      const messages: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
        messages.push(bytes.subarray(at + 5, at + 5 + bytes.readUInt32BE(at + 1)));
      }
      return { status, messages };
    } finally {
      session.close();
    }
  }

  async close(): Promise<void> {
    await this.#listener.stop();
    await this.db.close();
  }
}

// One server of queries: a listener, with the APIs that were asked for behind it.

import { messageOf } from '../base/failure.js';
import type { Database } from '../duckdb/database.js';
import type { QueryText } from '../duckdb/query-function.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { allowedOrigins } from '../schema/origins.js';
import { speaksTls } from '../schema/tls-options.js';
import { ConnectionLimit } from '../server/connection-limit.js';
import { Cors } from '../server/cors.js';
import type { ReadAuthorization } from '../server/identity/read-authorization.js';
import { Sessions } from '../server/identity/sessions.js';
import type { TokenFile } from '../server/identity/token-file.js';
import { ReadListener } from '../server/read/read-listener.js';
import { RequestRate } from '../server/read/request-rate.js';
import type { TlsIdentity } from '../server/tls/tls-identity.js';
import { databaseFile } from './database-file.js';
import { apisOf } from './known-apis.js';
import { metricsApi } from './metrics-route.js';
import { type OpenAuthorization, openReadAuthorization } from './open-authorization.js';
import { openTls } from './open-tls.js';
import type { QueryServeRequest } from './query-serve-request.js';
import { ServerAddress } from './server-address.js';
import { type ServerEventLog, serverEvents } from './server-events.js';
import type { ServerRegistry } from './server-registry.js';

/** What all servers of an instance share. */
export interface QueryServerParts {
  readonly database: Database;
  readonly runner: QueryRunner;
  /** Servers of telemetry, which its clients may ask about. */
  readonly registry: ServerRegistry;
  readonly questions: ReadonlyMap<string, QueryText>;
  readonly tell: ServerEventLog;
}

export class QueryServer {
  readonly request: QueryServeRequest;
  readonly startedMs = Date.now();
  readonly connections: ConnectionLimit;
  /** Undefined where connections are not encrypted. */
  readonly tls: TlsIdentity | undefined;
  /** Undefined where tokens are options. */
  readonly tokenFile: TokenFile | undefined;
  readonly #address: ServerAddress;
  readonly #listener: ReadListener;
  #stopped: Promise<void> | undefined;

  private constructor(
    request: QueryServeRequest,
    { database, registry, runner, questions, tell }: QueryServerParts,
    tls: TlsIdentity | undefined,
    access: OpenAuthorization<ReadAuthorization>,
  ) {
    const { uri, options, home } = request;
    this.request = request;
    this.#address = new ServerAddress(uri, speaksTls(options) ? 'https' : 'http');
    this.tls = tls;
    this.tokenFile = access.file;
    this.connections = new ConnectionLimit(options.max_connections);
    const origins = options.cors_allowed_origins;
    const { authorization } = access;
    const sessions = new Sessions({ isEncrypted: speaksTls(options), nowMs: () => Date.now() });
    this.#listener = new ReadListener({
      uri,
      apis: [
        metricsApi(() => registry.metrics()),
        ...apisOf({ database, registry, runner, questions, home, options, authorization, sessions }),
      ],
      authorization,
      sessions,
      rate: options.api_rate_limit_rps === 0 ? undefined : new RequestRate(options.api_rate_limit_rps),
      maxBodyBytes: options.max_body_bytes,
      cors: origins === null ? undefined : new Cors(allowedOrigins('cors_allowed_origins', origins)),
      tls,
      hooks: {
        connections: this.connections,
        checks: () => ({ queries: 'ok' }),
        internalError: (error) => {
          void database.writeLog('ERROR', `${this.listenUri}: ${messageOf(error)}`).catch(() => undefined);
        },
        failed: (error) => {
          const event = 'listener_failed';
          tell({ level: serverEvents[event], event, fields: { listen_uri: this.listenUri, error } });
        },
      },
    });
  }

  /** Binds its sockets. Rejects with none of them bound. */
  static async start(request: QueryServeRequest, parts: QueryServerParts): Promise<QueryServer> {
    const tls = await openTls(request.options, () => databaseFile(parts.database, request.home.catalog));
    let access: OpenAuthorization<ReadAuthorization> | undefined;
    try {
      access = await openReadAuthorization(request.tokens, request.options);
      const server = new QueryServer(request, parts, tls, access);
      const port = await server.#listener.listen();
      server.#address.bound({ ...request.uri, port });
      return server;
    } catch (error) {
      access?.file?.close();
      tls?.close();
      throw error;
    }
  }

  get listenUri(): string {
    return this.#address.listenUri;
  }

  get listenUrl(): string {
    return this.#address.listenUrl;
  }

  get requests(): ReadListener['requests'] {
    return this.#listener.requests;
  }

  get isListening(): boolean {
    return this.#listener.isListening;
  }

  get lastError(): string | undefined {
    return this.#listener.lastError;
  }

  /** Answers what is in flight, or ends it after a while. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#listener.stop().finally(() => {
      this.tokenFile?.close();
      this.tls?.close();
    });
    return this.#stopped;
  }
}

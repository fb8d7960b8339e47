// Serves DuckDB's client-server protocol with its extension quack. Other DuckDBs, such as Python's, attach to this process and run SQL in
// it, including functions of plugins.

import { randomBytes } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';

export interface QuackSettings {
  /** `quack:host[:port]`; the extension's default port is 9494. */
  readonly uri: string;
  /** Token of clients, which lets them run any SQL. Generated if undefined. */
  readonly token: string | undefined;
  readonly allowOtherHostname: boolean;
}

const TOKEN_BYTES = 16;

export class QuackServer {
  readonly #connection: DuckDBConnection;
  readonly listenUri: string;
  readonly listenUrl: string;
  /** The token, if it was generated. */
  readonly generatedToken: string | undefined;

  private constructor(connection: DuckDBConnection, uri: string, url: string, generatedToken: string | undefined) {
    this.#connection = connection;
    this.listenUri = uri;
    this.listenUrl = url;
    this.generatedToken = generatedToken;
  }

  /** Listens at the URI, on loopback only unless told otherwise. Rejects with the URI and the cause. */
  static async start(connection: DuckDBConnection, settings: QuackSettings): Promise<QuackServer> {
    const { uri, allowOtherHostname } = settings;
    const token = settings.token ?? randomBytes(TOKEN_BYTES).toString('hex');
    await loadExtension(connection);
    try {
      // Uses parameters, because errors quote the statement and must not contain the token.
      const result = await connection.runAndReadAll(
        'SELECT listen_uri, listen_url FROM quack_serve($uri, token => $token, allow_other_hostname => $other)',
        { uri, token, other: allowOtherHostname },
      );
      const [[listenUri, listenUrl]] = result.getRows() as [[string, string]];
      return new QuackServer(connection, listenUri, listenUrl, settings.token === undefined ? token : undefined);
    } catch (error) {
      throw new Error(`cannot listen on ${uri}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Accepts no more clients. Running queries continue, and nothing waits for them. */
  async stop(): Promise<void> {
    await this.#connection.run('CALL quack_stop($uri)', { uri: this.listenUri });
  }
}

/** Loads the extension, and downloads it from DuckDB's repository if needed. */
async function loadExtension(connection: DuckDBConnection): Promise<void> {
  try {
    await connection.run('LOAD quack');
  } catch {
    try {
      await connection.run('INSTALL quack');
      await connection.run('LOAD quack');
    } catch (error) {
      throw new Error(`cannot load DuckDB's extension quack, which --quack needs: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

// Sockets of a listener of any protocol, from bound to closed or failed.

import type { Server } from 'node:net';
import { messageOf } from '../base/failure.js';
import { bindSockets } from './bind-sockets.js';
import { canonicalUri, type ListenUri } from './listen-uri.js';

export class ListeningSockets<S extends Server> {
  readonly #uri: ListenUri;
  readonly #failed: (error: string) => void;
  #servers: readonly S[] = [];
  #isClosing = false;
  #lastError: string | undefined;

  /** `failed` is called once, with the error that ended them. */
  constructor(uri: ListenUri, failed: (error: string) => void) {
    this.#uri = uri;
    this.#failed = failed;
  }

  /** One per socket. */
  get servers(): readonly S[] {
    return this.#servers;
  }

  get isListening(): boolean {
    return !this.#isClosing && this.#servers.length > 0 && this.#servers.every(({ listening }) => listening);
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Resolves with the port, which is a free one if port 0 was requested. Rejects with nothing left bound. */
  async bind(newServer: () => S): Promise<number> {
    const { servers, port } = await bindSockets(this.#uri, newServer);
    this.#servers = servers;
    for (const server of servers) {
      server.on('error', (error) => this.#fail(messageOf(error)));
      server.on('close', () => {
        if (!this.#isClosing) this.#fail(`the socket of ${canonicalUri({ ...this.#uri, port })} was closed`);
      });
    }
    return port;
  }

  /** Accepts no more connections. Resolves when existing ones have ended; the caller ends them. */
  async close(
    closeServer: (server: S, closed: () => void) => void = (server, closed) => server.close(closed),
  ): Promise<void> {
    this.#isClosing = true;
    await Promise.all(
      this.#servers.map(
        (server) => new Promise<void>((resolve) => (server.listening ? closeServer(server, resolve) : resolve())),
      ),
    );
  }

  /** Only the first cause counts, because a failed server's socket is closed as well. */
  #fail(error: string): void {
    if (this.#lastError !== undefined) return;
    this.#lastError = error;
    this.#failed(error);
  }
}

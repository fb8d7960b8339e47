// The sockets of a gRPC server that has a port of its own.

import { Server as NetServer } from 'node:net';
import type { ListenUri } from '../listen-uri.js';
import type { Listener, ListenerHooks } from '../listener.js';
import { ListeningSockets } from '../listening-sockets.js';
import type { TlsIdentity } from '../tls/tls-identity.js';
import type { GrpcMethod } from './call.js';
import type { Keepalive } from './limits.js';
import { GrpcServer } from './server.js';

export interface GrpcListenerOptions {
  readonly uri: ListenUri;
  /** By path: `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, GrpcMethod>;
  readonly maxMessageBytes: number;
  readonly hooks: ListenerHooks;
  /** Undefined where connections are not encrypted. */
  readonly tls?: TlsIdentity | undefined;
  readonly keepalive?: Keepalive;
  /** Open calls per connection. */
  readonly maxStreams?: number;
}

export class GrpcListener implements Listener {
  readonly #hooks: ListenerHooks;
  readonly #sockets: ListeningSockets<NetServer>;
  readonly #tls: TlsIdentity | undefined;
  readonly #server: GrpcServer;

  constructor({ uri, methods, maxMessageBytes, hooks, tls, keepalive, maxStreams }: GrpcListenerOptions) {
    this.#hooks = hooks;
    this.#tls = tls;
    this.#sockets = new ListeningSockets(uri, (error) => hooks.failed(error));
    this.#server = new GrpcServer({
      methods,
      maxMessageBytes,
      internalError: (error) => hooks.internalError(error),
      ...(keepalive !== undefined && { keepalive }),
      ...(maxStreams !== undefined && { maxStreams }),
    });
  }

  get isListening(): boolean {
    return this.#sockets.isListening;
  }

  get lastError(): string | undefined {
    return this.#sockets.lastError;
  }

  listen(): Promise<number> {
    return this.#sockets.bind(() => {
      const server = this.#server.newHttp2Server();
      const door = this.#tls?.newServer(['h2'], (socket) => server.emit('connection', socket)) ?? server;
      this.#hooks.connections.watch(door);
      return door;
    });
  }

  async stop(): Promise<void> {
    if (this.#sockets.isClosing) return;
    const closed = this.#sockets.close(closeSocket);
    this.#tls?.cutHandshakes();
    await this.#server.stop(closed);
  }
}

/**
 * Accepts no more connections. Since Node 24, close() of an HTTP/2 server also closes its sessions. They would then reset calls that
 * clients start before they notice, without a status.
 */
function closeSocket(server: NetServer, closed: () => void): void {
  NetServer.prototype.close.call(server, closed);
}

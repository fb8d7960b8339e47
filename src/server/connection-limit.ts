// New connections → accepted, or closed at once if the server has reached its limit.

import type { Server } from 'node:net';

/**
 * Counts the connections of one server over all sockets of its listeners ("localhost" has two). A connection beyond the limit is
 * closed before a byte of it is read, as proxies do. Clients see a failed attempt and retry.
 */
export class ConnectionLimit {
  readonly #max: number;
  readonly #openOf = new Map<Server, number>();
  #open = 0;
  #refusedTotal = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get open(): number {
    return this.#open;
  }

  get refusedTotal(): number {
    return this.#refusedTotal;
  }

  /** Limits a server that is not bound yet. */
  watch(server: Server): void {
    this.#count(server, 0);
    server.on('connection', (socket) => {
      this.#count(server, 1);
      socket.once('close', () => this.#count(server, -1));
    });
    server.on('drop', () => {
      this.#refusedTotal++;
    });
  }

  #count(changed: Server, by: 1 | 0 | -1): void {
    this.#open += by;
    this.#openOf.set(changed, (this.#openOf.get(changed) ?? 0) + by);
    // Node rejects connections more cheaply than a listener could, but it counts each server separately. For Node, 0 means no limit.
    const free = this.#max - this.#open;
    for (const [server, open] of this.#openOf) server.maxConnections = open + free || -1;
  }
}

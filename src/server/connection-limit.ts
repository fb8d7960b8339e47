// New connections → taken, or closed at once when a server has as many as it may.

import type { Server } from 'node:net';

/**
 * Connections of one server, over all sockets of its listeners: "localhost" has two. A connection beyond the limit is closed before
 * a byte of it is read, as connection limits of proxies do: clients take that for a failed attempt, and try again.
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

  /** Limits a server that has not yet been bound. */
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
    // Node refuses more cheaply than a listener could, but it counts each server by itself. To it, 0 is no limit.
    const free = this.#max - this.#open;
    for (const [server, open] of this.#openOf) server.maxConnections = open + free || -1;
  }
}

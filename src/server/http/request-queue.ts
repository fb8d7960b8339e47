// Requests as node:http parses them → in progress, so many of a connection at once. Those behind wait, and meanwhile no
// more is read from the connection.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that are in progress at once: as many as the calls of a gRPC connection. */
const MAX_IN_PROGRESS = 128;
/**
 * Requests of all connections of a listener whose answers have not left, before those of connections that have more
 * than MAX_IN_PROGRESS are dropped, and their connections with them. node:http reads up to 64 KiB and parses all of it:
 * some 1,800 requests without a body, at 1 to 2 kB each. So not reading on bounds one connection, but not a thousand
 * whose clients read no answer.
 */
const MAX_OPEN = 64 << 10;

/** The requests of all connections of one listener. */
export class RequestQueues {
  readonly #route: RequestListener;
  readonly #queues = new WeakMap<Socket, RequestQueue>();
  readonly #total = { open: 0 };

  /** `route` answers each request; it must not throw. */
  constructor(route: RequestListener) {
    this.#route = route;
  }

  open(socket: Socket): void {
    this.#queues.set(socket, new RequestQueue(socket, this.#route, this.#total));
  }

  of(socket: Socket): RequestQueue {
    return this.#queues.get(socket)!;
  }
}

/** The requests of one connection, in the order in which they came. */
class RequestQueue {
  readonly #socket: Socket;
  readonly #route: RequestListener;
  /** Shared with the queues of all other connections. */
  readonly #total: { open: number };
  readonly #waiting: [IncomingMessage, ServerResponse][] = [];
  #last: IncomingMessage | undefined;
  #inProgress = 0;
  #open = 0;
  #isBeginning = false;
  #onIdle: (() => void) | undefined;

  constructor(socket: Socket, route: RequestListener, total: { open: number }) {
    this.#socket = socket;
    this.#route = route;
    this.#total = total;
    // Whoever reads the body of a request resumes its socket, and node:http does once answers have been taken.
    socket.on('resume', () => {
      if (this.#waiting.length > 0) socket.pause();
    });
    socket.once('close', () => {
      this.#total.open -= this.#open;
      this.#waiting.length = 0;
    });
  }

  /** Whether the client has sent requests without waiting for the answers to those before. */
  get isPipelined(): boolean {
    return this.#open > 1;
  }

  /** Begins a request, now or later. */
  add(request: IncomingMessage, response: ServerResponse): void {
    // What had been read before the connection was closed is still being parsed.
    if (this.#socket.destroyed) return;
    if (this.#open >= MAX_IN_PROGRESS && this.#total.open >= MAX_OPEN) {
      this.#socket.destroy();
      return;
    }
    this.#last = request;
    this.#open++;
    this.#total.open++;
    response.once('close', this.#close);
    this.#waiting.push([request, response]);
    this.#beginWaiting();
    if (this.#waiting.length > 0) this.#socket.pause();
  }

  /** To be called once for each request that was begun. */
  answered(): void {
    this.#inProgress--;
    if (this.#waiting.length === 0) return;
    this.#beginWaiting();
    if (this.#waiting.length === 0) this.#socket.resume();
  }

  /**
   * Acts once the answers to all requests that came whole have left: what is written past node:http must not overtake
   * them. The one that did not come whole is what it is written about.
   */
  whenIdle(act: () => void): void {
    this.#onIdle = act;
    this.#actWhenIdle();
  }

  #beginWaiting(): void {
    // A request may be answered before begin() returns.
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    while (this.#inProgress < MAX_IN_PROGRESS && this.#waiting.length > 0) {
      const [request, response] = this.#waiting.shift()!;
      this.#inProgress++;
      this.#route(request, response);
    }
    this.#isBeginning = false;
  }

  readonly #close = (): void => {
    // Once the connection is closed, all of its requests are.
    if (this.#socket.destroyed) return;
    this.#open--;
    this.#total.open--;
    this.#actWhenIdle();
  };

  #actWhenIdle(): void {
    if (this.#onIdle === undefined || this.#open > (this.#last?.complete === false ? 1 : 0)) return;
    this.#onIdle();
    this.#onIdle = undefined;
  }
}

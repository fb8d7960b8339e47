// Limits the requests of a connection that are in progress at once. Further requests wait, and meanwhile nothing more is read
// from the connection.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests in progress per connection: as many as calls per gRPC connection. */
const MAX_IN_PROGRESS = 128;
/**
 * Limit on unanswered requests of all connections of a listener. Beyond it, connections with more than MAX_IN_PROGRESS requests are
 * closed. node:http reads up to 64 KiB and parses all of it: about 1,800 requests without a body, at 1 to 2 kB each. So to
 * stop reading bounds one connection, but not a thousand whose clients read no answers.
 */
const MAX_OPEN = 64 << 10;

/** Request queues of all connections of one listener. */
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

/** Requests of one connection, in order of arrival. */
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
    // Reading a body resumes the socket, and so does node:http when answers have drained.
    socket.on('resume', () => {
      if (this.#waiting.length > 0) socket.pause();
    });
    socket.once('close', () => {
      this.#total.open -= this.#open;
      this.#waiting.length = 0;
    });
  }

  /** Whether the client sent requests without waiting for earlier answers. */
  get isPipelined(): boolean {
    return this.#open > 1;
  }

  /** Starts a request, now or later. */
  add(request: IncomingMessage, response: ServerResponse): void {
    // Bytes read before the connection was closed are still being parsed.
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

  /** Must be called once per started request. */
  answered(): void {
    this.#inProgress--;
    if (this.#waiting.length === 0) return;
    this.#beginWaiting();
    if (this.#waiting.length === 0) this.#socket.resume();
  }

  /**
   * Calls `act` once all complete requests are answered, because bytes written around node:http must not overtake their
   * answers. An incomplete request is the one that `act` is about.
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
    // When the connection closes, so do all of its requests.
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

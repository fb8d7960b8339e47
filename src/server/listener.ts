import type { ConnectionLimit } from './connection-limit.js';
import type { Checks } from './probes.js';

/** A wire: reads requests from sockets and answers them. */
export interface Listener {
  /** Binds its sockets. Resolves with the port, which is a free one if port 0 was requested. */
  listen(): Promise<number>;
  /** Rejects new requests. Resolves when requests in flight are answered, or after a bounded time. */
  stop(): Promise<void>;
  /** False after the listener has stopped, by an error or by stop(). */
  readonly isListening: boolean;
  /** The error that stopped the listener. */
  readonly lastError: string | undefined;
}

/** Callbacks of a listener to its server. */
export interface ListenerHooks {
  /** Counts and limits the connections of all listeners of the server. */
  readonly connections: ConnectionLimit;
  /** What must work for the server to be ready: committing accepted rows, or answering queries. */
  checks(): Checks;
  /** Reports an internal error, which no client caused. */
  internalError(error: unknown): void;
  /** The listener was stopped by this error. Called once. */
  failed(error: string): void;
}

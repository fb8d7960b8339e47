import type { ConnectionLimit } from './connection-limit.js';
import type { Checks } from './probes.js';

/** A wire: it takes requests from sockets to Ingest, and answers. */
export interface Listener {
  /** Binds its sockets. Resolves with the port, which is a free one where port 0 was asked for. */
  listen(): Promise<number>;
  /** Refuses new requests, and resolves when those in flight have been answered, or a bounded time has passed. */
  stop(): Promise<void>;
  /** False once the listener has stopped, by an error or because it was told to. */
  readonly isListening: boolean;
  /** The error that stopped the listener. */
  readonly lastError: string | undefined;
}

/** What a listener asks and tells its server. */
export interface ListenerHooks {
  /** Counts and limits connections, with those of the server's other listeners. */
  readonly connections: ConnectionLimit;
  /** What it takes to do the work: to commit accepted rows, or to take queries. */
  checks(): Checks;
  /** An error of ours, not of a client's. */
  internalError(error: unknown): void;
  /** The listener has stopped by this error. Called once. */
  failed(error: string): void;
}

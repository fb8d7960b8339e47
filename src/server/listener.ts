import type { ConnectionLimit } from './connection-limit.js';

/** A wire: it takes requests from sockets to Ingest, and answers. */
export interface Listener {
  /** Binds its sockets. Resolves with the port, which is a free one where port 0 was asked for. */
  listen(): Promise<number>;
  /** Refuses new requests, and resolves when those in flight have been answered, or a bounded time has passed. */
  stop(): Promise<void>;
  /** False once the listener has fallen over, or stopped. */
  readonly isListening: boolean;
  readonly connections: ConnectionLimit;
  /** What the listener fell over. */
  readonly lastError: string | undefined;
}

/** What a listener asks and tells its server. */
export interface ListenerHooks {
  /** Whether accepted rows get committed. */
  isReady(): boolean;
  /** An error of ours, not of a client's. */
  internalError(error: unknown): void;
  /** The listener has fallen over, for this reason. Called once. */
  failed(error: string): void;
}

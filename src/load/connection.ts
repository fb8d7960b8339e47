import net from 'node:net';
import tls from 'node:tls';
import type { Signal } from '../schema/column-declaration.js';
import type { StreamPart } from './request-bodies.js';

/**
 * Outcome of a request: `accepted`; `overloaded`, rejected for lack of room; `refused`, rejected for another reason;
 * `unanswered`, unknown.
 */
export type Outcome = 'accepted' | 'overloaded' | 'refused' | 'unanswered';

export interface ServerAnswer {
  readonly outcome: Outcome;
  /** A status as its wire spells it, or why there is none. */
  readonly status: string;
}

export interface OutgoingRequest {
  readonly signal: Signal;
  /** The bytes must not change before the request is answered. */
  bytes(part: StreamPart): Uint8Array;
}

/** A way to a server for one request at a time. Connects when there is something to send. */
export interface Connection {
  /** Resolves when the request is over, also when that is because the connection ended. */
  send(request: OutgoingRequest): Promise<ServerAnswer>;
  close(): void;
}

export interface ConnectionSettings {
  readonly url: URL;
  readonly token: string | undefined;
  readonly contentType: string;
  /** Name of the compression, or undefined. */
  readonly encoding: string | undefined;
  readonly timeoutMs: number;
  /** Whose telemetry it is. */
  readonly tenant?: string | undefined;
  /** Certificates to trust besides those of the system, as PEM. */
  readonly ca?: string | undefined;
}

/** Settings of TLS. An address is no server name. */
export function secure(host: string, ca: string | undefined): tls.ConnectionOptions {
  return {
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca: [...tls.rootCertificates, ca] }),
  };
}

/** The name of a socket error, such as `ECONNRESET`. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

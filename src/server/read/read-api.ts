// An API as a table of routes. The listener knows no telemetry, and an API knows no sockets.

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Failure } from '../../base/failure.js';
import type { Permission, Principal } from '../identity/principal.js';

export type ReadMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Who may ask: everybody, whose GETs are then not counted, or whoever has a token that permits it. */
export type ReadPermission = 'public' | Extract<Permission, 'read' | 'admin'>;

/** A request whose token was checked. */
export interface ReadRequest {
  readonly method: string;
  /** The path as it was sent, without the query. */
  readonly path: string;
  /** What stands in the path for its `:names`, decoded. */
  readonly pathValues: Readonly<Record<string, string>>;
  /** Parameters of the query. */
  readonly query: URLSearchParams;
  /** Fields of a body that is a form; none for other bodies. */
  readonly form: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly principal: Principal;
  /** Address and port of the client. */
  readonly client: string;
  /** Aborted when nobody waits for the answer any more: the client has gone, or the listener stops. */
  readonly signal: AbortSignal;
}

export interface ReadAnswer {
  /** 200 if there is none. */
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  /** The Content-Type of the body. */
  readonly type?: string;
  /**
   * Whole, or in parts as they come, with nothing of them held back. A whole one is compressed if the client accepts that, unless
   * the headers say that it is already.
   */
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  /** Called once, when the client has the answer or has gone: what the answer takes can be given back. */
  readonly sent?: () => void;
}

export interface ReadRoute {
  /** GET answers HEAD as well. */
  readonly method: ReadMethod | readonly ReadMethod[];
  /** Such as `/api/v1/label/:name/values`. */
  readonly path: string;
  readonly permission: ReadPermission;
  /** What it throws is answered as the API answers failures; anything but a Failure is one of kind `internal`. */
  handle(request: ReadRequest): ReadAnswer | Promise<ReadAnswer>;
}

/** A path at which connections become something else, such as a websocket. */
export interface UpgradeRoute {
  readonly path: string;
  readonly permission: ReadPermission;
  /** Takes over the socket. `head` is what has come after the request already. */
  upgrade(request: ReadRequest, incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** The message of a gRPC call whose token was checked. */
export interface ReadCallRequest extends Pick<ReadRequest, 'path' | 'headers' | 'principal' | 'client' | 'signal'> {
  readonly message: Uint8Array;
}

/** A method of gRPC, on the same port: one message in, messages out. */
export interface ReadCall {
  /** Such as `/package.Service/Method`. */
  readonly path: string;
  readonly permission: Exclude<ReadPermission, 'public'>;
  /** What it throws becomes the status of the call. */
  handle(request: ReadCallRequest): AsyncIterable<Uint8Array>;
}

export interface ReadApi {
  readonly routes: readonly ReadRoute[];
  readonly calls?: readonly ReadCall[];
  readonly upgrades?: readonly UpgradeRoute[];
  /** What clients of the API read of a failure on its paths. By default JSON with `error` and `message`. */
  failed?(failure: Failure): ReadAnswer;
}

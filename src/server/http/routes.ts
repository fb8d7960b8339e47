// Method and path of a request → handler.

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** A request, as its handler sees it. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  /** For "100 Continue" only. The handler returns the answer. */
  readonly response: ServerResponse;
  /** Whether the listener was stopping when the request arrived. */
  readonly isStopping: boolean;
}

/** A body that is sent as it is. */
export class TextBody {
  /** The Content-Type. */
  readonly type: string;
  readonly text: string;

  constructor(type: string, text: string) {
    this.type = type;
    this.text = text;
  }
}

export interface HttpAnswer {
  readonly status: number;
  /** Sent as JSON, unless it is a text. */
  readonly body: object;
  readonly headers?: OutgoingHttpHeaders;
}

/** Answers a request. A thrown Failure is answered with its status, any other error with 500. */
export type HttpHandler = (exchange: HttpExchange) => HttpAnswer | Promise<HttpAnswer>;

/** Handlers of one path. GET answers HEAD as well. */
export type HttpMethods = Readonly<Partial<Record<'GET' | 'POST', HttpHandler>>>;

/** By path without a trailing slash. */
export type HttpRoutes = ReadonlyMap<string, HttpMethods>;

/** Methods for a request target, which is a path or a whole URL. Query and trailing slashes are ignored. */
export function methodsAt(routes: HttpRoutes, target: string): HttpMethods | undefined {
  const path = target.split(/[?#]/, 1)[0]!.replace(/^https?:\/\/.*?\//, '/');
  return routes.get(decoded(withoutSlashAtEnd(path)));
}

export function handlerOf(methods: HttpMethods, method: string): HttpHandler | undefined {
  if (method === 'GET' || method === 'HEAD') return methods.GET;
  return method === 'POST' ? methods.POST : undefined;
}

/** Methods as listed in the headers Allow and Access-Control-Allow-Methods. */
export function listed(methods: HttpMethods): string {
  return Object.keys(methods)
    .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .join(', ');
}

/** The path as sent, for messages. */
export function shownPath(target: string): string {
  return withoutSlashAtEnd(target.split('?', 1)[0]!);
}

function withoutSlashAtEnd(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURI(path);
  } catch {
    // No route has such a path.
    return path;
  }
}

// A cookie in place of a token: browsers keep it where no script reads it. A session stands for the `Authorization` header with which it
// was opened, so that whatever ends that token ends the session too.

import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from '../../base/failure.js';

/** Far more than people who look at one server. Beyond it, the oldest session of the same token ends, or else the oldest of all. */
const MAX_SESSIONS = 1000;
/** Of one `Authorization` header: more than the browsers of those who share a token. */
const MAX_SESSIONS_OF_ONE = 20;
/** A working day. */
const SESSION_MS = 12 * 60 * 60 * 1000;
const ID_BYTES = 32;
/** What browsers send without asking anybody, and what therefore changes nothing here. */
export const SAFE_METHODS = new Set(['GET', 'HEAD']);

interface Session {
  readonly authorization: string;
  readonly endsMs: number;
}

/** The head of a request that may come with a cookie. */
export interface SessionRequest {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

export interface SessionOptions {
  /** Whether connections are encrypted: the cookie is then not sent over others. */
  readonly isEncrypted: boolean;
  readonly nowMs: () => number;
  readonly maxSessions?: number;
}

export class Sessions {
  /** By the hash of the id, oldest first: time to find one tells nothing of the others. */
  readonly #byHash = new Map<string, Session>();
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byHash.size;
  }

  /** The `Set-Cookie` header of a new session. The caller has checked the `Authorization` header. */
  open({ headers }: SessionRequest, authorization: string): string {
    const nowMs = this.#options.nowMs();
    for (const [hash, { endsMs }] of this.#byHash) if (endsMs <= nowMs) this.#byHash.delete(hash);
    const { maxSessions = MAX_SESSIONS } = this.#options;
    const own = [...this.#byHash]
      .filter(([, session]) => session.authorization === authorization)
      .map(([hash]) => hash);
    if (own.length >= MAX_SESSIONS_OF_ONE || this.#byHash.size >= maxSessions) {
      // Whoever opens many signs out themselves first.
      const [oldest] = own.length > 0 ? own : this.#byHash.keys();
      this.#byHash.delete(oldest!);
    }
    const id = randomBytes(ID_BYTES).toString('base64url');
    this.#byHash.set(hashOf(id), { authorization, endsMs: nowMs + SESSION_MS });
    return this.#cookie(headers, id, SESSION_MS / 1000);
  }

  /** Ends the session of a request, if there is one. Returns the `Set-Cookie` header that makes the browser forget it. */
  close({ headers }: SessionRequest): string {
    const id = idOf(headers);
    if (id !== undefined) this.#byHash.delete(hashOf(id));
    return this.#cookie(headers, '', 0);
  }

  /**
   * The `Authorization` header that a request's cookie stands for; undefined without a session. Throws where a page of another origin
   * asks for more than to read: the cookie does not say who wrote the page.
   */
  authorizationOf(request: SessionRequest): string | undefined {
    const id = idOf(request.headers);
    const session = id === undefined ? undefined : this.#byHash.get(hashOf(id));
    if (session === undefined || session.endsMs <= this.#options.nowMs()) return undefined;
    const { method = 'GET', headers } = request;
    // What upgrades to a websocket is a GET that other origins may read.
    if (!SAFE_METHODS.has(method) || headers.upgrade !== undefined) checkSameOrigin(headers);
    return session.authorization;
  }

  #cookie(headers: IncomingHttpHeaders, value: string, maxAgeS: number): string {
    const secure = this.#options.isEncrypted ? '; Secure' : '';
    return `${cookieName(headers)}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
  }
}

/** Throws unless the request comes from a page that this server gave out. */
export function checkSameOrigin({ origin, host }: IncomingHttpHeaders): void {
  // Only the host is compared: before a proxy, the scheme may be another.
  if (origin !== undefined && host !== undefined && URL.canParse(origin) && new URL(origin).host === host) return;
  throw new Failure(
    'forbidden',
    `a session may do this only from pages of its own server, got Origin: ${origin ?? 'none'}`,
  );
}

/** Browsers keep cookies by host alone, so that the port is told by the name: two servers of one machine do not end each other's sessions. */
function cookieName({ host = '' }: IncomingHttpHeaders): string {
  const port = /:(\d{1,5})$/.exec(host)?.[1];
  return port === undefined ? 'otelduck_session' : `otelduck_session_${port}`;
}

function idOf(headers: IncomingHttpHeaders): string | undefined {
  const name = cookieName(headers);
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}

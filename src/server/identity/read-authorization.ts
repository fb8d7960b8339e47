// Headers, tokens → the principal of a read listener.

import { Failure } from '../../base/failure.js';
import type { Credentials } from './credentials.js';
import { type Permission, type Principal, soleAdmin, soleReader } from './principal.js';
import type { Tenancy } from './tenancy.js';
import type { Grant, Tokens } from './tokens.js';

const SCHEME_AND_REST = /^(bearer|basic) +(.*)$/i;

export interface ReadAuthorizationParts {
  /** Undefined where everybody may read. */
  readonly read: Tokens | undefined;
  /** Undefined where nobody may administer. */
  readonly admin: Tokens | undefined;
  readonly tenancy: Tenancy;
}

export class ReadAuthorization {
  readonly #parts: ReadAuthorizationParts;

  constructor(parts: ReadAuthorizationParts) {
    this.#parts = parts;
  }

  /** Whether everybody may read. */
  get isOpen(): boolean {
    return this.#parts.read === undefined;
  }

  /**
   * Whose these credentials are: a Bearer token, or a Basic password, as data sources of Grafana send it. Throws unless that
   * principal is permitted what it asks for.
   */
  check({ authorization, tenant: named }: Credentials, asked: Permission): Principal {
    const grant = this.#grantOf(authorization, asked);
    const tenant = this.#parts.tenancy.tenantOf(grant, named);
    const { permissions } = grant.permissions.has('admin') ? soleAdmin : soleReader;
    return { tenant, permissions };
  }

  #grantOf(authorization: string | undefined, asked: Permission): Grant {
    const { read, admin } = this.#parts;
    const token = Buffer.from(presentedToken(authorization), 'latin1');
    // Both are always looked for, so that the time does not reveal which token it was.
    const asReader = read === undefined ? soleReader : read.find(token);
    const grant = admin?.find(token) ?? asReader;
    if (grant === undefined) {
      throw new Failure(
        'unauthenticated',
        'missing or invalid token: send Authorization: Bearer <token>, or Basic with the token as password',
      );
    }
    if (grant.permissions.has(asked)) return grant;
    if (asked !== 'admin') throw new Failure('forbidden', 'this token may not read');
    const missing = admin === undefined ? ', and this server has none' : '';
    throw new Failure('forbidden', `this takes the ${asked} token${missing}`);
  }
}

function presentedToken(authorization: string | undefined): string {
  const [, scheme, rest] = SCHEME_AND_REST.exec(authorization ?? '') ?? [];
  if (scheme === undefined) return '';
  if (scheme.toLowerCase() === 'bearer') return rest!.trim();
  const userAndPassword = Buffer.from(rest!, 'base64').toString('latin1');
  const colon = userAndPassword.indexOf(':');
  return colon === -1 ? '' : userAndPassword.slice(colon + 1);
}

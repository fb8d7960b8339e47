// Headers, tokens → the principal of a read listener.

import { Failure } from '../../base/failure.js';
import { type Permission, type Principal, soleAdmin, soleReader } from './principal.js';
import { isSameToken } from './same-token.js';

const SCHEME_AND_REST = /^(bearer|basic) +(.*)$/i;

export interface ReadTokens {
  /** Undefined where everybody may read. */
  readonly read: string | undefined;
  /** Undefined where nobody may administer. */
  readonly admin: string | undefined;
}

export class ReadAuthorization {
  readonly #read: Buffer | undefined;
  readonly #admin: Buffer | undefined;

  constructor({ read, admin }: ReadTokens) {
    this.#read = read === undefined ? undefined : Buffer.from(read);
    this.#admin = admin === undefined ? undefined : Buffer.from(admin);
  }

  /**
   * Whose the value of an `Authorization` header is: a Bearer token, or a Basic password, as data sources of Grafana send it. Throws
   * unless that principal is permitted what it asks for.
   */
  check(authorization: string | undefined, asked: Permission): Principal {
    const token = Buffer.from(presentedToken(authorization), 'latin1');
    // Both are always compared, so that the time does not reveal which token it was.
    const isRead = this.#read === undefined || isSameToken(token, this.#read);
    const isAdmin = this.#admin !== undefined && isSameToken(token, this.#admin);
    const principal = isAdmin ? soleAdmin : soleReader;
    if (!isRead && !isAdmin) {
      throw new Failure(
        'unauthenticated',
        'missing or invalid token: send Authorization: Bearer <token>, or Basic with the token as password',
      );
    }
    if (principal.permissions.has(asked)) return principal;
    const missing = this.#admin === undefined ? ', and this server has none' : '';
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

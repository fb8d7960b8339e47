// Headers, token → principal.

import { Failure } from '../../base/failure.js';
import { type Principal, soleTenant } from './principal.js';
import { isSameToken } from './same-token.js';

const BEARER = /^bearer +(.*)$/i;

/** Credentials of a client: its `Authorization` and `x-api-key` headers. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly apiKey: string | undefined;
}

/** Checks tokens. Without a token, everybody may pass. */
export class Authorization {
  readonly #token: Buffer | undefined;

  constructor(token: string | undefined) {
    this.#token = token === undefined ? undefined : Buffer.from(token);
  }

  /**
   * Principal of these credentials. Throws unless one of them is the token. A malformed one does not hide a valid one.
   */
  check(presented: Credentials): Principal {
    if (this.#token === undefined) return soleTenant;
    const bearer = presented.authorization === undefined ? undefined : BEARER.exec(presented.authorization)?.[1];
    // Both are always compared, so that the time does not reveal which header was right.
    const isBearer = this.#isToken(bearer);
    const isApiKey = this.#isToken(presented.apiKey);
    if (!isBearer && !isApiKey) {
      throw new Failure('unauthenticated', 'missing or invalid token: send Authorization: Bearer <token> or x-api-key');
    }
    return soleTenant;
  }

  #isToken(presented: string | undefined): boolean {
    return isSameToken(Buffer.from(presented?.trim() ?? '', 'latin1'), this.#token!);
  }
}

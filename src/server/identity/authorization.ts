// Headers, token → principal.

import { Failure } from '../../base/failure.js';
import { type Principal, soleTenant } from './principal.js';
import { isSameToken } from './same-token.js';

const BEARER = /^bearer +(.*)$/i;

/** What a client presented: the values of its `Authorization` and `x-api-key` headers. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly apiKey: string | undefined;
}

/** Checks tokens; an undefined one lets everybody pass. */
export class Authorization {
  readonly #token: Buffer | undefined;

  constructor(token: string | undefined) {
    this.#token = token === undefined ? undefined : Buffer.from(token);
  }

  /**
   * Whose credentials these are. Throws unless one of them is the token. Each counts by itself: a malformed one hides no valid
   * one.
   */
  check(presented: Credentials): Principal {
    if (this.#token === undefined) return soleTenant;
    const bearer = presented.authorization === undefined ? undefined : BEARER.exec(presented.authorization)?.[1];
    // Both are compared in any case, so that the time taken does not tell which header was right.
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

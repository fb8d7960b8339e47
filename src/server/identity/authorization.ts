// Headers, tokens → the principal of a request that sends telemetry.

import { Failure } from '../../base/failure.js';
import type { Credentials } from './credentials.js';
import { type Principal, soleTenant } from './principal.js';
import type { Tenancy } from './tenancy.js';
import type { Grant, Tokens } from './tokens.js';

const BEARER = /^bearer +(.*)$/i;

/** What everybody may do where no token is asked for. */
const anybody: Grant = soleTenant;

export interface AuthorizationParts {
  /** Undefined where everybody may send. */
  readonly tokens: Tokens | undefined;
  readonly tenancy: Tenancy;
}

export class Authorization {
  readonly #tokens: Tokens | undefined;
  readonly #tenancy: Tenancy;

  constructor({ tokens, tenancy }: AuthorizationParts) {
    this.#tokens = tokens;
    this.#tenancy = tenancy;
  }

  /**
   * Principal of these credentials. Throws unless one of them is a token that may send. A malformed one does not hide a valid one.
   */
  check(presented: Credentials): Principal {
    const grant = this.#grantOf(presented);
    const tenant = this.#tenancy.tenantOf(grant, presented.tenant);
    const { token } = grant;
    if (tenant === undefined && token === undefined) return soleTenant;
    return { tenant, permissions: soleTenant.permissions, ...(token !== undefined && { token }) };
  }

  #grantOf({ authorization, apiKey }: Credentials): Grant {
    if (this.#tokens === undefined) return anybody;
    const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
    // Both are always looked for, so that the time does not reveal which header was right.
    const found = [this.#find(bearer), this.#find(apiKey)].filter((grant) => grant !== undefined);
    if (found.length === 0) {
      throw new Failure('unauthenticated', 'missing or invalid token: send Authorization: Bearer <token> or x-api-key');
    }
    const grant = found.find(({ permissions }) => permissions.has('ingest'));
    if (grant === undefined) throw new Failure('forbidden', 'this token may not send telemetry');
    return grant;
  }

  #find(presented: string | undefined): Grant | undefined {
    return this.#tokens!.find(Buffer.from(presented?.trim() ?? '', 'latin1'));
  }
}

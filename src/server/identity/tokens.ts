// Tokens, and what each of them grants.

import { createHash } from 'node:crypto';
import type { Permission } from './principal.js';
import { isSameToken } from './same-token.js';

export interface Grant {
  /** Whose telemetry it opens; undefined where the token does not say. */
  readonly tenant: string | undefined;
  readonly permissions: ReadonlySet<Permission>;
  /** Tells tokens apart, and says nothing of them. */
  readonly token?: string;
}

export interface Tokens {
  /** What a token grants; undefined of one that is not known. The time does not reveal how much of it was right. */
  find(presented: Buffer): Grant | undefined;
}

/** One token. */
export class SoleToken implements Tokens {
  readonly #token: Buffer;
  readonly #grant: Grant;

  constructor(token: string, permissions: readonly Permission[]) {
    this.#token = Buffer.from(token);
    this.#grant = { tenant: undefined, permissions: new Set(permissions) };
  }

  find(presented: Buffer): Grant | undefined {
    return isSameToken(presented, this.#token) ? this.#grant : undefined;
  }
}

/** SHA-256 of a token, in hex. It is all that is kept of tokens of files. */
export function digestOf(token: Buffer): string {
  return createHash('sha256').update(token).digest('hex');
}

/**
 * Many tokens, by their digests. A look-up tells by its time at most something of the digest of what was presented, from which
 * nothing follows for the tokens.
 */
export class TokenBook implements Tokens {
  readonly #byDigest: ReadonlyMap<string, Grant>;

  constructor(grants: ReadonlyMap<string, Grant>) {
    this.#byDigest = grants;
  }

  get size(): number {
    return this.#byDigest.size;
  }

  find(presented: Buffer): Grant | undefined {
    return this.#byDigest.get(digestOf(presented));
  }
}

// Contents of token files → what each token grants. Errors never quote a token: they say where in the file it is.

import { SqlError } from '../../base/sql-error.js';
import { isTenantName, shownName, TENANT_NAME_RULE } from '../../base/tenant-name.js';
import { checkToken } from '../../base/token-rule.js';
import type { Permission } from './principal.js';
import { digestOf, type Grant } from './tokens.js';

/** What each token grants, by its digest. */
export type Grants = ReadonlyMap<string, Grant>;

/** Turns the text of a file into grants. `file` names it in errors. */
export type ParseTokens = (text: string, file: string) => Grants;

const DIGEST = /^sha256:([\da-f]{64})$/i;

const permissionsByUse: Readonly<Record<string, Permission>> = { write: 'ingest', read: 'read' };

/** Collects grants. A token that stands in a file twice is an error where the two would grant different things. */
class GrantList {
  readonly grants = new Map<string, Grant>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Adds a token, or its digest. `where` says in an error where it stands. */
  add(token: string, where: string, tenant: string | undefined, permission: Permission): void {
    const digest = DIGEST.exec(token)?.[1]?.toLowerCase() ?? this.#digestOf(token, where);
    const known = this.grants.get(digest);
    if (known !== undefined && known.tenant !== tenant) {
      throw this.refused(`${where} is also a token of tenant ${known.tenant}, and must be of one tenant`);
    }
    const permissions = new Set([...(known?.permissions ?? []), permission]);
    this.grants.set(digest, { tenant, permissions, token: known?.token ?? String(this.grants.size) });
  }

  refused(problem: string): SqlError {
    return new SqlError('OTLP_TOKENS_INVALID', `${this.#file}: ${problem}`);
  }

  #digestOf(token: string, where: string): string {
    if (token.startsWith('sha256:')) throw this.refused(`${where} must be sha256: and 64 hex digits`);
    checkToken(`${this.#file}: ${where}`, token);
    return digestOf(Buffer.from(token));
  }
}

/** A token a line, or its digest. Empty lines and those that begin with # are left out. */
export function parseTokenLines(permission: Permission): ParseTokens {
  return (text, file) => {
    const list = new GrantList(file);
    text.split(/\r?\n/).forEach((line, i) => {
      const token = line.trim();
      if (token !== '' && !token.startsWith('#')) list.add(token, `the token of line ${i + 1}`, undefined, permission);
    });
    if (list.grants.size === 0) throw list.refused('it has no token, and must have one a line');
    return list.grants;
  };
}

/** `{"acme": {"write": ["sha256:…"], "read": ["sha256:…"]}}`. */
export const parseTenantTokens: ParseTokens = (text, file) => {
  const list = new GrantList(file);
  for (const [tenant, uses] of Object.entries(parsedObject(text, list))) {
    if (!isTenantName(tenant)) {
      throw list.refused(`a tenant's name must be ${TENANT_NAME_RULE}, got ${shownName(tenant)}`);
    }
    if (!isObject(uses)) throw list.refused(`tenant ${tenant} must have an object with "write" and "read"`);
    for (const [use, tokens] of Object.entries(uses)) {
      const permission = permissionsByUse[use];
      if (permission === undefined) {
        throw list.refused(`tenant ${tenant} must have "write" or "read", got ${shownName(use)}`);
      }
      if (!Array.isArray(tokens)) throw list.refused(`"${use}" of tenant ${tenant} must be a list`);
      tokens.forEach((token, i) => {
        const where = `"${use}" token ${i + 1} of tenant ${tenant}`;
        if (typeof token !== 'string') throw list.refused(`${where} must be a text`);
        list.add(token, where, tenant, permission);
      });
    }
  }
  if (list.grants.size === 0) throw list.refused('it has no token');
  return list.grants;
};

function parsedObject(text: string, list: GrantList): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, in which tokens are.
    throw list.refused('it must be JSON, and cannot be parsed');
  }
  if (!isObject(parsed)) throw list.refused('it must be an object with a member for each tenant');
  return parsed;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

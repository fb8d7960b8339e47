// Options → what credentials are held to.

import type { QueryServeOptions } from '../schema/query-options.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { TenantOptions } from '../schema/tenant-options.js';
import { Authorization } from '../server/identity/authorization.js';
import type { Permission } from '../server/identity/principal.js';
import { ReadAuthorization } from '../server/identity/read-authorization.js';
import { Tenancy } from '../server/identity/tenancy.js';
import { parseTenantTokens, parseTokenLines } from '../server/identity/token-contents.js';
import { TokenFile } from '../server/identity/token-file.js';
import { SoleToken, type Tokens } from '../server/identity/tokens.js';

/** Tokens that are looked up in a file while a server runs, and what they are used for. */
export interface OpenAuthorization<A> {
  readonly authorization: A;
  /** Undefined where tokens are options. */
  readonly file: TokenFile | undefined;
}

export async function openAuthorization(
  token: string | undefined,
  options: TenantOptions & Pick<ServeOptions, 'token_file' | 'disable_auth'>,
): Promise<OpenAuthorization<Authorization>> {
  const file = options.disable_auth
    ? undefined
    : await openTokenFile(options, 'token_file', options.token_file, 'ingest');
  const tokens = file ?? soleToken(token, ['ingest']);
  return { authorization: new Authorization({ tokens, tenancy: new Tenancy(options) }), file };
}

export async function openReadAuthorization(
  { read, admin }: { readonly read: string | undefined; readonly admin: string | undefined },
  options: TenantOptions & Pick<QueryServeOptions, 'read_token_file' | 'disable_auth'>,
): Promise<OpenAuthorization<ReadAuthorization>> {
  const file = options.disable_auth
    ? undefined
    : await openTokenFile(options, 'read_token_file', options.read_token_file, 'read');
  const authorization = new ReadAuthorization({
    read: file ?? soleToken(read, ['read']),
    admin: soleToken(admin, ['read', 'admin']),
    tenancy: new Tenancy(options),
  });
  return { authorization, file };
}

/** The file that has the tokens, in the form of its option; undefined where there is none. */
async function openTokenFile(
  { tenant_tokens_file: ofTenants }: TenantOptions,
  option: 'token_file' | 'read_token_file',
  path: string | null,
  permission: Permission,
): Promise<TokenFile | undefined> {
  if (ofTenants !== null) {
    return TokenFile.open({ option: 'tenant_tokens_file', path: ofTenants, parse: parseTenantTokens });
  }
  return path === null ? undefined : TokenFile.open({ option, path, parse: parseTokenLines(permission) });
}

function soleToken(token: string | undefined, permissions: readonly Permission[]): Tokens | undefined {
  return token === undefined ? undefined : new SoleToken(token, permissions);
}

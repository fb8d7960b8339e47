// Options → what credentials are held to.

import type { TenantOptions } from '../schema/tenant-options.js';
import { Authorization } from '../server/identity/authorization.js';
import type { Permission } from '../server/identity/principal.js';
import { ReadAuthorization } from '../server/identity/read-authorization.js';
import { Tenancy } from '../server/identity/tenancy.js';
import { parseTenantTokens } from '../server/identity/token-contents.js';
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
  options: TenantOptions,
): Promise<OpenAuthorization<Authorization>> {
  const file = await openTokenFile(options);
  const tokens = file ?? soleToken(token, ['ingest']);
  return { authorization: new Authorization({ tokens, tenancy: new Tenancy(options) }), file };
}

export async function openReadAuthorization(
  { read, admin }: { readonly read: string | undefined; readonly admin: string | undefined },
  options: TenantOptions,
): Promise<OpenAuthorization<ReadAuthorization>> {
  const file = await openTokenFile(options);
  const authorization = new ReadAuthorization({
    read: file ?? soleToken(read, ['read']),
    admin: soleToken(admin, ['read', 'admin']),
    tenancy: new Tenancy(options),
  });
  return { authorization, file };
}

async function openTokenFile({ tenant_tokens_file: path }: TenantOptions): Promise<TokenFile | undefined> {
  if (path === null) return undefined;
  return TokenFile.open({ option: 'tenant_tokens_file', path, parse: parseTenantTokens });
}

function soleToken(token: string | undefined, permissions: readonly Permission[]): Tokens | undefined {
  return token === undefined ? undefined : new SoleToken(token, permissions);
}

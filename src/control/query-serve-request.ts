// What `otlp_query_serve` was asked for → a request that can be carried out, or the reason why it cannot.

import { randomBytes } from 'node:crypto';
import { SqlError } from '../base/sql-error.js';
import { checkToken } from '../base/token-rule.js';
import { askedHome, type TableHome } from '../catalog/table-home.js';
import type { Caller } from '../duckdb/pending-function.js';
import { type GivenValue, readOptions } from '../schema/option-declaration.js';
import { type QueryServeOptions, queryServeOptions } from '../schema/query-options.js';
import { checkTokens } from '../schema/tenant-options.js';
import { checkTls } from '../schema/tls-options.js';
import { checkHost, type ListenUri, parseListenUri } from '../server/listen-uri.js';

export interface ReadTokens {
  /** Undefined where everybody may read, or a file has the tokens. */
  readonly read: string | undefined;
  /** Undefined where nobody may administer. */
  readonly admin: string | undefined;
}

export interface QueryServeRequest {
  readonly uri: ListenUri;
  readonly options: QueryServeOptions;
  readonly tokens: ReadTokens;
  /** Where the tables are. */
  readonly home: TableHome;
}

/** Reads and checks URI and options. Throws naming the option at fault, before anything has been started. */
export function queryServeRequest(
  uriText: string,
  given: Readonly<Record<string, GivenValue>>,
  caller: Caller,
): QueryServeRequest {
  const uri = parseListenUri(uriText, 'anyPort');
  if (uri.scheme !== 'query') {
    throw new SqlError('OTLP_URI_INVALID', `otlp_query_serve requires a 'query:' URI, got '${uriText}'`);
  }
  const options = readOptions(queryServeOptions, given);
  checkHost(uri, options);
  checkTls(options);
  checkAdministration(options);
  checkTokens(
    options,
    { name: 'read_token', isGiven: options.read_token !== null },
    { name: 'read_token_file', isGiven: options.read_token_file !== null },
  );
  return { uri, options, tokens: tokensOf(options), home: askedHome(options, caller) };
}

/** Whoever asks for the API and gives no token would find that nobody may use it. */
function checkAdministration({ apis, admin_token: token }: QueryServeOptions): void {
  if (!apis.includes('admin') || token !== null) return;
  throw new SqlError('OTLP_ARGUMENT_CONFLICT', "apis := 'admin' needs an admin_token");
}

function tokensOf({
  disable_auth,
  read_token,
  admin_token,
  read_token_file,
  tenant_tokens_file,
}: QueryServeOptions): ReadTokens {
  if (admin_token !== null) checkToken('admin_token', admin_token);
  const admin = admin_token ?? undefined;
  if (disable_auth || tenant_tokens_file !== null || read_token_file !== null) return { read: undefined, admin };
  if (read_token === null) return { read: randomBytes(16).toString('hex'), admin };
  checkToken('read_token', read_token);
  if (read_token === admin_token) {
    throw new SqlError(
      'OTLP_ARGUMENT_CONFLICT',
      'read_token and admin_token must differ: whoever reads could change the server',
    );
  }
  return { read: read_token, admin };
}

// Headers → what they say of who asks. The metadata of gRPC has the same names.

import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from '../../base/failure.js';
import { shownName } from '../../base/tenant-name.js';

/** Credentials of a client, and the tenant that it names. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly apiKey: string | undefined;
  /** As it was sent; undefined if no header names one. */
  readonly tenant: string | undefined;
}

/** Throws where two headers name different tenants. */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials {
  const apiKey = headers['x-api-key'];
  return {
    authorization: headers.authorization,
    apiKey: Array.isArray(apiKey) ? apiKey[0] : apiKey,
    tenant: namedTenant(headers['x-tenant-id'], headers['x-scope-orgid']),
  };
}

/** X-Scope-OrgID is what Loki, Tempo and Mimir call it. */
function namedTenant(...headers: readonly (string | string[] | undefined)[]): string | undefined {
  // Node joins headers of one name by ", ", which no name has.
  const named = headers.flatMap((header) => (header === undefined ? [] : [String(header).trim()]));
  if (named.length === 2 && named[0] !== named[1]) {
    throw new Failure(
      'malformed',
      `X-Tenant-ID and X-Scope-OrgID must name the same tenant, got ${named.map(shownName).join(' and ')}`,
    );
  }
  return named[0];
}

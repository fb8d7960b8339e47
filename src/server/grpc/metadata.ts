import type { Authorization } from '../identity/authorization.js';
import type { Principal } from '../identity/principal.js';
import type { GrpcCall } from './call.js';

/** Principal of a call. Throws unless its metadata contains the token. */
export function principalOf({ metadata }: Pick<GrpcCall, 'metadata'>, authorization: Authorization): Principal {
  const apiKey = metadata['x-api-key'];
  return authorization.check({
    authorization: metadata.authorization,
    apiKey: Array.isArray(apiKey) ? apiKey[0] : apiKey,
  });
}

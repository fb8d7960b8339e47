import type { Authorization } from '../identity/authorization.js';
import { credentialsOf } from '../identity/credentials.js';
import type { Principal } from '../identity/principal.js';
import type { GrpcCall } from './call.js';

/** Principal of a call. Throws unless its metadata contains the token. */
export function principalOf({ metadata }: Pick<GrpcCall, 'metadata'>, authorization: Authorization): Principal {
  return authorization.check(credentialsOf(metadata));
}

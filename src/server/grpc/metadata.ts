import type { Authorization } from '../identity/authorization.js';
import type { GrpcCall } from './call.js';

/** Throws unless the call's metadata carries the token. */
export function checkMetadata({ metadata }: Pick<GrpcCall, 'metadata'>, authorization: Authorization): void {
  const apiKey = metadata['x-api-key'];
  authorization.check({
    authorization: metadata.authorization,
    apiKey: Array.isArray(apiKey) ? apiKey[0] : apiKey,
  });
}

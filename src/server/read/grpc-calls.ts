// Calls of APIs → the methods of a gRPC server, with health and reflection.

import { inflate } from '../../decode/compression/inflate.js';
import type { GrpcMethod } from '../grpc/call.js';
import { HEALTH_SERVICE, healthMethods } from '../grpc/health.js';
import { onlyMessage } from '../grpc/message-reader.js';
import { reflectionMethods } from '../grpc/reflection.js';
import { credentialsOf } from '../identity/credentials.js';
import type { ReadAuthorization } from '../identity/read-authorization.js';
import type { ReadCall } from './read-api.js';
import type { RequestRate } from './request-rate.js';

export interface GrpcCallOptions {
  readonly authorization: ReadAuthorization;
  readonly rate: RequestRate | undefined;
  readonly maxMessageBytes: number;
  /** For a message to arrive. */
  readonly timeoutMs: number;
  isServing(): boolean;
}

export function grpcMethods(calls: readonly ReadCall[], options: GrpcCallOptions): ReadonlyMap<string, GrpcMethod> {
  const services = [...new Set(calls.map(({ path }) => path.split('/')[1]!))];
  return new Map([
    ...calls.map((call): [string, GrpcMethod] => [call.path, methodOf(call, options)]),
    ...healthMethods(services, () => options.isServing(), options.timeoutMs),
    ...reflectionMethods([...services, HEALTH_SERVICE], options.timeoutMs),
  ]);
}

function methodOf(
  { path, permission, handle }: ReadCall,
  { authorization, rate, maxMessageBytes, timeoutMs }: GrpcCallOptions,
): GrpcMethod {
  return async (call) => {
    const { metadata, signal } = call;
    // First, so that wrong tokens are counted too.
    rate?.take(call.address);
    const principal = authorization.check(credentialsOf(metadata), permission);
    const reader = call.messages(maxMessageBytes);
    const { body, encoding } = await reader.within(timeoutMs, () => onlyMessage(reader));
    const message = inflate(body, encoding, maxMessageBytes);
    for await (const answer of handle({ path, headers: metadata, principal, client: call.client, signal, message })) {
      await call.send(answer);
    }
  };
}

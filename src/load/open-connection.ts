// A plan's protocol → how to connect.

import type { Connection, ConnectionSettings } from './connection.js';
import { GrpcConnection, OtapConnection } from './grpc-connection.js';
import { HttpConnection } from './http-connection.js';
import type { LoadPlan, Protocol } from './load-plan.js';
import { isLines } from './request-bodies.js';

const connectionTypes: Readonly<Record<Protocol, new (settings: ConnectionSettings) => Connection>> = {
  http: HttpConnection,
  grpc: GrpcConnection,
  otap: OtapConnection,
};

/** The connection with this number. */
export function openConnection(plan: LoadPlan, index = 0): Connection {
  const json = plan.payloads.some(isLines) ? 'application/x-ndjson' : 'application/json';
  return new connectionTypes[plan.protocol]({
    url: plan.url,
    token: plan.token,
    contentType: plan.encoding === 'json' ? json : 'application/x-protobuf',
    encoding: plan.compression === 'none' ? undefined : plan.compression,
    timeoutMs: plan.timeoutMs,
    tenant: tenantOf(plan, index),
    ca: plan.ca,
  });
}

function tenantOf({ tenants = [] }: LoadPlan, index: number): string | undefined {
  return tenants[index % tenants.length];
}

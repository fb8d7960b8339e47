// How requests get to a server in the harness: what it is started with, and what is sent to it.

import type { LoadPlan, Protocol } from '../../../src/load/load-plan.js';

export const wireNames = ['http', 'grpc', 'otap', 'both'] as const;
export type WireName = (typeof wireNames)[number];

/** What distinguishes the connections of a wire. */
export type Form = Pick<LoadPlan, 'protocol' | 'encoding' | 'compression'>;

export interface Wire {
  readonly name: WireName;
  readonly serveFunction: 'otlp_serve' | 'otap_serve';
  readonly scheme: 'otlp' | 'otap';
  /** What it is started with; a second listener, where there is one, gets this port. */
  readonly options: (grpcPort: number) => Readonly<Record<string, string>>;
  /** Connections take these in turn. */
  readonly forms: readonly Form[];
}

/** Where a server is. gRPC and OTAP have a port of their own where it has two listeners. */
export interface Ports {
  readonly port: number;
  readonly grpcPort: number;
}

export function portFor(protocol: Protocol, { port, grpcPort }: Ports): number {
  return protocol === 'http' ? port : grpcPort;
}

/** A form of each protocol that a wire has. */
export function formByProtocol({ forms }: Wire): Form[] {
  return forms.filter(({ protocol }, index) => forms.findIndex((form) => form.protocol === protocol) === index);
}

const grpcStatuses = {
  unauthenticated: 'UNAUTHENTICATED',
  malformed: 'INVALID_ARGUMENT',
  tooLarge: 'RESOURCE_EXHAUSTED',
} as const;

/** Statuses of requests that are wrong in one way each. */
export const wrongStatuses: Readonly<Record<Protocol, Readonly<Record<keyof typeof grpcStatuses, string>>>> = {
  http: { unauthenticated: '401', malformed: '400', tooLarge: '413' },
  grpc: grpcStatuses,
  otap: grpcStatuses,
};

const plain = { encoding: 'protobuf', compression: 'none' } as const;
const gzip = { encoding: 'protobuf', compression: 'gzip' } as const;

export const wires: Readonly<Record<WireName, Wire>> = {
  http: {
    name: 'http',
    serveFunction: 'otlp_serve',
    scheme: 'otlp',
    options: () => ({}),
    forms: [
      { protocol: 'http', ...plain },
      { protocol: 'http', ...gzip },
      { protocol: 'http', encoding: 'json', compression: 'none' },
      { protocol: 'http', encoding: 'json', compression: 'gzip' },
    ],
  },
  grpc: {
    name: 'grpc',
    serveFunction: 'otlp_serve',
    scheme: 'otlp',
    options: () => ({ transport: 'grpc' }),
    forms: [
      { protocol: 'grpc', ...plain },
      { protocol: 'grpc', ...gzip },
    ],
  },
  otap: {
    name: 'otap',
    serveFunction: 'otap_serve',
    scheme: 'otap',
    options: () => ({}),
    forms: [
      { protocol: 'otap', ...plain },
      { protocol: 'otap', ...gzip },
    ],
  },
  // One server with two listeners: half of the connections come over each.
  both: {
    name: 'both',
    serveFunction: 'otlp_serve',
    scheme: 'otlp',
    options: (grpcPort) => ({ grpc: `127.0.0.1:${grpcPort}` }),
    forms: [
      { protocol: 'http', ...plain },
      { protocol: 'grpc', ...plain },
      { protocol: 'http', ...gzip },
      { protocol: 'otap', ...gzip },
    ],
  },
};

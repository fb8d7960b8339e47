// How requests get to a server in the harness: what it is started with, and what is sent to it.

import type { LoadPlan } from '../../../src/load/load-plan.js';

export const wireNames = ['http', 'grpc', 'otap'] as const;
export type WireName = (typeof wireNames)[number];

/** What distinguishes the connections of a wire. */
export type Form = Pick<LoadPlan, 'protocol' | 'encoding' | 'compression'>;

export interface Wire {
  readonly name: WireName;
  readonly serveFunction: 'otlp_serve' | 'otap_serve';
  readonly scheme: 'otlp' | 'otap';
  readonly options: Readonly<Record<string, string>>;
  /** Connections take these in turn. */
  readonly forms: readonly Form[];
  /** Statuses of requests that are wrong in one way each. */
  readonly statuses: Readonly<Record<'unauthenticated' | 'malformed' | 'tooLarge', string>>;
}

const plain = { encoding: 'protobuf', compression: 'none' } as const;
const gzip = { encoding: 'protobuf', compression: 'gzip' } as const;

export const wires: Readonly<Record<WireName, Wire>> = {
  http: {
    name: 'http',
    serveFunction: 'otlp_serve',
    scheme: 'otlp',
    options: {},
    forms: [
      { protocol: 'http', ...plain },
      { protocol: 'http', ...gzip },
      { protocol: 'http', encoding: 'json', compression: 'none' },
      { protocol: 'http', encoding: 'json', compression: 'gzip' },
    ],
    statuses: { unauthenticated: '401', malformed: '400', tooLarge: '413' },
  },
  grpc: {
    name: 'grpc',
    serveFunction: 'otlp_serve',
    scheme: 'otlp',
    options: { transport: 'grpc' },
    forms: [
      { protocol: 'grpc', ...plain },
      { protocol: 'grpc', ...gzip },
    ],
    statuses: { unauthenticated: 'UNAUTHENTICATED', malformed: 'INVALID_ARGUMENT', tooLarge: 'RESOURCE_EXHAUSTED' },
  },
  otap: {
    name: 'otap',
    serveFunction: 'otap_serve',
    scheme: 'otap',
    options: {},
    forms: [
      { protocol: 'otap', ...plain },
      { protocol: 'otap', ...gzip },
    ],
    statuses: { unauthenticated: 'UNAUTHENTICATED', malformed: 'INVALID_ARGUMENT', tooLarge: 'RESOURCE_EXHAUSTED' },
  },
};

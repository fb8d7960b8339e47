// grpc.health.v1: https://github.com/grpc/grpc/blob/master/doc/health-checking.md

import protobuf from 'protobufjs';
import { inflate } from '../decode/inflate.js';
import { Failure, messageOf } from '../failure.js';
import type { GrpcCall, GrpcMethod } from './grpc-listener.js';

export const HEALTH_SERVICE = 'grpc.health.v1.Health';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** How often a watched service is looked at. */
const WATCH_INTERVAL_MS = 1000;
/** A request is a service's name. */
const MAX_REQUEST_BYTES = 4096;

/** Check and Watch for the server as a whole (the empty name) and for each of its services. */
export function healthMethods(services: readonly string[], isServing: () => boolean): ReadonlyMap<string, GrpcMethod> {
  const known = new Set(['', ...services]);
  const statusOf = (service: string) => (known.has(service) ? (isServing() ? SERVING : NOT_SERVING) : SERVICE_UNKNOWN);
  return new Map([
    [`/${HEALTH_SERVICE}/Check`, (call) => check(call, statusOf)],
    [`/${HEALTH_SERVICE}/Watch`, (call) => watch(call, statusOf)],
  ]);
}

async function check(call: GrpcCall, statusOf: (service: string) => number): Promise<void> {
  const service = await requestedService(call);
  const status = statusOf(service);
  if (status === SERVICE_UNKNOWN) throw new Failure('noSuchService', `there is no service ${service}`);
  await call.send(response(status));
}

async function watch(call: GrpcCall, statusOf: (service: string) => number): Promise<void> {
  const service = await requestedService(call);
  let last: number | undefined;
  while (!call.signal.aborted) {
    const status = statusOf(service);
    if (status !== last) await call.send(response(status));
    last = status;
    await pause(WATCH_INTERVAL_MS, call.signal);
  }
  throw new Failure('stopping', 'the server is stopping');
}

async function requestedService(call: GrpcCall): Promise<string> {
  for await (const { body, encoding } of call.messages(() => undefined)) {
    return readService(inflate(body, encoding, MAX_REQUEST_BYTES));
  }
  throw new Failure('malformed', 'a health check takes one message, got none');
}

function readService(request: Uint8Array): string {
  try {
    const reader = protobuf.Reader.create(request);
    let service = '';
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 0x0a) service = reader.string();
      else reader.skipType(tag & 7);
    }
    return service;
  } catch (error) {
    throw new Failure('malformed', `cannot decode HealthCheckRequest: ${messageOf(error)}`, { cause: error });
  }
}

function response(status: number): Uint8Array {
  return protobuf.Writer.create().uint32(0x08).int32(status).finish();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake, { once: true });
  });
}

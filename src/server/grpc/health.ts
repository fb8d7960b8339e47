// grpc.health.v1: https://github.com/grpc/grpc/blob/master/doc/health-checking.md

import protobuf from 'protobufjs';
import { Failure, messageOf } from '../../base/failure.js';
import { inflate } from '../../decode/compression/inflate.js';
import type { GrpcCall, GrpcMethod } from './call.js';
import { onlyMessage } from './message-reader.js';

export const HEALTH_SERVICE = 'grpc.health.v1.Health';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** Polling interval of a watched service. */
const WATCH_INTERVAL_MS = 1000;
/** A small limit, because watchers need no token. */
const MAX_WATCHERS = 64;
/** A request is a service's name. */
const MAX_REQUEST_BYTES = 4096;

/** Check and Watch for the whole server (the empty name) and for each of its services. */
export function healthMethods(
  services: readonly string[],
  isServing: () => boolean,
  timeoutMs: number,
): ReadonlyMap<string, GrpcMethod> {
  const health = new Health(new Set(['', ...services]), isServing, timeoutMs);
  return new Map([
    [`/${HEALTH_SERVICE}/Check`, (call) => health.check(call)],
    [`/${HEALTH_SERVICE}/Watch`, (call) => health.watch(call)],
  ]);
}

class Health {
  readonly #services: ReadonlySet<string>;
  readonly #isServing: () => boolean;
  readonly #timeoutMs: number;
  #watchers = 0;

  constructor(services: ReadonlySet<string>, isServing: () => boolean, timeoutMs: number) {
    this.#services = services;
    this.#isServing = isServing;
    this.#timeoutMs = timeoutMs;
  }

  async check(call: GrpcCall): Promise<void> {
    const service = await this.#requestedService(call);
    const status = this.#statusOf(service);
    if (status === SERVICE_UNKNOWN) throw new Failure('noSuchService', `there is no service ${service}`);
    await call.send(response(status));
  }

  /** Sends the status, then each change of it, until the client leaves or the server stops. */
  async watch(call: GrpcCall): Promise<void> {
    if (this.#watchers >= MAX_WATCHERS) throw new Failure('overloaded', `${MAX_WATCHERS} clients watch already`);
    this.#watchers++;
    try {
      const service = await this.#requestedService(call);
      let last: number | undefined;
      while (!call.signal.aborted) {
        const status = this.#statusOf(service);
        if (status !== last) await call.send(response(status));
        last = status;
        await pause(WATCH_INTERVAL_MS, call.signal);
      }
    } finally {
      this.#watchers--;
    }
    throw new Failure('stopping', 'the server is stopping');
  }

  #statusOf(service: string): number {
    if (!this.#services.has(service)) return SERVICE_UNKNOWN;
    return this.#isServing() ? SERVING : NOT_SERVING;
  }

  async #requestedService(call: GrpcCall): Promise<string> {
    const reader = call.messages(MAX_REQUEST_BYTES);
    const { body, encoding } = await reader.within(this.#timeoutMs, () => onlyMessage(reader));
    return readService(inflate(body, encoding, MAX_REQUEST_BYTES));
  }
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

import type { LoadPlan } from '../../src/load/load-plan.js';
import { TOKEN } from '../support/otel-database.js';

/** A short load on a server of the running test. */
export function shortLoad(port: number, changes: Partial<LoadPlan> = {}): LoadPlan {
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    token: TOKEN,
    protocol: 'http',
    encoding: 'protobuf',
    compression: 'none',
    signals: ['logs'],
    services: 5,
    rate: 1000,
    recordsPerRequest: 100,
    connections: 4,
    warmUpMs: 0,
    durationMs: 400,
    isClosedLoop: false,
    isNumbered: false,
    payloads: [],
    timeoutMs: 10_000,
    tenants: [],
    ca: undefined,
    ...changes,
  };
}

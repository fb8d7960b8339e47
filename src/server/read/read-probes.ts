import { type Checks, probes } from '../probes.js';
import type { ReadApi } from './read-api.js';

/** Probes of load balancers and orchestrators, as every HTTP listener has them. */
export function readProbes(checks: () => Checks): ReadApi {
  return {
    routes: [...probes(checks)].map(([path, answer]) => ({
      method: 'GET',
      path,
      permission: 'public',
      handle: () => {
        const { status, body } = answer();
        return { status, type: 'application/json', body: JSON.stringify(body) };
      },
    })),
  };
}

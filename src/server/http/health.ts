// Probes of load balancers and orchestrators. They need no token.

import type { HttpRoutes } from './routes.js';

/** `/healthz`: the process answers. `/readyz`: accepted rows get committed. */
export function healthRoutes(isReady: () => boolean): HttpRoutes {
  return new Map([
    ['/healthz', { GET: () => ({ status: 200, body: { status: 'ok' } }) }],
    [
      '/readyz',
      {
        GET: () =>
          isReady() ? { status: 200, body: { status: 'ready' } } : { status: 503, body: { status: 'degraded' } },
      },
    ],
  ]);
}

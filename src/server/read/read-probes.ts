import type { ReadAnswer, ReadApi } from './read-api.js';

/** Probes of load balancers and orchestrators. `/healthz`: the process answers. `/readyz`: queries are taken. */
export function readProbes(isReady: () => boolean): ReadApi {
  const said = (status: number, word: string): ReadAnswer => ({
    status,
    type: 'application/json',
    body: JSON.stringify({ status: word }),
  });
  return {
    routes: [
      { method: 'GET', path: '/healthz', permission: 'public', handle: () => said(200, 'ok') },
      {
        method: 'GET',
        path: '/readyz',
        permission: 'public',
        handle: () => (isReady() ? said(200, 'ready') : said(503, 'stopping')),
      },
    ],
  };
}

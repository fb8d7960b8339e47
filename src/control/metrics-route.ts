// GET /metrics: what Prometheus scrapes. Public: it has counts and sizes, and nothing that was sent.

import { type HttpMethods, type HttpRoutes, TextBody } from '../server/http/routes.js';
import type { ReadApi } from '../server/read/read-api.js';
import { acceptedFormat, type MetricFamily, metricsText, textFormats } from './metrics-text.js';

/** The second is for those who look for it there. */
const PATHS = ['/metrics', '/metrics/prometheus'] as const;

/** The metrics of all servers of the process. */
export function metricsRoutes(families: () => readonly MetricFamily[]): HttpRoutes {
  const route: HttpMethods = {
    GET: ({ request }) => {
      const { type, text } = scrape(families, request.headers.accept);
      return { status: 200, body: new TextBody(type, text) };
    },
  };
  return new Map(PATHS.map((path) => [path, route]));
}

/** The same for servers of queries. */
export function metricsApi(families: () => readonly MetricFamily[]): ReadApi {
  return {
    routes: PATHS.map((path) => ({
      method: 'GET',
      path,
      permission: 'public',
      handle: ({ headers }) => {
        const { type, text } = scrape(families, headers.accept);
        return { type, body: text };
      },
    })),
  };
}

function scrape(families: () => readonly MetricFamily[], accept: string | undefined) {
  const format = acceptedFormat(accept);
  return { type: textFormats[format], text: metricsText(families(), format) };
}

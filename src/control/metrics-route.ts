// GET /metrics: what Prometheus scrapes. Public: it has counts and sizes, and nothing that was sent.

import { type HttpMethods, type HttpRoutes, TextBody } from '../server/http/routes.js';
import { acceptedFormat, type MetricFamily, metricsText, textFormats } from './metrics-text.js';

/** `/metrics`, and `/metrics/prometheus` for those who look for it there: the metrics of all servers of the process. */
export function metricsRoutes(families: () => readonly MetricFamily[]): HttpRoutes {
  const route: HttpMethods = {
    GET: ({ request }) => {
      const format = acceptedFormat(request.headers.accept);
      return { status: 200, body: new TextBody(textFormats[format], metricsText(families(), format)) };
    },
  };
  return new Map([
    ['/metrics', route],
    ['/metrics/prometheus', route],
  ]);
}

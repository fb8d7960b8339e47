// GET /healthz: that the process answers; to whoever presents a token, with numbers about the process and the server.

import type { HttpHandler } from '../server/http/routes.js';
import type { Authorization } from '../server/identity/authorization.js';
import { credentialsOf } from '../server/identity/credentials.js';
import type { MetricFamily } from './metrics-text.js';

export interface HealthzParts {
  readonly authorization: Authorization;
  /** URI of the server, as metrics have it. */
  listenUri(): string;
  /** Of all servers. */
  metrics(): readonly MetricFamily[];
}

export function healthz({ authorization, listenUri, metrics }: HealthzParts): HttpHandler {
  return ({ request: { headers } }) => {
    const credentials = credentialsOf(headers);
    const isPresented = credentials.authorization !== undefined || credentials.apiKey !== undefined;
    if (!isPresented || !isKnown(() => authorization.check(credentials)))
      return { status: 200, body: { status: 'ok' } };
    return { status: 200, body: { status: 'ok', metrics: numbersOf(metrics(), listenUri()) } };
  };
}

/** A probe with a wrong token is a probe: what it asks is whether the process answers. */
function isKnown(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** What is one number: of the process, or of this server as a whole. */
function numbersOf(families: readonly MetricFamily[], listenUri: string): Readonly<Record<string, number>> {
  const numbers = families.flatMap(({ name, series }) => {
    const found = series.find(({ labels }) => {
      const { listen_uri: uri = listenUri, ...others } = labels;
      return uri === listenUri && Object.keys(others).length === 0;
    });
    return typeof found?.value === 'number' ? [[name, found.value] as const] : [];
  });
  return Object.fromEntries(numbers);
}

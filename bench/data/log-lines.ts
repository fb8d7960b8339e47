// What services of the shop log: lines of all forms, with the attributes of their records.

import type { Random } from '../../test/manual/prometheus/random-numbers.js';
import type { Service } from './shop.js';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface LogLine {
  readonly level: Level;
  readonly line: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export const severities: Readonly<Record<Level, number>> = { debug: 5, info: 9, warn: 13, error: 17 };

const methods = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'];
const agents = ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (iPhone)', 'Go-http-client/2.0', 'okhttp/4.12.0'];
const subjects = [
  'session',
  'cache',
  'order',
  'basket',
  'price list',
  'shipment',
  'payment',
  'index',
  'token',
  'queue',
];
const verbs = ['refreshed', 'accepted', 'validated', 'published', 'stored', 'fetched', 'merged', 'expired', 'queued'];
const mistakes = [
  ...['connection reset by peer', 'deadline exceeded', 'upstream answered 503', 'row is locked', 'quota exhausted'],
  ...['checksum mismatch', 'no such product', 'token has expired', 'circuit breaker is open', 'broken pipe'],
];
const words = [
  ...[
    'after',
    'before',
    'while',
    'with',
    'without',
    'retry',
    'partition',
    'replica',
    'leader',
    'batch',
    'worker',
    'shard',
  ],
  ...[
    'region',
    'tenant',
    'currency',
    'discount',
    'voucher',
    'carrier',
    'warehouse',
    'pallet',
    'route',
    'lease',
    'lock',
  ],
  ...[
    'snapshot',
    'delta',
    'offset',
    'consumer',
    'producer',
    'topic',
    'schema',
    'version',
    'feature',
    'flag',
    'rollout',
  ],
];
const frames = ['OrderService', 'PaymentClient', 'CartRepository', 'HttpDispatcher', 'RetryPolicy', 'ConnectionPool'];

/** A line of a request, whose id is `requestId`. */
export function logLine(service: Service, requestId: string, user: string, random: Random): LogLine {
  const level = levelOf(random.next());
  const route = random.pick(service.routes);
  const method = random.pick(methods);
  const status = level === 'error' ? 500 + random.below(5) : level === 'warn' ? 400 + random.below(30) : 200;
  const bytes = Math.floor(200 * (1 - random.next()) ** -1.5);
  const durationMs = Math.round(1000 * (level === 'error' ? 900 : 20) * -Math.log(1 - random.next())) / 1000;
  const client = `10.${random.below(4)}.${random.below(256)}.${random.below(256)}`;
  const said = saying(level, random);
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    'user.id': user,
    'client.address': client,
    'code.function': `${random.pick(frames)}.${random.pick(verbs)}`,
    'thread.id': random.below(64),
    duration_ms: durationMs,
  };
  const path = route.replace('{id}', String(random.below(50_000)));
  const request = { service, requestId, user, level, said, route, path, method, status, bytes, durationMs, client };
  return { level, line: lineOf(request, random), attributes };
}

interface Request {
  readonly service: Service;
  readonly requestId: string;
  readonly user: string;
  readonly level: Level;
  readonly said: string;
  readonly route: string;
  readonly path: string;
  readonly method: string;
  readonly status: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly client: string;
}

function lineOf(request: Request, random: Random): string {
  const { requestId, user, level, said, route, path, method, status, bytes, durationMs, client } = request;
  switch (request.service.lineForm) {
    case 'json':
      return JSON.stringify({
        level,
        msg: said,
        request_id: requestId,
        user_id: user,
        method,
        route,
        status,
        duration_ms: durationMs,
        bytes,
        upstream: { host: client, attempts: 1 + random.below(3) },
        tags: [random.pick(words), random.pick(words)],
      });
    case 'logfmt':
      return `level=${level} msg="${said}" request_id=${requestId} user=${user} method=${method} route=${route} status=${status} duration=${durationMs}ms bytes=${bytes} attempt=${1 + random.below(3)}`;
    case 'plain': {
      const line = `[${requestId}] ${said}: ${method} ${path} for ${user} took ${durationMs} ms, ${bytes} bytes`;
      return level === 'error' ? `${line}\n${stackTrace(random)}` : line;
    }
    case 'access':
      return `${client} - ${user} "${method} ${path}?ref=${random.pick(words)} HTTP/1.1" ${status} ${bytes} ${(durationMs / 1000).toFixed(3)} "-" "${random.pick(agents)}" ${requestId}`;
  }
}

function levelOf(share: number): Level {
  if (share < 0.12) return 'debug';
  if (share < 0.9) return 'info';
  return share < 0.97 ? 'warn' : 'error';
}

function saying(level: Level, random: Random): string {
  const rest = random.list(2 + random.below(5), () => random.pick(words)).join(' ');
  if (level === 'error' || level === 'warn')
    return `cannot handle ${random.pick(subjects)}: ${random.pick(mistakes)} ${rest}`;
  return `${random.pick(subjects)} ${random.pick(verbs)} ${rest}`;
}

function stackTrace(random: Random): string {
  const lines = random.list(5 + random.below(12), () => {
    const name = random.pick(frames);
    return `\tat com.shop.${random.pick(words)}.${name}.${random.pick(verbs)}(${name}.java:${1 + random.below(900)})`;
  });
  return [`java.lang.IllegalStateException: ${random.pick(mistakes)}`, ...lines].join('\n');
}

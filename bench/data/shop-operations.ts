// A shop as its traces see it: the operations of its services, whom they call, and what their spans say.

import type { Random } from '../../test/manual/prometheus/random-numbers.js';

export const services = [
  'gateway',
  'catalogue',
  'search',
  'cart',
  'checkout',
  'payment',
  'inventory',
  'shipping',
  'pricing',
  'users',
  'email',
  'warehouse',
] as const;
type Service = (typeof services)[number];

export interface Call {
  readonly to: string;
  readonly likely: number;
  /** Through a queue, so that nobody waits for it. */
  readonly later?: 'minutes' | 'up to an hour';
}

export interface Operation {
  readonly service: Service;
  readonly name: string;
  /** OTLP's SpanKind. */
  readonly kind: number;
  /** How long it takes without its calls, about. */
  readonly ownMs: number;
  readonly errors: number;
  readonly calls: readonly Call[];
  attributes(random: Random, isError: boolean): Readonly<Record<string, string | number | boolean>>;
}

const SERVER = 2;
const CLIENT = 3;
const CONSUMER = 5;
const USERS = 50_000;
const PRODUCTS = 3000;

const call = (to: string, likely = 1): Call => ({ to, likely });

function http(service: Service, method: string, route: string, ownMs: number, calls: readonly Call[]): Operation {
  return {
    service,
    name: `${method} ${route}`,
    kind: SERVER,
    ownMs,
    errors: 0.004,
    calls,
    attributes: (random, isError) => ({
      'http.request.method': method,
      'http.route': route,
      'url.path': route.replace('{id}', String(random.below(PRODUCTS))),
      'http.response.status_code': isError
        ? random.pick([500, 503, 504])
        : random.pick([200, 200, 200, 200, 201, 304, 404]),
      'http.response.body.size': random.below(100_000),
      'client.address': `10.${random.below(64)}.${random.below(256)}.${random.below(256)}`,
      'user.id': `user-${random.below(USERS)}`,
      'user_agent.original': random.pick(['Mozilla/5.0 (X11; Linux x86_64)', 'okhttp/4.12.0', 'Go-http-client/2.0']),
      'server.address': `${service}.shop.svc`,
    }),
  };
}

/** The side of the caller. */
function rpc(from: Service, to: Service, operation: string): Operation {
  return {
    service: from,
    name: `call ${to}`,
    kind: CLIENT,
    ownMs: 1,
    errors: 0.003,
    calls: [call(operation)],
    attributes: (random) => ({
      'peer.service': to,
      'server.address': `${to}.shop.svc`,
      'server.port': 8080,
      'net.peer.ip': `10.3.${random.below(16)}.${random.below(256)}`,
      'http.request.resend_count': random.below(2),
    }),
  };
}

function database(
  service: Service,
  system: string,
  table: string,
  verb: string,
  ownMs: number,
  errors = 0.001,
): Operation {
  return {
    service,
    name: `${verb} ${table}`,
    kind: CLIENT,
    ownMs,
    errors,
    calls: [],
    attributes: (random) => ({
      'db.system': system,
      'db.collection.name': table,
      'db.operation.name': verb,
      'db.query.text': `${verb} ${table} /* ${random.below(40)} */ WHERE id = ?`,
      'db.response.returned_rows': random.below(200),
      'server.address': `${system}-${random.below(3)}.shop.svc`,
    }),
  };
}

function consumer(service: Service, queue: string, ownMs: number, calls: readonly Call[]): Operation {
  return {
    service,
    name: `process ${queue}`,
    kind: CONSUMER,
    ownMs,
    errors: 0.002,
    calls,
    attributes: (random) => ({
      'messaging.system': 'kafka',
      'messaging.destination.name': queue,
      'messaging.kafka.offset': random.below(10_000_000),
      'messaging.batch.message_count': 1 + random.below(20),
      'order.id': `o-${random.below(1_000_000_000).toString(36)}`,
      is_retry: random.isLikely(0.1),
    }),
  };
}

export const operations: Readonly<Record<string, Operation>> = {
  'gateway GET /': http('gateway', 'GET', '/', 4, [call('gateway>users', 0.5), call('gateway>catalogue')]),
  'gateway GET /product': http('gateway', 'GET', '/product/{id}', 5, [
    call('gateway>users', 0.5),
    call('gateway>catalogue'),
    call('gateway>pricing'),
    call('gateway>inventory', 0.6),
  ]),
  'gateway GET /search': http('gateway', 'GET', '/search', 6, [call('gateway>search'), call('gateway>pricing', 0.3)]),
  'gateway POST /cart': http('gateway', 'POST', '/cart', 5, [call('gateway>users'), call('gateway>cart')]),
  'gateway POST /order': http('gateway', 'POST', '/order', 8, [call('gateway>users'), call('gateway>checkout')]),
  'gateway>users': rpc('gateway', 'users', 'users session'),
  'gateway>catalogue': rpc('gateway', 'catalogue', 'catalogue products'),
  'gateway>pricing': rpc('gateway', 'pricing', 'pricing quote'),
  'gateway>inventory': rpc('gateway', 'inventory', 'inventory stock'),
  'gateway>search': rpc('gateway', 'search', 'search query'),
  'gateway>cart': rpc('gateway', 'cart', 'cart add'),
  'gateway>checkout': rpc('gateway', 'checkout', 'checkout order'),
  'users session': http('users', 'GET', '/session/{id}', 2, [call('users redis')]),
  'users redis': database('users', 'redis', 'sessions', 'GET', 1),
  'catalogue products': http('catalogue', 'GET', '/products/{id}', 4, [
    call('catalogue redis'),
    call('catalogue select', 0.3),
  ]),
  'catalogue redis': database('catalogue', 'redis', 'products', 'GET', 1),
  'catalogue select': database('catalogue', 'postgresql', 'products', 'SELECT', 6),
  'pricing quote': http('pricing', 'POST', '/quote', 3, [call('pricing select', 0.8)]),
  'pricing select': database('pricing', 'postgresql', 'prices', 'SELECT', 4),
  'inventory stock': http('inventory', 'GET', '/stock/{id}', 3, [call('inventory select')]),
  'inventory select': database('inventory', 'mysql', 'stock', 'SELECT', 5),
  'inventory update': database('inventory', 'mysql', 'stock', 'UPDATE', 9, 0.003),
  'search query': http('search', 'POST', '/query', 25, [call('search elastic'), call('search elastic', 0.2)]),
  'search elastic': database('search', 'elasticsearch', 'products', 'SEARCH', 20),
  'cart add': http('cart', 'POST', '/cart/{id}', 3, [call('cart redis'), call('cart select', 0.4)]),
  'cart redis': database('cart', 'redis', 'carts', 'SET', 1),
  'cart select': database('cart', 'postgresql', 'carts', 'SELECT', 5),
  'checkout order': http('checkout', 'POST', '/order', 10, [
    call('checkout>pricing'),
    call('checkout>payment'),
    call('checkout insert'),
    { to: 'shipping orders', likely: 0.6, later: 'minutes' },
    { to: 'email receipts', likely: 0.3, later: 'up to an hour' },
  ]),
  'checkout>pricing': rpc('checkout', 'pricing', 'pricing quote'),
  'checkout>payment': rpc('checkout', 'payment', 'payment charge'),
  'checkout insert': database('checkout', 'postgresql', 'orders', 'INSERT', 8),
  'payment charge': http('payment', 'POST', '/charge', 30, [call('payment select'), call('payment>bank')]),
  'payment select': database('payment', 'postgresql', 'accounts', 'SELECT', 4),
  // The one dependency that fails now and then, at which structural queries look.
  'payment>bank': {
    ...rpc('payment', 'payment', ''),
    name: 'POST bank',
    ownMs: 120,
    errors: 0.002,
    calls: [],
    attributes: (random, isError) => ({
      'peer.service': 'bank',
      'http.response.status_code': isError ? 504 : 200,
      'payment.card': random.pick(['visa', 'amex', 'mastercard']),
      'payment.amount': random.below(50_000) / 100,
    }),
  },
  'shipping orders': consumer('shipping', 'orders', 15, [call('shipping>warehouse'), call('shipping>inventory')]),
  'shipping>warehouse': rpc('shipping', 'warehouse', 'warehouse pick'),
  'shipping>inventory': rpc('shipping', 'inventory', 'inventory reserve'),
  'inventory reserve': http('inventory', 'POST', '/reserve', 4, [call('inventory update')]),
  'warehouse pick': http('warehouse', 'POST', '/pick', 40, [call('warehouse select'), call('warehouse select', 0.5)]),
  'warehouse select': database('warehouse', 'mysql', 'bins', 'SELECT', 8),
  'email receipts': consumer('email', 'receipts', 60, [call('email select')]),
  'email select': database('email', 'postgresql', 'templates', 'SELECT', 3),
};

// The made-up shop whose telemetry benches measure with: its services with their pods and routes, its users, and how it talks. All
// of it is drawn from a seed, so that each run sends the same.

import type { OtlpObject } from '../../src/load/records.js';
import { type Random, randomNumbers } from '../../test/manual/prometheus/random-numbers.js';

/** How lines of a service are written. */
export type LineForm = 'json' | 'logfmt' | 'plain' | 'access';

export interface Service {
  readonly name: string;
  readonly language: string;
  readonly lineForm: LineForm;
  readonly routes: readonly string[];
  readonly version: string;
}

/** One process of a service. */
export interface Pod {
  readonly service: Service;
  /** Of its resource. */
  readonly attributes: readonly OtlpObject[];
}

export interface Shop {
  readonly services: readonly Service[];
  readonly pods: readonly Pod[];
  readonly users: number;
}

const PODS_OF_SERVICE = 6;
const USERS = 200_000;
const NODES = 40;
const forms: readonly LineForm[] = ['json', 'logfmt', 'json', 'plain'];
const languages = ['go', 'java', 'nodejs', 'python', 'dotnet'];
const nouns = [
  'products',
  'orders',
  'carts',
  'prices',
  'users',
  'reviews',
  'shipments',
  'invoices',
  'sessions',
  'stock',
];
const names = [
  ...['frontend', 'gateway', 'checkout', 'cart', 'catalog', 'search', 'payment', 'fraud', 'shipping', 'pricing', 'tax'],
  ...['recommendation', 'review', 'inventory', 'warehouse', 'notification', 'email', 'identity', 'session', 'profile'],
  ...['loyalty', 'invoice', 'currency', 'edge'],
];

export function makeShop(seed: number): Shop {
  const random = randomNumbers(seed);
  const services = names.map((name, i): Service => {
    const routes = random.list(6 + random.below(8), () => {
      const path = `/api/v${1 + random.below(3)}/${random.pick(nouns)}`;
      return random.isLikely(0.6) ? `${path}/{id}` : `${path}/${random.pick(nouns)}`;
    });
    return {
      name,
      language: random.pick(languages),
      lineForm: name === 'edge' || name === 'frontend' ? 'access' : forms[i % forms.length]!,
      routes: [...new Set(routes)],
      version: `${1 + random.below(4)}.${random.below(30)}.${random.below(9)}`,
    };
  });
  const pods = services.flatMap((service) => random.list(PODS_OF_SERVICE, () => makePod(service, random)));
  return { services, pods, users: USERS };
}

function makePod(service: Service, random: Random): Pod {
  const text = (length: number) => random.list(length, () => random.below(36).toString(36)).join('');
  const replicaSet = `${service.name}-${text(10)}`;
  const node = random.below(NODES);
  const zone = 'abc'[node % 3]!;
  const attributes = otlpAttributes({
    'service.name': service.name,
    'service.namespace': 'shop',
    'service.version': service.version,
    'deployment.environment.name': 'production',
    'cloud.region': 'eu-west-1',
    'cloud.availability_zone': `eu-west-1${zone}`,
    'k8s.cluster.name': 'shop-production',
    'k8s.namespace.name': 'shop',
    'k8s.deployment.name': service.name,
    'k8s.pod.name': `${replicaSet}-${text(5)}`,
    'k8s.container.name': service.name,
    'host.name': `ip-10-2-${node}-${17 + node}.eu-west-1.compute.internal`,
    'telemetry.sdk.language': service.language,
  });
  return { service, attributes };
}

/** Most of what is done is done by few. */
export function userOf({ users }: Shop, random: Random): string {
  return `u-${1_000_000 + Math.floor(users * random.next() ** 2)}`;
}

export function otlpAttributes(values: Readonly<Record<string, string | number | boolean>>): readonly OtlpObject[] {
  return Object.entries(values).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
  });
}

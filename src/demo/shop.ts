// Traces of a made-up shop, with a fault at a time or none. Seeded: a number gives the same telemetry each time. The proof of
// otlp_root_cause() and `otelduck dev --demo` have the same shop.

export interface ShopSpan {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly service_name: string;
  /** Which of the service's instances: 0, 1 or 2. */
  readonly instance: number;
  readonly name: string;
  readonly kind: typeof SERVER | typeof CLIENT;
  readonly start_us: number;
  readonly duration_ns: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Values of OTLP. */
export const SERVER = 2;
export const CLIENT = 3;

/** What may go wrong, and whose fault it is. */
export const faults = {
  'slow dependency': 'mysql',
  'error cascade': 'payment',
  'deploy regression': 'catalog',
  'missing instance': 'inventory',
  'noisy neighbour': 'search',
} as const;
export type Fault = keyof typeof faults;

const MINUTE_US = 60_000_000;
export const INSTANCES = 3;
/** The instance that has a neighbour, or is gone, while that fault is on. */
export const AFFLICTED_INSTANCE = 2;
/** One request of ten is sampled. */
export const REQUESTS_PER_TRACE = 10;
/** Traces that are kept of those that there are. */
const KEPT_PER_MINUTE = 20;
const BACKGROUND_ERRORS = 0.01;

interface Operation {
  readonly service: string;
  readonly name: string;
  /** Milliseconds of its own work, in the middle. */
  readonly ms: number;
  /** Calls of other operations, one after the other. */
  readonly calls?: readonly Call[];
}
type Call =
  | { readonly to: Operation }
  | { readonly peer: string; readonly name: string; readonly ms: number; readonly system?: string };

const charge: Operation = {
  service: 'payment',
  name: 'charge',
  ms: 12,
  calls: [{ peer: 'bank.example', name: 'POST /pay', ms: 60 }],
};
const reserve: Operation = {
  service: 'inventory',
  name: 'reserve',
  ms: 6,
  calls: [{ peer: 'postgres', name: 'UPDATE stock', ms: 9, system: 'postgresql' }],
};
const checkout: Operation = {
  service: 'checkout',
  name: 'POST /checkout',
  ms: 8,
  calls: [{ peer: 'mysql', name: 'INSERT orders', ms: 7, system: 'mysql' }, { to: reserve }, { to: charge }],
};
const list: Operation = {
  service: 'catalog',
  name: 'GET /products',
  ms: 15,
  calls: [{ peer: 'redis', name: 'GET', ms: 2, system: 'redis' }],
};
const find: Operation = { service: 'search', name: 'GET /search', ms: 25 };
const entries: readonly Operation[] = [checkout, list, find].map((to) => ({
  service: 'gateway',
  name: to.name,
  ms: 3,
  calls: [{ to }],
}));

/** Services that send telemetry. */
export const services = ['gateway', 'checkout', 'inventory', 'payment', 'catalog', 'search'] as const;

/** What came of a request to an operation or a peer. */
interface Outcome {
  readonly durationMs: number;
  readonly isError: boolean;
}

export class Shop {
  readonly #random: () => number;
  /** Clocks of services are off by up to a quarter of a second. */
  readonly #skews = new Map<string, number>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /**
   * Spans of the sampled requests that begin between two times, trace by trace. Times that follow each other give the same as all at
   * once if they are whole steps of `KEPT_PER_MINUTE`.
   */
  *traces(
    fromUs: number,
    untilUs: number,
    faultAt: (timeUs: number) => Fault | undefined,
  ): Generator<readonly ShopSpan[], void> {
    const stepUs = MINUTE_US / KEPT_PER_MINUTE;
    for (let atUs = fromUs; atUs < untilUs; atUs += stepUs) {
      const entry = entries[Math.floor(this.#random() * entries.length)]!;
      const request = new ShopRequest(this.#id(16), faultAt, this);
      request.run(null, entry, Math.round(atUs + this.#random() * stepUs));
      yield request.spans;
    }
  }

  random(): number {
    return this.#random();
  }

  spanId(): string {
    return this.#id(8);
  }

  /** Log-normal, as times of work are. */
  took(ms: number): number {
    return ms * Math.exp(0.35 * Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random()));
  }

  skewUs(service: string): number {
    if (!this.#skews.has(service)) this.#skews.set(service, Math.round((this.#random() - 0.5) * 500_000));
    return this.#skews.get(service)!;
  }

  #id(bytes: number): string {
    return Array.from({ length: bytes }, () =>
      Math.floor(this.#random() * 256)
        .toString(16)
        .padStart(2, '0'),
    ).join('');
  }
}

/** One request to the shop, and all that follows from it. */
class ShopRequest {
  readonly spans: ShopSpan[] = [];
  readonly #traceId: string;
  readonly #faultAt: (timeUs: number) => Fault | undefined;
  readonly #shop: Shop;

  constructor(traceId: string, faultAt: (timeUs: number) => Fault | undefined, shop: Shop) {
    this.#traceId = traceId;
    this.#faultAt = faultAt;
    this.#shop = shop;
  }

  run(parent: string | null, { service, name, ms, calls = [] }: Operation, atUs: number): Outcome {
    const fault = this.#faultAt(atUs);
    const spanId = this.#shop.spanId();
    let own = this.#shop.took(ms);
    let isError = this.#shop.random() < BACKGROUND_ERRORS;
    let instance = Number.parseInt(spanId.slice(-2), 16) % INSTANCES;
    if (service === 'payment' && fault === 'error cascade' && this.#shop.random() < 0.3) isError = true;
    if (service === 'catalog' && fault === 'deploy regression') {
      own *= 3;
      if (this.#shop.random() < 0.08) isError = true;
    }
    if (service === 'search' && fault === 'noisy neighbour') {
      const isAfflicted = this.#shop.random() < 1 / INSTANCES;
      if (isAfflicted) own *= 7;
      instance = isAfflicted ? AFFLICTED_INSTANCE : instance % AFFLICTED_INSTANCE;
    }
    if (service === 'inventory' && fault === 'missing instance') instance %= AFFLICTED_INSTANCE;
    let durationMs = own;
    for (const call of calls) {
      const clientId = this.#shop.spanId();
      const startUs = atUs + Math.round(durationMs * 1000);
      const waited = 'to' in call ? this.#ask(clientId, call.to, startUs) : this.#askPeer(call, startUs);
      const spanName = 'to' in call ? `call ${call.to.service}` : call.name;
      const attributes: Record<string, string> =
        'to' in call
          ? { 'server.address': call.to.service }
          : { 'server.address': call.peer, ...(call.system && { 'db.system': call.system }) };
      this.#add(
        {
          span_id: clientId,
          parent_span_id: spanId,
          service_name: service,
          instance,
          name: spanName,
          kind: CLIENT,
          attributes,
        },
        startUs,
        waited,
      );
      durationMs += waited.durationMs;
      if (waited.isError) isError = true;
    }
    const outcome = { durationMs, isError };
    this.#add(
      { span_id: spanId, parent_span_id: parent, service_name: service, instance, name, kind: SERVER, attributes: {} },
      atUs,
      outcome,
    );
    return outcome;
  }

  /** A call of a service, as the caller sees it. */
  #ask(clientId: string, to: Operation, startUs: number): Outcome {
    const isMissing = to.service === 'inventory' && this.#faultAt(startUs) === 'missing instance';
    const isGone = isMissing && this.#shop.random() < 0.5;
    const waited = isGone ? { durationMs: this.#shop.took(3), isError: true } : this.run(clientId, to, startUs + 500);
    return { ...waited, durationMs: waited.durationMs + this.#shop.took(1) };
  }

  #askPeer({ peer, ms }: { readonly peer: string; readonly ms: number }, startUs: number): Outcome {
    const factor = peer === 'mysql' && this.#faultAt(startUs) === 'slow dependency' ? 9 : 1;
    return { durationMs: this.#shop.took(ms) * factor, isError: this.#shop.random() < BACKGROUND_ERRORS };
  }

  #add(
    span: Omit<ShopSpan, 'trace_id' | 'start_us' | 'duration_ns' | 'isError'>,
    startUs: number,
    { durationMs, isError }: Outcome,
  ): void {
    this.spans.push({
      ...span,
      trace_id: this.#traceId,
      start_us: startUs + this.#shop.skewUs(span.service_name),
      duration_ns: Math.round(durationMs * 1e6),
      isError,
    });
  }
}

/** Mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Spans of a made-up shop, with one fault or none. Seeded: a number gives the same telemetry each time.

import type { OtelDatabase } from '../support/otel-database.js';

export interface ShopSpan {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly service_name: string;
  readonly name: string;
  readonly kind: number;
  readonly start_us: number;
  readonly duration_ns: number;
  readonly status_code: number | null;
  readonly span_attributes: string;
}

/** What goes wrong from `SHOP.faultAtUs` on, and whose fault it is. */
export const faults = {
  'slow dependency': 'mysql',
  'error cascade': 'payment',
  'deploy regression': 'catalog',
  'missing instance': 'inventory',
  'noisy neighbour': 'search',
} as const;
export type Fault = keyof typeof faults;

const MINUTE_US = 60_000_000;
export const SHOP = {
  startUs: Date.UTC(2026, 0, 5, 12) * 1000,
  faultAtUs: Date.UTC(2026, 0, 5, 13) * 1000,
  endUs: Date.UTC(2026, 0, 5, 13, 15) * 1000,
};
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

export function shopSpans(seed: number, fault: Fault | undefined): readonly ShopSpan[] {
  const random = seededRandom(seed);
  const spans: ShopSpan[] = [];
  /** Clocks of services are off by up to a quarter of a second. */
  const skews = new Map<string, number>();
  const skewOf = (service: string) => {
    if (!skews.has(service)) skews.set(service, Math.round((random() - 0.5) * 500_000));
    return skews.get(service)!;
  };
  const id = (bytes: number) =>
    Array.from({ length: bytes }, () =>
      Math.floor(random() * 256)
        .toString(16)
        .padStart(2, '0'),
    ).join('');
  // Log-normal, as times of work are.
  const took = (ms: number) =>
    ms * Math.exp(0.35 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));

  /** Spans of one request to an operation; its duration in ms, and whether it failed. */
  const run = (traceId: string, parent: string | null, { service, name, ms, calls = [] }: Operation, atUs: number) => {
    const isOn = (candidate: Fault) => fault === candidate && atUs >= SHOP.faultAtUs;
    const spanId = id(8);
    let own = took(ms);
    let isError = random() < BACKGROUND_ERRORS;
    if (service === 'payment' && isOn('error cascade') && random() < 0.3) isError = true;
    if (service === 'catalog' && isOn('deploy regression')) {
      own *= 3;
      if (random() < 0.08) isError = true;
    }
    // One of three instances shares a machine with somebody.
    if (service === 'search' && isOn('noisy neighbour') && random() < 1 / 3) own *= 7;
    let durationMs = own;
    for (const call of calls) {
      const clientId = id(8);
      const beginUs = atUs + Math.round(durationMs * 1000);
      let waited: { durationMs: number; isError: boolean };
      let attributes: Record<string, string>;
      if ('to' in call) {
        const isGone = call.to.service === 'inventory' && isOn('missing instance') && random() < 0.5;
        attributes = { 'server.address': call.to.service };
        waited = isGone ? { durationMs: took(3), isError: true } : run(traceId, clientId, call.to, beginUs + 500);
        waited = { ...waited, durationMs: waited.durationMs + took(1) };
      } else {
        const factor = call.peer === 'mysql' && isOn('slow dependency') ? 9 : 1;
        attributes = { 'server.address': call.peer, ...(call.system && { 'db.system': call.system }) };
        waited = { durationMs: took(call.ms) * factor, isError: random() < BACKGROUND_ERRORS };
      }
      push(
        clientId,
        spanId,
        service,
        'to' in call ? `call ${call.to.service}` : call.name,
        3,
        beginUs,
        waited,
        attributes,
      );
      durationMs += waited.durationMs;
      if (waited.isError) isError = true;
    }
    push(spanId, parent, service, name, 2, atUs, { durationMs, isError }, {});
    return { durationMs, isError };

    function push(
      span_id: string,
      parent_span_id: string | null,
      service_name: string,
      spanName: string,
      kind: number,
      startUs: number,
      ended: { durationMs: number; isError: boolean },
      attributes: Record<string, string>,
    ): void {
      spans.push({
        trace_id: traceId,
        span_id,
        parent_span_id,
        service_name,
        name: spanName,
        kind,
        start_us: startUs + skewOf(service_name),
        duration_ns: Math.round(ended.durationMs * 1e6),
        status_code: ended.isError ? 2 : null,
        span_attributes: JSON.stringify(attributes),
      });
    }
  };

  const stepUs = MINUTE_US / KEPT_PER_MINUTE;
  for (let atUs = SHOP.startUs; atUs < SHOP.endUs; atUs += stepUs) {
    const entry = entries[Math.floor(random() * entries.length)]!;
    run(id(16), null, entry, Math.round(atUs + random() * stepUs));
  }
  return spans;
}

/** Puts spans into otlp_traces, which exists. */
export async function insertSpans(database: OtelDatabase, spans: readonly ShopSpan[]): Promise<void> {
  await database.connection.run(
    `INSERT INTO otlp_traces BY NAME
     SELECT * EXCLUDE (start_us, duration_ns), make_timestamp(start_us) AS start_time_unix_nano, duration_ns AS duration_time_unix_nano
     FROM (SELECT unnest(from_json($1, '[{"trace_id":"VARCHAR","span_id":"VARCHAR","parent_span_id":"VARCHAR","service_name":"VARCHAR","name":"VARCHAR","kind":"INTEGER","start_us":"BIGINT","duration_ns":"BIGINT","status_code":"INTEGER","span_attributes":"VARCHAR"}]'), recursive := true))`,
    [JSON.stringify(spans)],
  );
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

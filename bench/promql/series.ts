// Requests of many series, about a step apart: counters of routes and codes, gauges, and classic histograms, of many instances. What
// they count is random, so that it compresses no better than real counts do, and is the same in each run.

import { messageType } from '../../src/load/protobuf-requests.js';
import { type Random, randomNumbers } from '../../test/manual/prometheus/random-numbers.js';

/** Prometheus series of one resource: 40 counters, 8 gauges, and 4 histograms of 10 buckets, +Inf, sum and count each. */
export const SERIES_PER_RESOURCE = 40 + 8 + 4 * 13;
export const STEP_S = 15;

const ROUTES = 10;
/** With about how many requests of each a step has at most. */
const CODES = [
  ['200', 400],
  ['201', 60],
  ['404', 9],
  ['500', 2],
] as const;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const GAUGES = 8;
const HISTOGRAMS = 4;
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Instances of one service. */
const INSTANCES = 10;
const SEED = 20_261_121;
/** How much later than a step apart a point may come. */
const JITTER_MS = 200;

type Attributes = readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];

const requestType = messageType(
  'collector/metrics/v1/metrics_service.proto',
  'collector.metrics.v1.ExportMetricsServiceRequest',
);

/** The requests of all steps in turn, each with a point of every series. */
export function* requests(resources: number, steps: number, startS: number): Generator<Uint8Array<ArrayBuffer>> {
  const random = randomNumbers(SEED);
  const instances = random.list(resources, (number) => new Instance(number, random));
  for (let step = 0; step < steps; step++) {
    const resourceMetrics = instances.map((instance) => instance.next((startS + step * STEP_S) * 1000));
    yield Uint8Array.from(requestType.encode(requestType.fromObject({ resourceMetrics })).finish());
  }
}

/** One program that counts. */
class Instance {
  readonly #random: Random;
  readonly #service: number;
  readonly #attributes: Attributes;
  /** When in each step it exports. */
  readonly #phaseMs: number;
  readonly #counts = new Float64Array(ROUTES * CODES.length);
  readonly #levels = new Float64Array(GAUGES);
  readonly #buckets = Array.from({ length: HISTOGRAMS }, () => new Float64Array(BOUNDS.length + 1));
  readonly #sums = new Float64Array(HISTOGRAMS);

  constructor(number: number, random: Random) {
    this.#random = random;
    this.#service = Math.floor(number / INSTANCES);
    this.#phaseMs = random.below(STEP_S * 1000 - JITTER_MS);
    this.#attributes = attributes({
      'service.name': `service-${this.#service}`,
      'service.instance.id': random.list(4, () => random.below(2 ** 32).toString(16)).join('-'),
      'host.name': `host-${random.below(40)}`,
    });
  }

  /** What it exports in the step that begins then. */
  next(stepMs: number): object {
    const timeUnixNano = `${stepMs + this.#phaseMs + this.#random.below(JITTER_MS)}000000`;
    const counters = Array.from(this.#counts, (_, i) => ({ timeUnixNano, ...this.#counter(i) }));
    const gauges = Array.from(this.#levels, (_, i) => ({ timeUnixNano, ...this.#gauge(i) }));
    const histograms = this.#buckets.map((_, i) => ({ timeUnixNano, ...this.#histogram(i) }));
    const metrics = [
      { name: 'http.server.requests', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: counters } },
      { name: 'queue.depth', gauge: { dataPoints: gauges } },
      { name: 'http.server.duration', unit: 's', histogram: { aggregationTemporality: 2, dataPoints: histograms } },
    ];
    return { resource: { attributes: this.#attributes }, scopeMetrics: [{ scope: { name: 'bench' }, metrics }] };
  }

  #counter(i: number): object {
    const [code, most] = CODES[i % CODES.length]!;
    this.#counts[i]! += this.#random.below(most + 1);
    return {
      asDouble: this.#counts[i],
      attributes: attributes({ ...this.#route(Math.floor(i / CODES.length)), code }),
    };
  }

  /** A walk whose values are never equal, since topk of equal ones is anybody's choice. */
  #gauge(i: number): object {
    this.#levels[i] = Math.abs(this.#levels[i]! + 20 * (this.#random.next() - 0.5));
    return { asDouble: this.#levels[i], attributes: attributes({ queue: `q${i}` }) };
  }

  #histogram(i: number): object {
    const counts = this.#buckets[i]!;
    for (const bucket of counts.keys()) {
      const added = this.#random.below(30);
      counts[bucket]! += added;
      this.#sums[i]! += added * (BOUNDS[bucket] ?? 10) * this.#random.next();
    }
    return {
      count: counts.reduce((sum, count) => sum + count, 0),
      sum: this.#sums[i],
      explicitBounds: BOUNDS,
      bucketCounts: [...counts],
      attributes: attributes(this.#route(i)),
    };
  }

  #route(number: number) {
    return {
      route: `/service-${this.#service}/${number}`,
      method: METHODS[(this.#service + number) % METHODS.length]!,
    };
  }
}

function attributes(values: Readonly<Record<string, string>>): Attributes {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

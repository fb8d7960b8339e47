// Random expressions of PromQL over the demo metrics. Equal seeds give equal expressions. What is known to be answered differently is
// left out: packages/promql/docs/differences.md.

import { type Random, randomNumbers } from './random-numbers.js';

const gauges = [
  ...['demo_memory_usage_bytes', 'demo_queue_size', 'demo_load_ratio', 'demo_num_cpus', 'demo_intermittent_metric'],
  ...['demo_special', 'demo_batch_last_success_timestamp_seconds'],
];
const counters = [
  ...['demo_cpu_usage_seconds_total', 'demo_requests_handled_total', 'demo_api_request_duration_seconds_count'],
  ...['demo_api_request_duration_seconds_sum', 'demo_api_request_duration_seconds_bucket'],
];
const classic = 'demo_api_request_duration_seconds_bucket';
const native = 'demo_rpc_duration_seconds';
const everything = [...gauges, ...counters, native];

const labels = [
  'instance',
  'job',
  'type',
  'mode',
  'queue',
  'path',
  'status',
  'method',
  'gap',
  'le',
  'rpc_method',
  'nope',
];
const values = ['', '.+', '.*', 'a', 'b', 'used|free', 'demo.*', '.*:1000[01]', '200', 'GET', '0.5|1', 'user'];
const durations = ['1s', '14s', '15s', '16s', '30s', '1m', '90s', '2m', '5m', '7m30s', '10m', '20m', '1h'];
const steps = ['', '10s', '15s', '1m', '37s'];
const numbers = ['0', '1', '-1', '2', '0.5', '1e3', 'Inf', '-Inf', 'NaN'];

const rates = ['rate', 'increase', 'irate', 'delta', 'idelta', 'deriv', 'resets', 'changes'];
const overTime = [
  ...['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'last', 'first', 'present', 'absent', 'mad'],
  ...['ts_of_last', 'ts_of_max'],
];
const functions = [
  ...['abs', 'ceil', 'floor', 'sqrt', 'sgn', 'round', 'timestamp', 'absent', 'deg', 'sort', 'sort_desc'],
  ...['histogram_count', 'histogram_sum', 'histogram_avg', 'histogram_stddev'],
];
const aggregations = ['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'group'];
const scalarOperators = ['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<=', '== bool', '> bool'];
const vectorOperators = ['+', '-', '*', '/', '==', '>', '!= bool', 'and', 'or', 'unless'];

const DEPTHS = [2, 3, 4];

export function randomExpressions(seed: number, count: number): readonly string[] {
  const random = randomNumbers(seed);
  const expressions = new Expressions(random);
  return random.list(count, () => expressions.vector(random.pick(DEPTHS)));
}

class Expressions {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** An expression of at most this many levels above its selectors. */
  vector(depth: number): string {
    const random = this.#random;
    const { pick, isLikely } = random;
    const inner = () => this.vector(depth - 1);
    if (depth <= 0) {
      return pick([() => this.#selector(everything) + this.#modifier(), () => `rate(${this.#range(counters, 0)})`])();
    }
    return pick([
      () => this.#selector(everything) + this.#modifier(),
      () => `${pick(rates)}(${this.#range(everything, depth)})`,
      () => `${pick(overTime)}_over_time(${this.#range(everything, depth)})`,
      () => `quantile_over_time(${pick(['0', '0.5', '1', '2', '-1'])}, ${this.#range(gauges, depth)})`,
      () => `predict_linear(${this.#range(gauges, depth)}, ${pick(['60', '-60', '3600'])})`,
      () => `${pick(aggregations)}${this.#grouping()} (${inner()})`,
      () => `quantile${this.#grouping()} (${pick(['0.1', '0.5', '1.5', '-1'])}, ${inner()})`,
      () => `${pick(functions)}(${inner()})`,
      () => `clamp(${inner()}, ${pick(['-1', '0', '1'])}, ${pick(['0', '5', '1e9'])})`,
      () => `histogram_quantile(${pick(['0', '0.5', '0.9', '1', '2'])}, ${this.#histograms(depth)})`,
      () => `histogram_fraction(${pick(['0', '0.01', '-Inf'])}, ${pick(['0.1', '1', '+Inf'])}, ${inner()})`,
      () =>
        `label_replace(${inner()}, "${pick(['x', 'job', '__name__'])}", "${pick(['$1', 'c', '', '$0-x'])}", "${pick(labels)}", "${pick(['(.*)', 'a', '(.+):.*', ''])}")`,
      () => `label_join(${inner()}, "${pick(['x', 'job'])}", "-", "${pick(labels)}", "${pick(labels)}")`,
      () => `-${inner()}`,
      () => `${inner()} ${pick(scalarOperators)} ${this.#scalar(depth)}`,
      () => `${this.#scalar(depth)} ${pick(['+', '-', '*', '/', '%', '^', '==', '>', '< bool'])} ${inner()}`,
      () => `${inner()} ${pick(vectorOperators)}${isLikely(0.6) ? this.#matching() : ''} ${inner()}`,
      () =>
        `${inner()} ${pick(['+', '*', '/', '<'])}${this.#matching()} ${pick(['group_left', 'group_right'])}${isLikely(0.3) ? ` (${pick(labels)})` : ''} ${inner()}`,
      () => `vector(${this.#scalar(depth)})`,
      () => `info(${this.#selector(gauges)})`,
    ])();
  }

  #scalar(depth: number): string {
    const { pick } = this.#random;
    return pick([
      () => pick(numbers),
      () => (depth > 0 ? `scalar(${this.vector(depth - 1)})` : 'pi()'),
      () => 'time()',
      () => `(${pick(numbers)} ${pick(['+', '-', '*', '/', '%', '^'])} ${pick(numbers)})`,
    ])();
  }

  #selector(names: readonly string[]): string {
    const { pick, isLikely, list, below } = this.#random;
    const matcher = () => `${pick(labels)}${pick(['=', '!=', '=~', '!~'])}"${pick(values)}"`;
    return pick(names) + (isLikely(0.4) ? `{${list(1 + below(2), matcher).join()}}` : '');
  }

  #range(names: readonly string[], depth: number): string {
    const { pick, isLikely } = this.#random;
    if (depth > 1 && isLikely(0.15))
      return `(${this.vector(depth - 2)})[${pick(durations)}:${pick(steps)}]${this.#modifier()}`;
    const extended = isLikely(0.08) ? pick([' anchored', ' smoothed']) : '';
    return `${this.#selector(names)}[${pick(durations)}]${extended}${this.#modifier()}`;
  }

  #modifier(): string {
    const { pick, isLikely } = this.#random;
    if (isLikely(0.15)) return ` offset ${pick(['', '-'])}${pick(durations)}`;
    return isLikely(0.08) ? ` @ ${pick(['start()', 'end()'])}` : '';
  }

  #grouping(): string {
    const { pick, isLikely } = this.#random;
    return isLikely(0.6) ? ` ${pick(['by', 'without'])} ${this.#labelList()}` : '';
  }

  #matching(): string {
    return ` ${this.#random.pick(['on', 'ignoring'])} ${this.#labelList()}`;
  }

  #labelList(): string {
    const { list, below, pick } = this.#random;
    return `(${list(below(3), () => pick(labels)).join(', ')})`;
  }

  #histograms(depth: number): string {
    const { pick } = this.#random;
    const duration = pick(durations);
    return pick([
      () => `rate(${classic}[${duration}])`,
      () => `sum by (le${pick(['', ', path', ', instance'])}) (rate(${classic}[${duration}]))`,
      () => `rate(${native}[${duration}])`,
      () => `sum(${native})`,
      () => this.vector(depth - 1),
    ])();
  }
}

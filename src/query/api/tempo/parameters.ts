// Parameters of a request → the question that they ask. What is wrong with them is said as Tempo says it.

import { Failure } from '../../../base/failure.js';
import { goDurationNs } from './go-duration.js';
import { searchOfTags } from './legacy-tags.js';
import type { AskedRange, TempoQuestion } from './tempo-question.js';

const NS_PER_S = 1_000_000_000n;
const MAX_UINT32 = 2n ** 32n - 1n;

/** Tempo's defaults. */
const DEFAULT_TRACES = 20;
const DEFAULT_SPANS_PER_SPANSET = 3;
const DEFAULT_SINCE_NS = 3_600_000_000_000n;
const DEFAULT_EXEMPLARS = 100;
/** What a list to choose from may have: Grafana asks for 5,000. */
const DEFAULT_TAGS = 5000;

type TraceQuestion = Extract<TempoQuestion, { kind: 'trace' }>;

/** The first version of the API knows no filter. */
export function traceQuestion(traceId: string, parameters: URLSearchParams): TraceQuestion {
  return { kind: 'trace', traceId: fullTraceId(traceId), range: rangeOfSeconds(parameters), selection: undefined };
}

/** Depths count where there is a filter, that of ancestors where they are kept. */
export function selectedTraceQuestion(traceId: string, parameters: URLSearchParams): TraceQuestion {
  const question = traceQuestion(traceId, parameters);
  const filter = parameters.get('q')?.trim() ?? '';
  if (filter === '') return question;
  const keepsAncestors = goBoolean(parameters, 'keep_hierarchy');
  return {
    ...question,
    selection: {
      filter,
      ancestors: keepsAncestors ? depth(parameters, 'ancestor_depth', Number.POSITIVE_INFINITY) : 0,
      descendants: depth(parameters, 'match_depth', 0),
    },
  };
}

/** -1 is no bound. */
function depth(parameters: URLSearchParams, name: string, otherwise: number): number {
  const text = parameters.get(name);
  if (!text) return otherwise;
  if (!/^[+-]?\d{1,9}$/.test(text) || Number(text) < -1) {
    throw refused(`invalid value for ${name}: must be a whole number >= -1, got ${JSON.stringify(text)}`);
  }
  return Number(text) === -1 ? Number.POSITIVE_INFINITY : Number(text);
}

/** As Go reads it. */
function goBoolean(parameters: URLSearchParams, name: string): boolean {
  const text = parameters.get(name);
  if (!text || /^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  throw refused(`invalid value for ${name}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export function searchQuestion(parameters: URLSearchParams): TempoQuestion {
  const limit = uint32(parameters, 'limit');
  if (limit === 0) throw refused('invalid limit: must be a positive number');
  const query = parameters.get('q');
  const tags = parameters.get('tags');
  if (query && tags) throw refused("invalid request: can't specify tags and q in the same query");
  const range = rangeOfSeconds(parameters);
  return {
    kind: 'search',
    query: query || searchOfTags(tags ?? '', duration(parameters, 'minDuration'), duration(parameters, 'maxDuration')),
    range,
    limit: limit ?? DEFAULT_TRACES,
    spansPerSpanset: uint32(parameters, 'spss') ?? DEFAULT_SPANS_PER_SPANSET,
  };
}

const SCOPES = new Set(['', 'none', 'trace', 'span', 'resource', 'event', 'link', 'instrumentation', 'intrinsic']);

export function tagsQuestion(parameters: URLSearchParams): TempoQuestion {
  const scope = parameters.get('scope') ?? '';
  if (!SCOPES.has(scope)) throw refused(`invalid scope: ${scope}`);
  return { kind: 'tags', scope: scope === 'none' ? '' : scope, ...listOf(parameters) };
}

export function tagValuesQuestion(tag: string, parameters: URLSearchParams): TempoQuestion {
  if (tag === '') throw refused('please provide a non-empty tagName');
  return { kind: 'tag values', tag, ...listOf(parameters) };
}

export function rangeMetricsQuestion(parameters: URLSearchParams, nowMs: number): TempoQuestion {
  const range = metricsRange(parameters, nowMs);
  const step = parameters.get('step');
  const exemplars = parameters.get('exemplars') ?? '';
  return {
    kind: 'metrics',
    query: metricsQuery(parameters),
    range,
    stepNs: step ? stepNs(step) : defaultStepNs(range),
    exemplars: /^\d+$/.test(exemplars)
      ? Math.min(Number(exemplars) || DEFAULT_EXEMPLARS, DEFAULT_EXEMPLARS)
      : DEFAULT_EXEMPLARS,
  };
}

export function instantMetricsQuestion(parameters: URLSearchParams, nowMs: number): TempoQuestion {
  const range = metricsRange(parameters, nowMs);
  return { kind: 'metrics', query: metricsQuery(parameters), range, stepNs: undefined, exemplars: 0 };
}

/** A 240th of the range, rounded down to what a clock shows; at least a second, or 50 ms where the range is under a minute. */
export function defaultStepNs({ startUnixNs, endUnixNs }: AskedRange): bigint {
  const length = endUnixNs - startUnixNs;
  const baseline = length / 240n;
  const seconds = [3600n, 300n, 60n, 15n, 5n, 1n].map((s) => s * NS_PER_S);
  const units = length < 60n * NS_PER_S ? [50_000_000n] : seconds;
  const unit = units.find((candidate) => baseline > candidate);
  return unit === undefined ? units.at(-1)! : baseline - (baseline % unit);
}

/** The one spelling of an id: short ones have their leading zeros cut off. */
export function fullTraceId(text: string): string {
  const wrong = /[^0-9a-f]/i.exec(text);
  if (wrong !== null) {
    throw refused(
      `trace IDs can only contain hex characters: invalid character '${wrong[0]}' at position ${wrong.index + 1}`,
    );
  }
  if (text.length > 32) throw refused("trace IDs can't be larger than 128 bits");
  return text.toLowerCase().padStart(32, '0');
}

/** Undefined where neither was given. */
export function secondsRange(start: bigint, end: bigint): AskedRange | undefined {
  if (start === 0n && end === 0n) return undefined;
  if (end <= start) {
    throw refused(`http parameter start must be before end. received start=${start} end=${end}`);
  }
  return { startUnixNs: start * NS_PER_S, endUnixNs: end * NS_PER_S };
}

function listOf(parameters: URLSearchParams) {
  const limit = uint32(parameters, 'limit') || DEFAULT_TAGS;
  return { query: parameters.get('q') ?? '', range: rangeOfSeconds(parameters), limit };
}

function rangeOfSeconds(parameters: URLSearchParams): AskedRange | undefined {
  return secondsRange(BigInt(uint32(parameters, 'start') ?? 0), BigInt(uint32(parameters, 'end') ?? 0));
}

function uint32(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (!text) return undefined;
  if (!/^\d+$/.test(text))
    throw refused(`invalid ${name}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (BigInt(text) > MAX_UINT32) {
    throw refused(`invalid ${name}: strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return Number(text);
}

function duration(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (!text) return undefined;
  const ns = goDurationNs(text);
  if (ns === undefined) throw refused(`invalid ${name}: time: invalid duration ${JSON.stringify(text)}`);
  return ns;
}

function metricsQuery(parameters: URLSearchParams): string {
  return parameters.get('q') || parameters.get('query') || '';
}

function metricsRange(parameters: URLSearchParams, nowMs: number): AskedRange {
  const nowNs = BigInt(Math.round(nowMs)) * 1_000_000n;
  const since = parameters.get('since');
  const sinceNs = since ? sinceDurationNs(since) : DEFAULT_SINCE_NS;
  const endUnixNs = unixNs(parameters, 'end', nowNs);
  const endOrNow = endUnixNs > nowNs ? nowNs : endUnixNs;
  return { startUnixNs: unixNs(parameters, 'start', endOrNow - sinceNs), endUnixNs };
}

/** Seconds, seconds with a fraction, nanoseconds, or RFC 3339. */
function unixNs(parameters: URLSearchParams, name: string, otherwise: bigint): bigint {
  const text = parameters.get(name);
  if (!text) return otherwise;
  if (/^-?\d*\.\d*$/.test(text) && /\d/.test(text)) return BigInt(Math.round(Number(text) * 1000)) * 1_000_000n;
  if (/^-?\d+$/.test(text)) return text.length <= 10 ? BigInt(text) * NS_PER_S : BigInt(text);
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw refused(
      `could not parse '${name}' parameter: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return BigInt(Math.floor(ms / 1000)) * NS_PER_S + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}

const SINCE_UNITS_NS: Readonly<Record<string, number>> = {
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 604_800e9,
  y: 31_536_000e9,
};

/** As Prometheus writes durations. */
function sinceDurationNs(text: string): bigint {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw refused(`could not parse 'since' parameter: not a valid duration string: ${JSON.stringify(text)}`);
  }
  return BigInt(Math.round(parts.reduce((sum, [, number, unit]) => sum + Number(number) * SINCE_UNITS_NS[unit!]!, 0)));
}

function stepNs(text: string): bigint {
  const ns = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) * 1e9 : goDurationNs(text);
  if (ns === undefined) throw refused(`cannot parse ${JSON.stringify(text)} to a valid duration`);
  if (ns < 0) throw refused(`cannot parse ${JSON.stringify(text)}: step must be positive`);
  if (ns > Number.MAX_SAFE_INTEGER) {
    throw refused(`cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
  }
  return BigInt(Math.round(ns));
}

function refused(text: string): Failure {
  return new Failure('malformed', text);
}

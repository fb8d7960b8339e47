// What a run counted → the report that is printed, as an object for programs and as text for people.

import type { LatencyHistogram } from './latency-histogram.js';
import type { LoadPlan } from './load-plan.js';
import type { Tally } from './tally.js';

/** From here on a generator's thread has no time left to send when it should. */
const BUSY_EVENT_LOOP = 0.9;
/** Timers are late by some milliseconds on any machine. */
const LATE_MS = 25;

export interface LoadMeasurements {
  readonly total: Tally;
  /** Without the warm-up. */
  readonly measured: Tally;
  readonly neverSent: number;
  readonly latency: LatencyHistogram;
  readonly lateness: LatencyHistogram;
  readonly elapsedMs: number;
  readonly usage: { readonly cpuSeconds: number; readonly eventLoopUtilization: number };
}

export interface LoadReport {
  readonly plan: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  readonly requests: number;
  readonly accepted_requests: number;
  readonly accepted_records: number;
  readonly accepted_records_per_second: number;
  readonly sent_bytes: number;
  /** Requests by the status that they were answered with. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests that were due and found no free connection until the end. */
  readonly never_sent: number;
  readonly latency_ms: Readonly<Record<'mean' | 'p50' | 'p90' | 'p99' | 'p99_9' | 'max', number>>;
  /** Warm-up included. */
  readonly total: {
    readonly requests: number;
    readonly accepted_requests: number;
    readonly accepted_records: number;
    readonly statuses: Readonly<Record<string, number>>;
  };
  readonly generator: {
    readonly cpu_seconds: number;
    readonly cpu_seconds_per_million_records: number | null;
    readonly event_loop_utilization: number;
    /** How late requests left that had a free connection. */
    readonly late_p99_ms: number;
    /** Why the numbers are those of the generator rather than of the server; null when they are not. */
    readonly bottleneck: string | null;
  };
}

export function report(plan: LoadPlan, measurements: LoadMeasurements): LoadReport {
  const { total, measured, neverSent, latency, lateness, usage } = measurements;
  const seconds = Math.max(0, measurements.elapsedMs / 1000);
  const { cpuSeconds, eventLoopUtilization } = usage;
  return {
    plan: describedPlan(plan),
    seconds: rounded(seconds, 3),
    requests: measured.requests,
    accepted_requests: measured.acceptedRequests,
    accepted_records: measured.acceptedRecords,
    accepted_records_per_second: seconds === 0 ? 0 : Math.round(measured.acceptedRecords / seconds),
    sent_bytes: measured.sentBytes,
    statuses: Object.fromEntries([...measured.statuses].sort()),
    never_sent: neverSent,
    latency_ms: {
      mean: rounded(latency.meanMs, 3),
      p50: rounded(latency.percentileMs(50), 3),
      p90: rounded(latency.percentileMs(90), 3),
      p99: rounded(latency.percentileMs(99), 3),
      p99_9: rounded(latency.percentileMs(99.9), 3),
      max: rounded(latency.maxMs, 3),
    },
    total: {
      requests: total.requests,
      accepted_requests: total.acceptedRequests,
      accepted_records: total.acceptedRecords,
      statuses: Object.fromEntries([...total.statuses].sort()),
    },
    generator: {
      cpu_seconds: rounded(cpuSeconds, 3),
      cpu_seconds_per_million_records:
        measured.acceptedRecords === 0 ? null : rounded((cpuSeconds * 1e6) / measured.acceptedRecords, 3),
      event_loop_utilization: rounded(eventLoopUtilization, 3),
      late_p99_ms: rounded(lateness.percentileMs(99), 3),
      bottleneck: bottleneck(eventLoopUtilization, plan.isClosedLoop ? 0 : lateness.percentileMs(99)),
    },
  };
}

function bottleneck(eventLoopUtilization: number, lateMs: number): string | null {
  if (eventLoopUtilization > BUSY_EVENT_LOOP) {
    return `the generator's thread was busy ${Math.round(100 * eventLoopUtilization)} % of the time: use several processes`;
  }
  return lateMs > LATE_MS
    ? `requests left up to ${Math.round(lateMs)} ms late with connections free: the machine is too busy to send on time`
    : null;
}

function describedPlan(plan: LoadPlan): Record<string, unknown> {
  return {
    url: plan.url.origin,
    protocol: plan.protocol,
    ...(plan.protocol === 'http' ? { encoding: plan.encoding } : {}),
    compression: plan.compression,
    signals: plan.signals,
    ...(plan.isClosedLoop ? { closed_loop: true } : { services: plan.services, rate: plan.rate }),
    ...(plan.payloads.length === 0 ? { records_per_request: plan.recordsPerRequest } : { payloads: plan.payloads }),
    connections: plan.connections,
    warm_up_seconds: plan.warmUpMs / 1000,
    duration_seconds: plan.durationMs / 1000,
  };
}

export function reportText(result: LoadReport): string {
  const { latency_ms: latency, generator } = result;
  const number = (value: number) => value.toLocaleString('en');
  const statuses = Object.entries(result.statuses).map(([status, requests]) => `${status}: ${number(requests)}`);
  const lines = [
    `sent       ${number(result.requests)} requests in ${result.seconds.toFixed(1)} s, ${number(Math.round(result.sent_bytes / 1e6))} MB`,
    `accepted   ${number(result.accepted_records)} records, ${number(result.accepted_records_per_second)} records/s`,
    `answers    ${statuses.join('  ') || 'none'}`,
    `latency    p50 ${ms(latency.p50)}  p90 ${ms(latency.p90)}  p99 ${ms(latency.p99)}  p99.9 ${ms(latency.p99_9)}  max ${ms(latency.max)}`,
    `generator  ${generator.cpu_seconds.toFixed(1)} CPU-s, thread busy ${Math.round(100 * generator.event_loop_utilization)} %, p99 of late departures ${ms(generator.late_p99_ms)}`,
  ];
  if (result.never_sent > 0) {
    lines.push(`behind     ${number(result.never_sent)} requests were due and never sent: the server was too slow`);
  }
  if (generator.bottleneck !== null) lines.push(`LIMIT      ${generator.bottleneck}`);
  return lines.map((line) => `${line}\n`).join('');
}

function ms(value: number): string {
  return value < 10 ? `${value.toFixed(2)} ms` : `${Math.round(value).toLocaleString('en')} ms`;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

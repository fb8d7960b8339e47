import type { Signal } from '../schema/column-declaration.js';
import type { LoadPlan } from './load-plan.js';

export interface DueRequest {
  /** When it is due, from the start of the run. */
  readonly dueMs: number;
  readonly service: number;
  readonly signal: Signal;
  /** Its first record's number among those of its service and signal. */
  readonly firstSequence: number;
}

type Rates = Pick<LoadPlan, 'services' | 'rate' | 'recordsPerRequest' | 'signals'>;

/** Time from one request to the next: all services together send `services * rate` records a second. */
export function pauseMs({ services, rate, recordsPerRequest }: Rates): number {
  return (1000 * recordsPerRequest) / (services * rate);
}

/** The n-th request of a run. Services take turns, evenly spread, and each sends the signals in turn. */
export function dueRequest(plan: Rates, request: number): DueRequest {
  const service = request % plan.services;
  const turn = Math.floor(request / plan.services);
  // Services are out of step with each other, so that all signals are sent at any time.
  const signal = plan.signals[(turn + service) % plan.signals.length]!;
  const firstSequence = Math.floor(turn / plan.signals.length) * plan.recordsPerRequest;
  return { dueMs: request * pauseMs(plan), service, signal, firstSequence };
}

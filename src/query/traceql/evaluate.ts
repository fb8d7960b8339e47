// A question → the evaluation of it over a source of traces, within the limits of the query.

import {
  instantGrid,
  Metrics,
  type MetricsGrid,
  type MetricsResult,
  rangeGrid,
  Search,
  type SearchResults,
  type TraceSource,
} from '#traceql';
import type { Principal } from '../../server/identity/principal.js';
import type { EngineContext } from '../run/engine.js';
import { CountedSource } from './counted-source.js';
import { traceqlFailure } from './traceql-failure.js';
import type { MetricsQuestion, SearchQuestion } from './traceql-question.js';

/** Whose query it is, and what ends it. */
export type Asking = Pick<EngineContext, 'principal' | 'signal' | 'report'>;

/** What was found, batch by batch, newest traces first. Throws a Failure for a query that is none. */
export async function* searchTraces(
  question: SearchQuestion,
  source: TraceSource<Principal>,
  { principal, signal, report }: Asking,
): AsyncGenerator<SearchResults, void> {
  try {
    yield* new Search(question).run(new CountedSource(source, report), { principal, signal });
  } catch (error) {
    throw traceqlFailure(error);
  }
}

export interface EvaluatedMetrics {
  readonly grid: MetricsGrid;
  readonly result: MetricsResult;
}

/** Throws a Failure for a query that is none. */
export async function evaluateMetrics(
  question: MetricsQuestion,
  source: TraceSource<Principal>,
  { principal, signal, report }: Asking,
): Promise<EvaluatedMetrics> {
  try {
    const metrics = metricsOf(question, (bytes) => report.reserveBytes(bytes));
    const result = await metrics.run(new CountedSource(source, report), { principal, signal });
    return { grid: metrics.request.grid, result };
  } catch (error) {
    throw traceqlFailure(error);
  }
}

/** The query of a question, parsed and checked. `reserve` is told of the memory that its series take. */
export function metricsOf(
  { query, startUnixNs, endUnixNs, stepNs, exemplars, maxSeries }: MetricsQuestion,
  reserve: (bytes: number) => void,
): Metrics {
  const grid = stepNs === undefined ? instantGrid(startUnixNs, endUnixNs) : rangeGrid(startUnixNs, endUnixNs, stepNs);
  return new Metrics({ query, grid, limits: { series: maxSeries, exemplars, reserve } });
}

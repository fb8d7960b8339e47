// Traces of a source, counted against the limits of the query that reads them.

import type { AggregateRequest, Aggregates, ReadContext, Trace, TraceRequest, TraceSource } from '#traceql';
import type { Report } from '../run/engine.js';

/** What a span takes in memory, roughly: its ids, times and name; attributes of a resource are shared. */
const SPAN_BYTES = 1000;

export class CountedSource<Principal> implements TraceSource<Principal> {
  readonly #source: TraceSource<Principal>;
  readonly #report: Report;

  constructor(source: TraceSource<Principal>, report: Report) {
    this.#source = source;
    this.#report = report;
  }

  /** Spans are held from when they are read until the next batch is asked for. */
  async *read(request: TraceRequest, context: ReadContext<Principal>): AsyncGenerator<readonly Trace[], void> {
    for await (const batch of this.#source.read(request, context)) {
      const spans = batch.reduce((sum, trace) => sum + trace.spans.length, 0);
      this.#report.countSamples(spans);
      this.#report.reserveBytes(spans * SPAN_BYTES);
      try {
        yield batch;
      } finally {
        this.#report.releaseBytes(spans * SPAN_BYTES);
      }
    }
  }

  async aggregate(request: AggregateRequest, context: ReadContext<Principal>): Promise<Aggregates | undefined> {
    return this.#source.aggregate?.(request, context);
  }
}

import type { ReadContext, Trace, TraceRequest, TraceSource } from '../../src/traceql.js';

/** Traces in memory, newest first, in batches. It takes no notice of conditions: the evaluation must do without them. */
export class MemorySource implements TraceSource<undefined> {
  readonly traces: readonly Trace[];
  readonly requests: TraceRequest[] = [];
  readonly #batch: number;

  constructor(traces: readonly Trace[], batch = 2) {
    this.traces = traces;
    this.#batch = batch;
  }

  async *read(request: TraceRequest, _context: ReadContext<undefined>): AsyncIterable<readonly Trace[]> {
    this.requests.push(request);
    for (let first = 0; first < this.traces.length; first += this.#batch) {
      yield this.traces.slice(first, first + this.#batch);
    }
  }
}

export function readContext(): ReadContext<undefined> {
  return { principal: undefined, signal: new AbortController().signal };
}

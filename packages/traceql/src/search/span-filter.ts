// One filter, `{ … }`, for the spans of a trace that is at hand.

import { QueryError } from '#promql';
import type { Span, Trace } from '../data/span.js';
import { compilePipeline } from '../eval/pipeline.js';
import type { Spanset } from '../eval/spanset.js';
import { TraceTree } from '../eval/trace-tree.js';
import { attributesOfPipeline, needsOf } from '../plan/needs.js';
import type { Needs } from '../source.js';
import { checkQuery } from '../syntax/check.js';
import { parseQuery } from '../syntax/parser.js';

export class SpanFilter {
  /** What has to be there in the spans. */
  readonly needs: Needs;
  readonly #pipeline: (tree: TraceTree) => readonly Spanset[];

  /** Throws a ParseError, CheckError or QueryError for what is no filter. */
  constructor(text: string) {
    const query = parseQuery(text);
    checkQuery(query);
    if (
      query.kind !== 'search' ||
      query.pipeline.steps.length !== 1 ||
      query.pipeline.steps[0]!.kind !== 'spanset-filter'
    ) {
      throw new QueryError('execution', `one filter { … } was expected, got ${text}`);
    }
    this.needs = needsOf(attributesOfPipeline(query.pipeline));
    this.#pipeline = compilePipeline(query.pipeline);
  }

  /** Spans of the trace that match. */
  matches(trace: Trace): readonly Span[] {
    if (trace.spans.length === 0) return [];
    const tree = new TraceTree(trace);
    return this.#pipeline(tree).flatMap(({ spans }) => spans.map((index) => tree.spans[index]!));
  }
}

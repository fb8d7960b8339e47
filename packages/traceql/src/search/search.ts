// A search: the traces of a source that a query finds, and of each trace the spans.

import { QueryError } from '#promql';
import type { Attribute, IntrinsicName } from '../data/attribute.js';
import type { Value } from '../data/value.js';
import { compileAttribute, type Field } from '../eval/field.js';
import { compilePipeline } from '../eval/pipeline.js';
import type { Spanset, SpansetAttribute } from '../eval/spanset.js';
import { type ServiceStats, TraceTree } from '../eval/trace-tree.js';
import { attributesOfPipeline, needsOf } from '../plan/needs.js';
import { isImpossible, traceCondition } from '../plan/trace-condition.js';
import type { ReadContext, TraceRequest, TraceSource } from '../source.js';
import type { SearchQuery } from '../syntax/ast.js';
import { checkQuery } from '../syntax/check.js';
import { parseQuery } from '../syntax/parser.js';
import { printPipeline } from '../syntax/print.js';

export interface SearchRequest {
  readonly query: string;
  /** Traces with a span that starts in this range are searched; the end is not part of it. */
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
  /** How many traces are found at most; Infinity for all. */
  readonly limit: number;
  /** How many spans of a spanset are given at most; Infinity for all. All of them are counted. */
  readonly spansPerSpanset: number;
}

export interface FoundSpan {
  readonly spanId: string;
  readonly parentSpanId: string;
  /** Where the span is in its trace, by start. */
  readonly index: number;
  readonly serviceName: string;
  readonly name: string;
  /** OTLP's SpanKind and StatusCode. */
  readonly kind: number;
  readonly statusCode: number;
  readonly startUnixNs: bigint;
  readonly durationNs: number;
  /** What the query reads of the span, as far as the span has it. */
  readonly attributes: readonly FoundAttribute[];
}

export interface FoundAttribute {
  readonly attribute: Attribute;
  readonly value: Exclude<Value, undefined>;
}

export interface FoundSpanset {
  readonly spans: readonly FoundSpan[];
  /** How many spans matched. */
  readonly matched: number;
  /** Values of groupings and aggregates. */
  readonly attributes: readonly SpansetAttribute[];
}

export interface FoundTrace {
  readonly traceId: string;
  /** Name and service of the root span; undefined while it is not there. */
  readonly rootName: string | undefined;
  readonly rootServiceName: string | undefined;
  readonly startUnixNs: bigint;
  readonly durationNs: number;
  readonly spansets: readonly FoundSpanset[];
  readonly serviceStats: ReadonlyMap<string, ServiceStats>;
}

/** What was looked at so far. */
export interface SearchProgress {
  readonly traces: number;
  readonly spans: number;
}

/** What one batch of the source added. */
export interface SearchResults {
  readonly traces: readonly FoundTrace[];
  readonly inspected: SearchProgress;
}

/** A search that can be run, or asked what it would read. */
export class Search {
  readonly request: SearchRequest;
  readonly query: SearchQuery;
  readonly #pipeline: (tree: TraceTree) => readonly Spanset[];
  readonly #shown: readonly { readonly attribute: Attribute; readonly field: Field }[];
  readonly #attributes: readonly Attribute[];

  /** Throws a ParseError or CheckError for a query that is none. */
  constructor(request: SearchRequest) {
    const query = parseQuery(request.query);
    checkQuery(query);
    if (query.kind !== 'search') throw new QueryError('execution', 'a metrics query has series, and no spans to find');
    this.request = request;
    this.query = query;
    this.#pipeline = compilePipeline(query.pipeline);
    this.#attributes = attributesOfPipeline(query.pipeline);
    this.#shown = this.#attributes
      .filter((attribute) => attribute.kind !== 'intrinsic' || !knownOtherwise.has(attribute.name))
      .map((attribute) => ({ attribute, field: compileAttribute(attribute) }));
  }

  /** The pipeline of the query, printed. */
  get text(): string {
    return printPipeline(this.query.pipeline);
  }

  get traceRequest(): TraceRequest {
    const { startUnixNs, endUnixNs, limit } = this.request;
    return {
      startUnixNs,
      endUnixNs,
      condition: traceCondition(this.query.pipeline),
      needs: needsOf(this.#attributes),
      order: 'newest first',
      wanted: Number.isFinite(limit) ? limit : undefined,
      spans: 'all',
    };
  }

  /** Gives what was found after each batch, and ends once there are as many traces as asked for. */
  async *run<Principal>(
    source: TraceSource<Principal>,
    context: ReadContext<Principal>,
  ): AsyncGenerator<SearchResults, void> {
    const request = this.traceRequest;
    let wanted = this.request.limit;
    if (wanted <= 0 || isImpossible(request.condition)) return;
    const inspected = { traces: 0, spans: 0 };
    for await (const batch of source.read(request, context)) {
      context.signal.throwIfAborted();
      const found: FoundTrace[] = [];
      for (const trace of batch) {
        inspected.traces++;
        inspected.spans += trace.spans.length;
        const result = trace.spans.length === 0 ? undefined : this.#find(new TraceTree(trace));
        if (result === undefined) continue;
        found.push(result);
        wanted--;
        if (wanted === 0) break;
      }
      yield { traces: found, inspected: { ...inspected } };
      if (wanted === 0) return;
    }
  }

  #find(tree: TraceTree): FoundTrace | undefined {
    const spansets = this.#pipeline(tree);
    if (spansets.length === 0) return undefined;
    const { root } = tree;
    return {
      traceId: tree.traceId,
      rootName: root?.name,
      rootServiceName: root?.resource.serviceName,
      startUnixNs: tree.startUnixNs,
      durationNs: tree.durationNs,
      spansets: spansets.map((spanset) => this.#show(tree, spanset)),
      serviceStats: tree.serviceStats,
    };
  }

  #show(tree: TraceTree, { spans, attributes }: Spanset): FoundSpanset {
    const shown = spans.slice(0, this.request.spansPerSpanset).map((index) => this.#showSpan(tree, index));
    return { spans: shown, matched: spans.length, attributes };
  }

  #showSpan(tree: TraceTree, index: number): FoundSpan {
    const { spanId, parentSpanId, name, kind, statusCode, startUnixNs, durationNs, resource } = tree.spans[index]!;
    const attributes = this.#shown.flatMap(({ attribute, field }): FoundAttribute[] => {
      const value = field(tree, index);
      return value === undefined ? [] : [{ attribute, value }];
    });
    const { serviceName } = resource;
    return { spanId, parentSpanId, index, serviceName, name, kind, statusCode, startUnixNs, durationNs, attributes };
  }
}

/** Fields that every answer has beside the attributes. */
const knownOtherwise: ReadonlySet<IntrinsicName> = new Set([
  'name',
  'duration',
  'traceDuration',
  'rootName',
  'rootServiceName',
  'trace:id',
  'span:id',
]);

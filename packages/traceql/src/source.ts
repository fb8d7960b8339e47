// What a query asks of a store, as data. Everything here can be sent to another thread.

import type { Attribute, NamedAttribute } from './data/attribute.js';
import type { Trace } from './data/span.js';
import type { Value } from './data/value.js';

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '=~' | '!~';

/**
 * What is known of the spans that a filter can match. Every match meets the condition. A span that meets it need not
 * match, because the evaluation looks again; so a store may drop any part that it cannot express, as long as that lets
 * more spans through.
 *
 * Types are strict: `span.a = "1"` holds for the string alone, while ints, floats and durations (in nanoseconds)
 * compare by number. A comparison with an attribute that is absent or of another type does not hold, `!=` and `!~`
 * included. Patterns of `=~` match the whole value, in RE2's syntax. An array meets a comparison when one of its
 * elements does, and `!=` and `!~` when all do. Of events and links, one has to meet it.
 */
export type SpanCondition =
  | { readonly kind: 'every' }
  | { readonly kind: 'none' }
  | { readonly kind: 'all'; readonly conditions: readonly SpanCondition[] }
  | { readonly kind: 'any'; readonly conditions: readonly SpanCondition[] }
  | {
      readonly kind: 'compare';
      readonly attribute: Attribute;
      readonly operator: ComparisonOperator;
      readonly value: Exclude<Value, undefined>;
    }
  | { readonly kind: 'present'; readonly attribute: Attribute }
  | { readonly kind: 'absent'; readonly attribute: Attribute };

/** What is known of the traces that a query can match: in terms of which spans they must have. */
export type TraceCondition =
  | { readonly kind: 'some'; readonly span: SpanCondition }
  | { readonly kind: 'all'; readonly conditions: readonly TraceCondition[] }
  | { readonly kind: 'any'; readonly conditions: readonly TraceCondition[] };

/** Members of a span that a query reads. Ids, start, duration, name and `resource.serviceName` are always read. */
export type SpanMember = 'kind' | 'statusCode' | 'statusMessage' | 'instrumentation' | 'events' | 'links';

/** What has to be there in the spans that are read. */
export interface Needs {
  readonly members: readonly SpanMember[];
  /** Attributes that are read, each once. `all`: those of every scope. An attribute of a parent is listed as that of a span. */
  readonly attributes: 'all' | readonly NamedAttribute[];
}

export interface TraceRequest {
  /** Candidates have a span that starts in this range and meets the condition. The end is not part of the range. */
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
  readonly condition: TraceCondition;
  readonly needs: Needs;
  /** Traces whose latest span in the range started last come first, or any order will do. */
  readonly order: 'newest first' | 'any';
  /** How many matching traces end the reading, for stores that read in batches. */
  readonly wanted: number | undefined;
  /** `some` will do where each span is looked at by itself: spans that meet the condition, from all parts of the range if that is cheap. */
  readonly spans: 'all' | 'some';
}

/** What is computed from the spans of a group in one step of the grid. */
export type Measure =
  | { readonly kind: 'count' }
  | { readonly kind: 'min' | 'max' | 'sum' | 'avg'; readonly attribute: Attribute }
  | { readonly kind: 'histogram'; readonly attribute: Attribute };

/** Step `n` holds spans with `startUnixNs + n * stepNs < start <= startUnixNs + (n + 1) * stepNs`. */
export interface AggregateGrid {
  readonly startUnixNs: bigint;
  readonly stepNs: bigint;
  readonly count: number;
}

/** A metrics query of one filter that a store can answer by itself, by one GROUP BY. */
export interface AggregateRequest {
  /** Exactly the spans that count: unlike in a `TraceRequest`, no part may be dropped. */
  readonly condition: SpanCondition;
  readonly by: readonly Attribute[];
  readonly measure: Measure;
  readonly grid: AggregateGrid;
}

/**
 * Rows of a GROUP BY, in columns. Group `groups[i]` has `values[i]` in step `steps[i]`; of a histogram the value is the
 * count of spans in `buckets[i]`, the smallest power of two that is not below the measured number (nanoseconds of a
 * duration); numbers below 2 are dropped. Of an average `counts[i]` says from how many spans `values[i]` is the sum.
 */
export interface Aggregates {
  /** The values of `by` in each group. */
  readonly groups: readonly (readonly Value[])[];
  readonly rowGroups: Uint32Array;
  readonly steps: Uint32Array;
  readonly values: Float64Array;
  readonly counts: Float64Array | undefined;
  readonly buckets: Float64Array | undefined;
}

export interface ReadContext<Principal> {
  /** Who asks, as the caller of the evaluation named it. The evaluation does not look into it. */
  readonly principal: Principal;
  /** Aborted when the query is cancelled or takes too long: reading must then end. */
  readonly signal: AbortSignal;
}

/** Where traces come from. */
export interface TraceSource<Principal> {
  /** Traces that meet the condition, each once and with all its spans, in batches of any size. */
  read(request: TraceRequest, context: ReadContext<Principal>): AsyncIterable<readonly Trace[]>;
  /** Answers the request in the store, or says with `undefined` that it cannot: then traces are read. */
  aggregate?(request: AggregateRequest, context: ReadContext<Principal>): Promise<Aggregates | undefined>;
}

import type { Value } from './value.js';

/** Attributes by name. Values that TraceQL has no type for (maps, bytes, arrays of several types) are left out. */
export type Attributes = ReadonlyMap<string, Value>;

/** Spans of one resource may share the object, so that its attributes are read once. */
export interface Resource {
  /** `service.name`, or empty. It is read from here, whatever the attributes say. */
  readonly serviceName: string;
  readonly attributes: Attributes;
}

export interface Instrumentation {
  readonly name: string;
  readonly version: string;
  readonly attributes: Attributes;
}

export interface SpanEvent {
  readonly name: string;
  /** From the start of the span; negative where clocks disagree. */
  readonly timeSinceStartNs: number;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/**
 * A span as the evaluation reads it. Its members may be computed when they are first read; those that the request has
 * not asked for (`Needs`) are never read.
 */
export interface Span {
  /** Hex digits in lower case. */
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly startUnixNs: bigint;
  readonly durationNs: number;
  readonly name: string;
  /** OTLP's SpanKind, 0 to 5. */
  readonly kind: number;
  /** OTLP's StatusCode, 0 to 2. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly resource: Resource;
  readonly instrumentation: Instrumentation;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

/** A trace with all its spans, in any order. */
export interface Trace {
  /** 32 hex digits in lower case. */
  readonly traceId: string;
  readonly spans: readonly Span[];
}

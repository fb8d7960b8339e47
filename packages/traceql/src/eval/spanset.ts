import type { Value } from '../data/value.js';

export interface SpansetAttribute {
  /** The step that gave the value, as it is printed: `by(span.a)`, `max(duration)`. */
  readonly name: string;
  readonly value: Value;
}

/** Spans of one trace, as rising indexes, and what steps of the pipeline found out about them together. */
export interface Spanset {
  readonly spans: readonly number[];
  readonly attributes: readonly SpansetAttribute[];
}

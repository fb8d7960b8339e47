// Which spans of a trace are asked for: those that a filter of TraceQL matches, and of their relatives as many generations as wanted.

import { type Span, SpanFilter } from '#traceql';
import { constantSql } from '../scan/constant-sql.js';
import type { Scanner } from '../scan/scanner.js';
import { SpanReader } from './span-reader.js';
import { inRangeSql, type SpanRange } from './span-time-sql.js';

export interface SpanSelection {
  /** One filter, `{ … }`. */
  readonly filter: string;
  /** Generations of ancestors and of descendants; Infinity for all. */
  readonly ancestors: number;
  readonly descendants: number;
}

export interface TraceAddress {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Where its spans are looked for; everywhere if undefined. */
  readonly range: SpanRange | undefined;
}

/** What all spans of the trace meet, and no other row. */
export function isOfTraceSql({ traceId, range }: TraceAddress): string {
  return `trace_id = ${constantSql(traceId)}${range === undefined ? '' : ` AND ${inRangeSql(range)}`}`;
}

/** A span as far as a selection tells spans apart: those of one id differ in kind or start. */
export type SpanIdentity = Pick<Span, 'spanId' | 'kind' | 'startUnixNs'>;

/** A test of spans of the trace. `onSpans` is told of the spans that are read, before they are held. Throws as SpanFilter does. */
export async function selectedSpans(
  scanner: Scanner,
  address: TraceAddress,
  { filter, ancestors, descendants }: SpanSelection,
  { signal, onSpans }: { readonly signal: AbortSignal; onSpans(count: number): void },
): Promise<(span: SpanIdentity) => boolean> {
  const compiled = new SpanFilter(filter);
  const reader = new SpanReader(compiled.needs);
  const sql = `SELECT ${reader.selectList} FROM {{otlp_traces}} WHERE ${isOfTraceSql(address)}`;
  const spans: Span[] = [];
  for await (const block of scanner.scan({ sql }, signal)) {
    onSpans(block.rowCount);
    reader.read(block, (_traceId, span) => spans.push(span));
  }
  const matched = compiled.matches({ traceId: address.traceId, spans });
  const parents = adjacency(spans, ({ spanId, parentSpanId }) => [spanId, parentSpanId]);
  const children = adjacency(spans, ({ spanId, parentSpanId }) => [parentSpanId, spanId]);
  const ids = matched.map(({ spanId }) => spanId).filter(Boolean);
  const relatives = new Set([...reached(parents, ids, ancestors), ...reached(children, ids, descendants)]);
  const keys = new Set(matched.map(keyOf));
  return (span) => keys.has(keyOf(span)) || relatives.has(span.spanId);
}

function keyOf({ spanId, kind, startUnixNs }: SpanIdentity): string {
  return `${spanId} ${kind} ${startUnixNs}`;
}

function adjacency(
  spans: readonly Span[],
  edge: (span: Span) => readonly [from: string, to: string],
): ReadonlyMap<string, readonly string[]> {
  const edges = new Map<string, string[]>();
  for (const [from, to] of spans.map(edge)) {
    // Roots are no relatives because all of them lack a parent.
    if (from === '' || to === '') continue;
    const known = edges.get(from);
    if (known === undefined) edges.set(from, [to]);
    else known.push(to);
  }
  return edges;
}

/** Ids within so many steps, generation by generation; circles are walked once. */
function reached(
  edges: ReadonlyMap<string, readonly string[]>,
  from: readonly string[],
  generations: number,
): ReadonlySet<string> {
  const found = new Set<string>();
  let generation = [...new Set(from)];
  for (let step = 0; step < generations && generation.length > 0; step++) {
    const next = new Set(generation.flatMap((id) => edges.get(id) ?? []));
    generation = [...next].filter((id) => !found.has(id));
    for (const id of generation) found.add(id);
  }
  return found;
}

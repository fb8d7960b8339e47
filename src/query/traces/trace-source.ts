// otlp_traces → the traces that TraceQL evaluates. SQL finds candidates, by spans in the range that a query may match; then all
// spans of a candidate are read, with the columns that the query needs.

import type { AggregateRequest, Aggregates, ReadContext, Span, Trace, TraceRequest, TraceSource } from '#traceql';
import type { Principal } from '../../server/identity/principal.js';
import { numberAt, textAt } from '../scan/block-values.js';
import { constantSql } from '../scan/constant-sql.js';
import type { Scanner } from '../scan/scanner.js';
import { aggregate } from './aggregate.js';
import { anySpanSqls, anySpansSql, traceHavingSql } from './condition-sql.js';
import { SpanReader } from './span-reader.js';
import { inRangeSql, type SpanRange } from './span-time-sql.js';

/** The newest slice of the range that is looked at first: what was sent last is asked for most. */
const FIRST_SLICE_NS = 60_000_000_000n;
/** The next slice is longer by this. Each costs a statement. */
const SLICE_GROWTH = 8n;
/** Traces whose spans one statement reads. Each statement compares every id of its range with all of them. */
const FIRST_BATCH_TRACES = 64;
const MAX_BATCH_TRACES = 256;
/** Up to so many candidates are read by their ids; of more, one statement reads every span of the range. */
const MAX_LISTED_TRACES = 2048;
/** Parts of a range that some spans are taken from. Each costs the planning of a SELECT. */
const SAMPLED_PARTS = 4;
/** Spans by which it is told which of several conditions fewer spans meet. */
const COMPARED_SPANS = 50_000;
/**
 * How long before and after the range spans of its traces are looked for. A trace that lacks its root, or a parent, there
 * is looked for everywhere.
 */
const TRACE_SPREAD_NS = 3_600_000_000_000n;

/** Whether SQL says what it can of a query, or only its range: for tests that compare the two. */
export type Pushdown = 'all' | 'range only';

export class TableTraceSource implements TraceSource<Principal> {
  readonly #scanner: Scanner;
  readonly #pushdown: Pushdown;

  constructor(scanner: Scanner, pushdown: Pushdown = 'all') {
    this.#scanner = scanner;
    this.#pushdown = pushdown;
  }

  async *read(asked: TraceRequest, { signal }: ReadContext<Principal>): AsyncGenerator<readonly Trace[]> {
    const request: TraceRequest =
      this.#pushdown === 'all' ? asked : { ...asked, condition: { kind: 'some', span: { kind: 'every' } } };
    if (request.spans === 'some' && request.wanted !== undefined) {
      yield* this.#readSome(request, request.wanted, signal);
      return;
    }
    if (request.wanted === undefined && request.order === 'any') {
      yield* this.#readAll(request, signal);
      return;
    }
    const wanted = request.wanted ?? Number.POSITIVE_INFINITY;
    let batchTraces = FIRST_BATCH_TRACES;
    let candidates = 0;
    let ids: string[] = [];
    for await (const found of this.#inSlices(request, signal)) {
      candidates += found.length;
      for (const id of found) {
        ids.push(id);
        if (ids.length < batchTraces) continue;
        yield await this.#readTraces(ids, request, signal);
        ids = [];
        batchTraces = Math.min(2 * batchTraces, MAX_BATCH_TRACES);
      }
      // What a slice has is newer than what the next one has: it may be all that is wanted, unless it is too little.
      if (ids.length > 0 && candidates >= wanted) {
        yield await this.#readTraces(ids, request, signal);
        ids = [];
      }
    }
    if (ids.length > 0) yield await this.#readTraces(ids, request, signal);
  }

  async aggregate(request: AggregateRequest, { signal }: ReadContext<Principal>): Promise<Aggregates | undefined> {
    return this.#pushdown === 'all' ? aggregate(this.#scanner, request, signal) : undefined;
  }

  /**
   * Candidates, each once, by the latest span of theirs that may match. That of the whole trace would have to be looked for in the
   * rest of the range.
   */
  async *#inSlices(request: TraceRequest, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    const seen = new Set<string>();
    const condition = await this.#rarest(request, signal);
    for (const slice of slices(request)) {
      const sql = `SELECT trace_id FROM {{otlp_traces}}
        WHERE trace_id IS NOT NULL AND ${inRangeSql(slice)} AND ${condition}
        GROUP BY trace_id ORDER BY max(start_time_unix_nano) DESC, trace_id`;
      for await (const ids of this.#ids(sql, signal)) {
        const fresh = ids.filter((id) => !seen.has(id));
        for (const id of fresh) seen.add(id);
        if (fresh.length > 0) yield fresh;
      }
    }
  }

  /**
   * The condition on spans by which candidates are looked for. Where a trace has to meet several, any of them finds all
   * candidates, and the one that fewest spans meet finds the fewest others. It is the same for all slices, because the spans of a
   * trace may be in different ones.
   */
  async #rarest(request: TraceRequest, signal: AbortSignal): Promise<string> {
    const conditions = anySpanSqls(request.condition);
    if (conditions.length === 1) return conditions[0]!;
    const counts = conditions.map((sql) => `CAST(count(*) FILTER (WHERE ${sql}) AS DOUBLE)`);
    const sql = `SELECT ${counts.join(', ')}
      FROM (SELECT * FROM {{otlp_traces}} WHERE ${inRangeSql(request)} LIMIT ${COMPARED_SPANS})`;
    let rarest = 0;
    for await (const { columns } of this.#scanner.scan({ sql }, signal)) {
      const met = columns.map((column) => numberAt(column, 0)!);
      rarest = met.indexOf(Math.min(...met));
    }
    return conditions[rarest]!;
  }

  async *#ids(sql: string, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    for await (const block of this.#scanner.scan({ sql }, signal)) {
      yield Array.from({ length: block.rowCount }, (_, row) => textAt(block.columns[0]!, row)!);
    }
  }

  /** Spans that may match, an equal number from each part of the range. */
  async *#readSome(request: TraceRequest, wanted: number, signal: AbortSignal): AsyncGenerator<readonly Trace[]> {
    const reader = new SpanReader(request.needs);
    const { startUnixNs, endUnixNs } = request;
    const partNs = (endUnixNs - startUnixNs) / BigInt(SAMPLED_PARTS) + 1n;
    const parts = Array.from({ length: SAMPLED_PARTS }, (_, i) => {
      const start = startUnixNs + BigInt(i) * partNs;
      const end = start + partNs;
      const range = inRangeSql({ startUnixNs: start, endUnixNs: end < endUnixNs ? end : endUnixNs });
      return `(SELECT ${reader.selectList} FROM {{otlp_traces}}
        WHERE trace_id IS NOT NULL AND ${range} AND ${anySpansSql(request.condition)} LIMIT ${Math.ceil(wanted / SAMPLED_PARTS)})`;
    });
    for await (const block of this.#scanner.scan({ sql: parts.join(' UNION ALL ') }, signal)) {
      const traces: Trace[] = [];
      reader.read(block, (traceId, span) => traces.push({ traceId, spans: [span] }));
      yield traces;
    }
  }

  /** All traces that SQL lets through. */
  async *#readAll(request: TraceRequest, signal: AbortSignal): AsyncGenerator<readonly Trace[]> {
    const candidates = candidatesSql(request);
    const ids = new Set<string>();
    const sql = `SELECT DISTINCT trace_id FROM (${candidates}) LIMIT ${MAX_LISTED_TRACES + 1}`;
    for await (const block of this.#ids(sql, signal)) for (const id of block) ids.add(id);
    if (ids.size > MAX_LISTED_TRACES) {
      yield* this.#readRange(request, candidates, signal);
      return;
    }
    const listed = [...ids];
    for (let first = 0; first < listed.length; first += MAX_BATCH_TRACES) {
      yield await this.#readTraces(listed.slice(first, first + MAX_BATCH_TRACES), request, signal);
    }
  }

  /** One trace after the other, out of one look at all spans. */
  async *#readRange(request: TraceRequest, candidates: string, signal: AbortSignal): AsyncGenerator<readonly Trace[]> {
    const reader = new SpanReader(request.needs);
    const sql = `SELECT ${reader.selectList} FROM {{otlp_traces}}
      WHERE ${inRangeSql(spread(request))} AND trace_id IN (${candidates}) ORDER BY trace_id`;
    let open: { traceId: string; spans: Span[] } | undefined;
    for await (const block of this.#scanner.scan({ sql }, signal)) {
      const complete: Trace[] = [];
      reader.read(block, (traceId, span) => {
        if (open?.traceId !== traceId) {
          if (open !== undefined) complete.push(open);
          open = { traceId, spans: [] };
        }
        open.spans.push(span);
      });
      if (complete.length > 0) yield complete;
    }
    if (open !== undefined) yield [open];
  }

  /** Whole traces in the order of their ids. */
  async #readTraces(ids: readonly string[], request: TraceRequest, signal: AbortSignal): Promise<readonly Trace[]> {
    const found = await this.#spansOf(ids, request, inRangeSql(spread(request)), signal);
    const incomplete = ids.filter((id) => !isComplete(found.get(id) ?? []));
    if (incomplete.length > 0) {
      const everywhere = await this.#spansOf(incomplete, request, 'true', signal);
      for (const [id, spans] of everywhere) found.set(id, spans);
    }
    return ids.flatMap((traceId) => {
      const spans = found.get(traceId);
      return spans === undefined ? [] : [{ traceId, spans }];
    });
  }

  async #spansOf(
    ids: readonly string[],
    { needs }: TraceRequest,
    condition: string,
    signal: AbortSignal,
  ): Promise<Map<string, Span[]>> {
    const reader = new SpanReader(needs);
    const found = new Map<string, Span[]>();
    // Unlike IN, which becomes a join, this is tested by the scan, before it reads other columns.
    const sql = `SELECT ${reader.selectList} FROM {{otlp_traces}}
      WHERE ${condition} AND list_contains([${ids.map(constantSql).join(', ')}], trace_id)`;
    for await (const block of this.#scanner.scan({ sql }, signal)) {
      reader.read(block, (traceId, span) => {
        const spans = found.get(traceId);
        if (spans === undefined) found.set(traceId, [span]);
        else spans.push(span);
      });
    }
    return found;
  }
}

/** Ids of the traces that may match. */
function candidatesSql(request: TraceRequest): string {
  const spans = `FROM {{otlp_traces}} WHERE trace_id IS NOT NULL AND ${inRangeSql(request)} AND ${anySpansSql(request.condition)}`;
  if (request.condition.kind === 'some') return `SELECT trace_id ${spans}`;
  return `SELECT trace_id ${spans} GROUP BY trace_id HAVING ${traceHavingSql(request.condition)}`;
}

/** The range from its end on, in longer and longer parts. */
function* slices({ startUnixNs, endUnixNs }: SpanRange): Generator<SpanRange> {
  let length = FIRST_SLICE_NS;
  for (let end = endUnixNs; end > startUnixNs; length *= SLICE_GROWTH) {
    const start = end - length > startUnixNs ? end - length : startUnixNs;
    yield { startUnixNs: start, endUnixNs: end };
    end = start;
  }
}

function spread({ startUnixNs, endUnixNs }: SpanRange): SpanRange {
  return { startUnixNs: startUnixNs - TRACE_SPREAD_NS, endUnixNs: endUnixNs + TRACE_SPREAD_NS };
}

/** Whether there is a root, and the parent of every other span. */
function isComplete(spans: readonly Span[]): boolean {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return (
    spans.some(({ parentSpanId }) => parentSpanId === '') &&
    spans.every(({ parentSpanId }) => parentSpanId === '' || ids.has(parentSpanId))
  );
}

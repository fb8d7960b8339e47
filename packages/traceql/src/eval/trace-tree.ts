import type { Span, Trace } from '../data/span.js';

/** `parents` of a span that has none, or whose parent is not in the trace. */
export const NO_PARENT = -1;

/** `nestedSetParent` of a root, which tells it from a span whose parent did not arrive. */
const ROOT = -1;

const SERVER = 2;
const CLIENT = 3;

/** OTLP's StatusCode of an error. */
const ERROR = 2;

export interface ServiceStats {
  spanCount: number;
  errorCount: number;
}

/**
 * A trace whose spans are numbered by rising start, with the tree that their parents make. A span whose parent is not
 * there is the root of a tree of its own. Spans on a circle of parents, and below it, are in no tree: they are related to
 * no span, and their numbers of the nested set are 0.
 */
export class TraceTree {
  readonly traceId: string;
  readonly spans: readonly Span[];
  // Most filters look at nothing but spans, so that what relates them is computed when it is asked for.
  #parents: Int32Array | undefined;
  #childCounts: Uint32Array | undefined;
  #order: Int32Array | undefined;
  #nestedSet: NestedSet | undefined;
  #rootIndex: number | undefined;

  constructor(trace: Trace) {
    this.traceId = trace.traceId;
    this.spans = inOrderOfStart(trace.spans);
  }

  /** The parent of each span, as an index. */
  get parents(): Int32Array {
    this.#parents ??= parentsOf(this.spans);
    return this.#parents;
  }

  get childCounts(): Uint32Array {
    this.#childCounts ??= countChildren(this.parents);
    return this.#childCounts;
  }

  /** Spans in trees, parents before children. */
  get order(): Int32Array {
    this.#order ??= depthFirst(this.parents);
    return this.#order;
  }

  /** The first root, or undefined while it is not there. */
  get root(): Span | undefined {
    this.#rootIndex ??= this.spans.findIndex(({ parentSpanId }) => parentSpanId === '');
    return this.spans[this.#rootIndex];
  }

  get startUnixNs(): bigint {
    return this.spans[0]!.startUnixNs;
  }

  /** From the first start to the last end. */
  get durationNs(): number {
    const start = this.startUnixNs;
    return this.spans.reduce(
      (longest, span) => Math.max(longest, Number(span.startUnixNs - start) + span.durationNs),
      0,
    );
  }

  /** How many spans and errors each service has, services in the order of their first spans. */
  get serviceStats(): Map<string, ServiceStats> {
    const stats = new Map<string, ServiceStats>();
    for (const { resource, statusCode } of this.spans) {
      let service = stats.get(resource.serviceName);
      if (service === undefined) {
        service = { spanCount: 0, errorCount: 0 };
        stats.set(resource.serviceName, service);
      }
      service.spanCount++;
      if (statusCode === ERROR) service.errorCount++;
    }
    return stats;
  }

  get nestedSet(): NestedSet {
    this.#nestedSet ??= this.#numbered();
    return this.#nestedSet;
  }

  /** Counts up on the way down into a span and on the way up out of it. True roots come first, as Tempo numbers them. */
  #numbered(): NestedSet {
    const { spans, parents, order } = this;
    const left = new Int32Array(spans.length);
    const right = new Int32Array(spans.length);
    const parent = new Int32Array(spans.length);
    const open: number[] = [];
    let bound = 1;
    const close = (until: number) => {
      while (open.length > 0 && open[open.length - 1] !== until) right[open.pop()!] = bound++;
    };
    for (const isRootTree of [true, false]) {
      let isWanted = false;
      for (const span of order) {
        if (parents[span] === NO_PARENT) isWanted = (spans[span]!.parentSpanId === '') === isRootTree;
        if (!isWanted) continue;
        close(parents[span]!);
        left[span] = bound++;
        parent[span] = parents[span] === NO_PARENT ? (isRootTree ? ROOT : 0) : left[parents[span]!]!;
        open.push(span);
      }
      close(NO_PARENT);
    }
    return { left, right, parent };
  }
}

export interface NestedSet {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly parent: Int32Array;
}

/** Stores mostly have them in that order. */
function inOrderOfStart(spans: readonly Span[]): readonly Span[] {
  const isInOrder = spans.every((span, index) => index === 0 || spans[index - 1]!.startUnixNs <= span.startUnixNs);
  if (isInOrder) return spans;
  return spans
    .slice()
    .sort(({ startUnixNs: left }, { startUnixNs: right }) => (left < right ? -1 : left > right ? 1 : 0));
}

function countChildren(parents: Int32Array): Uint32Array {
  const counts = new Uint32Array(parents.length);
  for (const parent of parents) if (parent !== NO_PARENT) counts[parent]!++;
  return counts;
}

/** Roots by rising start, and below each of them its children alike. */
function depthFirst(parents: Int32Array): Int32Array {
  const [firstChild, nextSibling] = childLists(parents);
  const order = new Int32Array(parents.length);
  let count = 0;
  for (let root = 0; root < parents.length; root++) {
    if (parents[root] !== NO_PARENT) continue;
    let span = root;
    for (;;) {
      order[count++] = span;
      if (firstChild[span] !== NO_PARENT) {
        span = firstChild[span]!;
        continue;
      }
      while (span !== root && nextSibling[span] === NO_PARENT) span = parents[span]!;
      if (span === root) break;
      span = nextSibling[span]!;
    }
  }
  return order.subarray(0, count);
}

function parentsOf(spans: readonly Span[]): Int32Array {
  const byId = new Map<string, number | number[]>();
  spans.forEach(({ spanId }, index) => {
    const same = byId.get(spanId);
    if (same === undefined) byId.set(spanId, index);
    else if (typeof same === 'number') byId.set(spanId, [same, index]);
    else same.push(index);
  });
  return Int32Array.from(spans, (span, index) => {
    if (span.parentSpanId === '') return NO_PARENT;
    const found = byId.get(span.parentSpanId);
    if (found === undefined) return NO_PARENT;
    return typeof found === 'number' ? found : parentAmong(found, span, index, spans);
  });
}

/**
 * Several spans may have one id: Zipkin gives the client and the server of a call the same, and clients send again what
 * was lost. The child of a call is the server's, unless it is a server itself.
 */
function parentAmong(candidates: readonly number[], span: Span, index: number, spans: readonly Span[]): number {
  const wanted = span.kind === SERVER ? CLIENT : SERVER;
  const others = candidates.filter((candidate) => candidate !== index);
  return others.find((candidate) => spans[candidate]!.kind === wanted) ?? others[0] ?? NO_PARENT;
}

/** For each span its first child, and the next one with the same parent. */
function childLists(parents: Int32Array): [firstChild: Int32Array, nextSibling: Int32Array] {
  const firstChild = new Int32Array(parents.length).fill(NO_PARENT);
  const nextSibling = new Int32Array(parents.length).fill(NO_PARENT);
  for (let span = parents.length - 1; span >= 0; span--) {
    const parent = parents[span]!;
    if (parent === NO_PARENT) continue;
    nextSibling[span] = firstChild[parent]!;
    firstChild[parent] = span;
  }
  return [firstChild, nextSibling];
}

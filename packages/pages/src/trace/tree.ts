// Spans → a tree, whatever they say of their parents: some may be missing, sent twice, in a circle, or have a clock of their own.

import type { TraceSpan } from '../apis/tempo.js';

export interface Node {
  readonly span: TraceSpan;
  /** Where it is shown: its own start, plus what its clock is behind. */
  readonly startMs: number;
  /** What the clock of its service seems to be behind that of its parent's, 0 where nothing says so. */
  readonly behindMs: number;
  /** The place in the list of all nodes, parents before children. */
  readonly index: number;
  readonly level: number;
  readonly parent: number | undefined;
  readonly children: readonly number[];
  /** Spans below it. */
  readonly below: number;
  /** Whether it names a parent that is not there. */
  readonly isOrphan: boolean;
  readonly hasErrorBelow: boolean;
  /** The part of its duration in which no child was running. */
  readonly selfMs: number;
}

export interface Tree {
  readonly nodes: readonly Node[];
  readonly startMs: number;
  readonly durationMs: number;
}

/** Whether times are shown as they were sent, or so that each call is inside of the one that waits for it. */
export type Clocks = 'corrected' | 'as sent';

interface Draft {
  readonly span: TraceSpan;
  readonly children: Draft[];
  startMs: number;
  behindMs: number;
  level: number;
  index: number;
  parent: Draft | undefined;
  below: number;
  hasErrorBelow: boolean;
  isOrphan: boolean;
}

export function treeOf(spans: readonly TraceSpan[], clocks: Clocks): Tree {
  const byStart = spans.toSorted((left, right) => left.startMs - right.startMs);
  const drafts = byStart.map((span): Draft => {
    return {
      span,
      children: [],
      startMs: span.startMs,
      behindMs: 0,
      level: 0,
      index: -1,
      parent: undefined,
      below: 0,
      hasErrorBelow: false,
      isOrphan: false,
    };
  });
  // The first of those that were sent twice has the children.
  const byId = new Map(drafts.toReversed().map((draft) => [draft.span.spanId, draft]));
  for (const draft of drafts) {
    const { parentId } = draft.span;
    const parent = parentId === '' ? undefined : byId.get(parentId);
    draft.isOrphan = parentId !== '' && parent === undefined;
    if (parent !== undefined && parent !== draft) {
      draft.parent = parent;
      parent.children.push(draft);
    }
  }
  const roots = drafts.filter(({ parent }) => parent === undefined);
  let ordered: Draft[] = [];
  for (const root of roots) visit(root, ordered);
  // What is left is in a circle: its earliest span stands for a root.
  for (const draft of drafts) {
    if (draft.index !== -1) continue;
    if (draft.parent !== undefined) draft.parent.children.splice(draft.parent.children.indexOf(draft), 1);
    draft.parent = undefined;
    draft.isOrphan = true;
    roots.push(draft);
    visit(draft, ordered);
  }
  if (clocks === 'corrected' && correctClocks(ordered)) {
    for (const draft of ordered) draft.index = -1;
    for (const { children } of ordered) children.sort((left, right) => left.startMs - right.startMs);
    ordered = [];
    for (const root of roots) visit(root, ordered);
  }
  for (const draft of ordered.toReversed()) {
    if (draft.parent === undefined) continue;
    draft.parent.below += 1 + draft.below;
    draft.parent.hasErrorBelow ||= draft.hasErrorBelow || draft.span.status === 'error';
  }
  const nodes = ordered.map((draft): Node => {
    const { children } = draft;
    return {
      span: draft.span,
      startMs: draft.startMs,
      behindMs: draft.behindMs,
      index: draft.index,
      level: draft.level,
      parent: draft.parent?.index,
      children: children.map(({ index }) => index),
      below: draft.below,
      isOrphan: draft.isOrphan,
      hasErrorBelow: draft.hasErrorBelow,
      selfMs: selfTime(draft),
    };
  });
  const startMs = nodes.reduce((first, node) => Math.min(first, node.startMs), Number.POSITIVE_INFINITY);
  const endMs = nodes.reduce((last, node) => Math.max(last, endOf(node)), startMs);
  return { nodes, startMs, durationMs: Math.max(endMs - startMs, 0) };
}

/** Without calls inside calls: a chain may be longer than the stack is deep. */
function visit(root: Draft, ordered: Draft[]): void {
  const open = [root];
  for (let draft = open.pop(); draft !== undefined; draft = open.pop()) {
    if (draft.index !== -1) continue;
    draft.index = ordered.length;
    draft.level = draft.parent === undefined ? 0 : draft.parent.level + 1;
    ordered.push(draft);
    for (let at = draft.children.length - 1; at >= 0; at--) open.push(draft.children[at]!);
  }
}

/**
 * Moves what another service did for a call into the call, where its clock puts it outside: to the middle, which is wrong by no more than the
 * time on the way. What goes on inside that service moves along. Returns whether anything has moved.
 */
function correctClocks(ordered: readonly Draft[]): boolean {
  let hasMoved = false;
  for (const draft of ordered) {
    const { parent, span } = draft;
    if (parent === undefined) continue;
    if (span.service === parent.span.service) {
      draft.behindMs = parent.behindMs;
    } else {
      // Nobody waits for a consumer; and what takes longer than the call is not inside of it by any clock.
      const slackMs = parent.span.durationMs - span.durationMs;
      const isOutside = span.startMs < parent.startMs || span.startMs > parent.startMs + slackMs;
      if (span.kind === 'consumer' || slackMs < 0 || !isOutside) continue;
      draft.behindMs = parent.startMs + slackMs / 2 - span.startMs;
    }
    draft.startMs = span.startMs + draft.behindMs;
    hasMoved ||= draft.behindMs !== 0;
  }
  return hasMoved;
}

function endOf({ startMs, span }: Pick<Node, 'startMs' | 'span'>): number {
  return startMs + span.durationMs;
}

function selfTime(draft: Draft): number {
  const end = endOf(draft);
  let covered = 0;
  let until = draft.startMs;
  for (const child of draft.children.toSorted((left, right) => left.startMs - right.startMs)) {
    const from = Math.max(child.startMs, until);
    const to = Math.min(endOf(child), end);
    if (to > from) covered += to - from;
    until = Math.max(until, to);
  }
  return Math.max(draft.span.durationMs - covered, 0);
}

/** The nodes that are seen while some are folded. */
export function visibleNodes(nodes: readonly Node[], folded: ReadonlySet<number>): readonly Node[] {
  if (folded.size === 0) return nodes;
  const seen: Node[] = [];
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index]!;
    seen.push(node);
    if (folded.has(index)) index += node.below;
  }
  return seen;
}

/** When a node keeps the end of the trace waiting, as parts of the trace's time. */
export interface CriticalPart {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The critical path: at each moment of a root the span below it that the end of the trace waits for. */
export function criticalParts(nodes: readonly Node[]): readonly (readonly CriticalPart[])[] {
  const parts: CriticalPart[][] = nodes.map(() => []);
  const open: { readonly node: Node; readonly fromMs: number; readonly toMs: number }[] = [];
  const add = (node: Node, fromMs: number, toMs: number) => {
    if (toMs > fromMs) parts[node.index]!.push({ fromMs, toMs });
  };
  for (const node of nodes) {
    if (node.parent === undefined) open.push({ node, fromMs: node.startMs, toMs: endOf(node) });
  }
  for (let visited = open.pop(); visited !== undefined; visited = open.pop()) {
    const { node, fromMs, toMs } = visited;
    // From the end backwards: the span itself until the child that ended last, then from the start of that child on.
    let until = toMs;
    const children = node.children.map((index) => nodes[index]!).sort((left, right) => endOf(right) - endOf(left));
    for (const child of children) {
      const childFrom = Math.max(child.startMs, fromMs);
      const childTo = Math.min(endOf(child), toMs);
      if (childTo > until || childTo <= childFrom) continue;
      add(node, childTo, until);
      open.push({ node: child, fromMs: childFrom, toMs: childTo });
      until = childFrom;
    }
    add(node, fromMs, until);
  }
  return parts;
}

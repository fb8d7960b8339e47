// Structural operators, each in time linear in the spans of the trace. A set of spans is a mask with a 1 for each member.

import type { StructuralOperator } from '../syntax/token.js';
import { NO_PARENT, type TraceTree } from './trace-tree.js';

/** Spans that are related to a member of the set. */
type Relation = (tree: TraceTree, set: Uint8Array) => Uint8Array;

const relations = {
  child: ({ parents, order }, set) => {
    const related = new Uint8Array(set.length);
    for (const span of order) if (parents[span] !== NO_PARENT) related[span] = set[parents[span]!]!;
    return related;
  },
  parent: ({ parents, order }, set) => {
    const related = new Uint8Array(set.length);
    for (const span of order) if (set[span] === 1 && parents[span] !== NO_PARENT) related[parents[span]!] = 1;
    return related;
  },
  descendant: ({ parents, order }, set) => {
    const related = new Uint8Array(set.length);
    for (const span of order) {
      const parent = parents[span]!;
      if (parent !== NO_PARENT) related[span] = set[parent]! | related[parent]!;
    }
    return related;
  },
  ancestor: ({ parents, order }, set) => {
    const related = new Uint8Array(set.length);
    for (let index = order.length - 1; index >= 0; index--) {
      const span = order[index]!;
      const parent = parents[span]!;
      if (parent !== NO_PARENT && (set[span]! | related[span]!) === 1) related[parent] = 1;
    }
    return related;
  },
  sibling: (tree, set) => {
    const membersByParent = new Map<string | number, number>();
    for (const span of tree.order) {
      const family = familyOf(tree, span);
      if (set[span] === 1) membersByParent.set(family, (membersByParent.get(family) ?? 0) + 1);
    }
    const related = new Uint8Array(set.length);
    for (const span of tree.order) {
      const others = (membersByParent.get(familyOf(tree, span)) ?? 0) - set[span]!;
      if (others > 0) related[span] = 1;
    }
    return related;
  },
} satisfies Record<string, Relation>;

/** What siblings share: the parent, its id while it is not there, or to be a root. */
function familyOf({ parents, spans }: TraceTree, span: number): string | number {
  const parent = parents[span]!;
  return parent === NO_PARENT ? spans[span]!.parentSpanId : parent;
}

/** How the spans on the right are related to those on the left, and the other way round. */
const operators: Readonly<Record<string, readonly [rightToLeft: Relation, leftToRight: Relation]>> = {
  '>': [relations.child, relations.parent],
  '<': [relations.parent, relations.child],
  '>>': [relations.descendant, relations.ancestor],
  '<<': [relations.ancestor, relations.descendant],
  '~': [relations.sibling, relations.sibling],
};

/** `left > right` gives spans of the right side, `!>` those that it leaves, `&>` those of both sides that belong together. */
export function relate(
  operator: StructuralOperator,
  tree: TraceTree,
  left: readonly number[],
  right: readonly number[],
): number[] {
  const [rightToLeft, leftToRight] = operators[operator.replace(/^[!&]/, '')]!;
  const leftSet = maskOf(tree, left);
  const related = rightToLeft(tree, leftSet);
  if (operator.startsWith('!')) return right.filter((span) => related[span] === 0);
  const matches = right.filter((span) => related[span] === 1);
  if (!operator.startsWith('&')) return matches;
  const relatedLeft = leftToRight(tree, maskOf(tree, right));
  return union(
    left.filter((span) => relatedLeft[span] === 1),
    matches,
  );
}

function maskOf(tree: TraceTree, spans: readonly number[]): Uint8Array {
  const mask = new Uint8Array(tree.spans.length);
  for (const span of spans) mask[span] = 1;
  return mask;
}

/** Members of both sets, each span once. Sets are in the order of the trace. */
export function union(left: readonly number[], right: readonly number[]): number[] {
  const merged: number[] = [];
  let [nextLeft, nextRight] = [0, 0];
  while (nextLeft < left.length && nextRight < right.length) {
    const [first, second] = [left[nextLeft]!, right[nextRight]!];
    if (first <= second) nextLeft++;
    if (second <= first) nextRight++;
    merged.push(Math.min(first, second));
  }
  while (nextLeft < left.length) merged.push(left[nextLeft++]!);
  while (nextRight < right.length) merged.push(right[nextRight++]!);
  return merged;
}

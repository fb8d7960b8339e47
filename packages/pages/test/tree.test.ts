import { expect, test } from 'vitest';
import type { TraceSpan } from '../src/apis/tempo.js';
import { criticalParts, type Node, treeOf, visibleNodes } from '../src/trace/tree.js';

type Given = readonly [spanId: string, parentId: string, service: string, startMs: number, durationMs: number];

function spans(...given: readonly Given[]): readonly TraceSpan[] {
  return given.map(([spanId, parentId, service, startMs, durationMs]) => {
    const rest = { name: spanId, kind: 'server', status: 'unset', statusMessage: '', scope: '' } as const;
    return {
      ...rest,
      spanId,
      parentId,
      service,
      startMs,
      durationMs,
      attributes: [],
      resource: [],
      events: [],
      links: [],
    };
  });
}

const outline = (nodes: readonly Node[]) => nodes.map(({ span, level }) => '.'.repeat(level) + span.spanId).join(' ');

for (const [what, given, expected] of [
  [
    'children by start',
    [
      ['a', '', 's', 0, 9],
      ['c', 'a', 's', 5, 1],
      ['b', 'a', 's', 1, 1],
      ['d', 'b', 's', 2, 1],
    ],
    'a .b ..d .c',
  ],
  [
    'a parent that is missing',
    [
      ['b', 'x', 's', 1, 1],
      ['a', '', 's', 0, 9],
    ],
    'a b',
  ],
  [
    'a span that was sent twice',
    [
      ['a', '', 's', 0, 9],
      ['a', '', 's', 0, 9],
      ['b', 'a', 's', 1, 1],
    ],
    'a .b a',
  ],
  [
    'a circle',
    [
      ['a', 'b', 's', 0, 9],
      ['b', 'a', 's', 1, 1],
      ['r', '', 's', 3, 1],
    ],
    'r a .b',
  ],
  ['a span that is its own parent', [['a', 'a', 's', 0, 9]], 'a'],
] as const) {
  test(`the tree of ${what}`, () => expect(outline(treeOf(spans(...given), 'as sent').nodes)).toBe(expected));
}

test('a chain of 20,000 spans is a tree, and can be folded', () => {
  const chain = Array.from(
    { length: 20_000 },
    (_, n): Given => [`${n}`, n === 0 ? '' : `${n - 1}`, 's', n, 50_000 - n],
  );
  const { nodes } = treeOf(spans(...chain), 'corrected');
  expect(nodes[0]!.below).toBe(19_999);
  expect(visibleNodes(nodes, new Set([1])).length).toBe(2);
});

test('work of a service whose clock is off is shown where its caller waited', () => {
  const given = spans(
    ['call', '', 'shop', 100, 20],
    ['serve', 'call', 'bank', 4000, 10],
    ['query', 'serve', 'bank', 4002, 4],
  );
  const starts = (clocks: 'corrected' | 'as sent') => treeOf(given, clocks).nodes.map(({ startMs }) => startMs);
  expect(starts('as sent')).toEqual([100, 4000, 4002]);
  expect(starts('corrected')).toEqual([100, 105, 107]);
  expect(treeOf(given, 'corrected')).toMatchObject({ startMs: 100, durationMs: 20 });
});

test('what is not waited for, or took longer than the call, stays where its clock says', () => {
  const [call, longer] = spans(['call', '', 'shop', 100, 20], ['serve', 'call', 'bank', 4000, 30]);
  expect(treeOf([call!, longer!], 'corrected').nodes[1]!.startMs).toBe(4000);
  const consumer = { ...longer!, kind: 'consumer', durationMs: 5 };
  expect(treeOf([call!, consumer], 'corrected').nodes[1]!.startMs).toBe(4000);
});

test('the critical path is as long as its root', () => {
  const { nodes } = treeOf(
    spans(['a', '', 's', 0, 100], ['b', 'a', 's', 10, 30], ['c', 'a', 's', 20, 60], ['d', 'c', 's', 30, 70]),
    'as sent',
  );
  const parts = criticalParts(nodes);
  expect(parts).toEqual([
    [
      { fromMs: 80, toMs: 100 },
      { fromMs: 0, toMs: 20 },
    ],
    [],
    [{ fromMs: 20, toMs: 30 }],
    [{ fromMs: 30, toMs: 80 }],
  ]);
  expect(nodes.map(({ selfMs }) => selfMs)).toEqual([30, 30, 10, 70]);
});

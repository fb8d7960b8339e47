// The trees are those that Prometheus 3.14 answers with.

import { expect, test } from 'vitest';
import { parseExpression } from '#promql';
import { parseTree } from '../../../src/query/promql/parse-tree.js';

const plain = { offset: 0, offsetExpr: null, startOrEnd: null, timestamp: null };

function selector(name: string, rest: object = {}) {
  const matchers = [{ name: '__name__', type: '=', value: name }];
  return { anchored: false, matchers, name, ...plain, smoothed: false, type: 'vectorSelector', ...rest };
}

for (const [query, tree] of [
  ['"x"', { type: 'stringLiteral', val: 'x' }],
  ['-(5m)', { op: '-', type: 'unaryExpr', expr: { type: 'parenExpr', expr: { type: 'numberLiteral', val: '300' } } }],
  ['up @ start()', selector('up', { startOrEnd: 'start' })],
  ['up smoothed @ 12.5', selector('up', { smoothed: true, timestamp: 12_500 })],
  [
    'up offset -(5m * 2)',
    selector('up', {
      offsetExpr: {
        lhs: null,
        op: '-',
        rhs: {
          lhs: { duration: true, type: 'numberLiteral', val: '300' },
          op: '*',
          rhs: { duration: false, type: 'numberLiteral', val: '2' },
          type: 'durationExpr',
          wrapped: true,
        },
        type: 'durationExpr',
        wrapped: false,
      },
    }),
  ],
  [
    'sum by (job) (rate(up{a=~"b"}[5m:1m] @ end() offset 1h))',
    {
      expr: {
        args: [
          {
            ...plain,
            expr: selector('up', {
              matchers: [
                { name: 'a', type: '=~', value: 'b' },
                { name: '__name__', type: '=', value: 'up' },
              ],
            }),
            offset: 3_600_000,
            range: 300_000,
            rangeExpr: null,
            startOrEnd: 'end',
            step: 60_000,
            stepExpr: null,
            type: 'subquery',
          },
        ],
        func: { argTypes: ['matrix'], name: 'rate', returnType: 'vector', variadic: 0 },
        type: 'call',
      },
      grouping: ['job'],
      op: 'sum',
      param: null,
      type: 'aggregation',
      without: false,
    },
  ],
  [
    'a * on (x) group_left (y) fill (1) b',
    {
      bool: false,
      lhs: selector('a'),
      matching: {
        card: 'many-to-one',
        fillValues: { lhs: 1, rhs: 1 },
        include: ['y'],
        labels: ['x'],
        on: true,
      },
      op: '*',
      rhs: selector('b'),
      type: 'binaryExpr',
    },
  ],
  [
    'max_over_time(up[1h]) == bool 1',
    {
      bool: true,
      lhs: {
        args: [selector('up', { range: 3_600_000, rangeExpr: null, type: 'matrixSelector' })],
        func: { argTypes: ['matrix'], name: 'max_over_time', returnType: 'vector', variadic: 0 },
        type: 'call',
      },
      matching: null,
      op: '==',
      rhs: { type: 'numberLiteral', val: '1' },
      type: 'binaryExpr',
    },
  ],
] as const) {
  test(query, () => expect(parseTree(parseExpression(query))).toEqual(tree));
}

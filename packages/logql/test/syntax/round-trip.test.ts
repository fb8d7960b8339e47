import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Matcher } from '#promql/syntax/matcher';
import type { LabelFilter, LogQuery, SampleExpression, Stage } from '../../src/syntax/ast.js';
import { comparisonOperators, lineOperators } from '../../src/syntax/operators.js';
import { parseExpression } from '../../src/syntax/parser.js';
import { print } from '../../src/syntax/print.js';

const name = fc.constantFrom('app', 'level', 'Trace_id', 'a1', '_x', 'rate', 'sum');
const text = fc.string({ unit: 'binary', maxLength: 8 }).filter((each) => !each.includes('\0'));
const matcher = fc
  .tuple(name, fc.constantFrom('=' as const, '!=' as const), text)
  .map(([label, operator, value]) => new Matcher(label, operator, value));
const selector = matcher.map((each) => [new Matcher('app', '=', 'a'), each]);

const filter: fc.Arbitrary<LabelFilter> = fc.letrec<{ filter: LabelFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    matcher.map((each): LabelFilter => ({ kind: 'matcher', matcher: each })),
    fc
      .tuple(name, fc.constantFrom(...comparisonOperators), fc.double({ noNaN: true, noDefaultInfinity: true }))
      .map(([label, operator, value]): LabelFilter => ({ kind: 'number', label, operator, value: value || 0 })),
    fc
      .tuple(name, fc.constantFrom(...comparisonOperators), fc.bigInt({ min: 1n, max: 10n ** 15n }))
      .map(([label, operator, value]): LabelFilter => ({ kind: 'duration', label, operator, value })),
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), tie('filter'), tie('filter'))
      .map(([kind, left, right]): LabelFilter => ({ kind, left, right })),
  ),
})).filter;

const lineFilter = fc
  .tuple(
    fc.constantFrom(...lineOperators.filter((operator) => operator !== '|~' && operator !== '!~')),
    fc.array(text, { minLength: 1, maxLength: 3 }),
  )
  .map(([operator, texts]) => ({
    operator,
    alternatives: (operator.startsWith('!') ? texts.slice(0, 1) : texts).map((each) => ({
      text: each,
      isAddress: false,
    })),
  }));
const extraction = fc.tuple(name, text).map(([label, expression]) => ({ label, expression }));
const stage: fc.Arbitrary<Stage> = fc.oneof(
  fc.array(extraction, { maxLength: 2 }).map((expressions): Stage => ({ kind: 'json', expressions })),
  fc
    .tuple(fc.array(extraction, { maxLength: 2 }), fc.boolean(), fc.boolean())
    .map(([expressions, isStrict, keepsEmpty]): Stage => ({ kind: 'logfmt', expressions, isStrict, keepsEmpty })),
  filter.map((each): Stage => ({ kind: 'label-filter', filter: each })),
  text.map((template): Stage => ({ kind: 'line-format', template })),
  fc.constantFrom<Stage>({ kind: 'unpack' }, { kind: 'decolorize' }),
  fc
    .tuple(fc.constantFrom('drop' as const, 'keep' as const), fc.array(fc.oneof(name, matcher), { minLength: 1 }))
    .map(([kind, labels]): Stage => ({ kind, labels })),
);
/** Neighbouring line filters are one stage, so that there is at most one. */
const logs = fc
  .tuple(selector, fc.array(lineFilter, { maxLength: 3 }), fc.array(stage, { maxLength: 3 }))
  .map(([matchers, filters, stages]): LogQuery => {
    const first: readonly Stage[] = filters.length === 0 ? [] : [{ kind: 'line-filters', filters }];
    return { kind: 'logs', matchers, stages: [...first, ...stages] };
  });
const samples: fc.Arbitrary<SampleExpression> = fc.letrec<{ samples: SampleExpression }>((tie) => ({
  samples: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(logs, fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 0, max: 1_000 })).map(
      ([query, seconds, offset]): SampleExpression => ({
        kind: 'range-aggregation',
        operator: 'count_over_time',
        range: { query, unwrap: undefined, rangeNs: BigInt(seconds) * 10n ** 9n, offsetNs: BigInt(offset) * 10n ** 9n },
        parameter: undefined,
        grouping: undefined,
      }),
    ),
    fc.tuple(tie('samples'), fc.array(name, { minLength: 1, maxLength: 2 }), fc.boolean()).map(
      ([expression, labels, without]): SampleExpression => ({
        kind: 'vector-aggregation',
        operator: 'sum',
        expression,
        parameter: undefined,
        grouping: { labels, without },
      }),
    ),
    fc
      .tuple(fc.constantFrom('+' as const, '^' as const, '>' as const, 'or' as const), tie('samples'), tie('samples'))
      .map(
        ([operator, left, right]): SampleExpression => ({
          kind: 'binary',
          operator,
          left,
          right,
          returnsBool: operator === '>',
          matching: { cardinality: 'one-to-one', on: false, labels: undefined, include: undefined },
        }),
      ),
  ),
})).samples;

test('what is printed is parsed to the same tree', () => {
  fc.assert(
    fc.property(fc.oneof(logs, samples), (expression) => {
      const parsed = parseExpression(print(expression));
      expect(comparable(parsed)).toEqual(comparable(expression));
    }),
    { numRuns: 300 },
  );
});

/** Matchers as their texts. */
function comparable(tree: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tree, (_, value) =>
      value instanceof Matcher ? String(value) : typeof value === 'bigint' ? `${value}n` : value,
    ),
  );
}

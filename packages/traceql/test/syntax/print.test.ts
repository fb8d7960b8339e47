import { expect, test } from 'vitest';
import { parseQuery, print } from '../../src/traceql.js';

for (const [query, printed] of [
  ['{}', '{ true }'],
  ['{.a=1||.b=2&&.c=3}', '{ ((.a = 1) || (.b = 2)) && (.c = 3) }'],
  ['{ !.a = .b }', '{ (!.a) = .b }'],
  ['{ !.a * 2 = 1 }', '{ (!(.a * 2)) = 1 }'],
  ['{ -.a * 2 + 1 = 1 }', '{ ((-(.a * 2)) + 1) = 1 }'],
  ['{ 2 ^ 3 ^ .a = 1 }', '{ (2 ^ (3 ^ .a)) = 1 }'],
  ['{ .a+1 = 2 }', '{ .a+1 = 2 }'],
  ['{ .a /* comment */ = 2 // another\n}', '{ .a = 2 }'],
  ['{ nil != .a && nil = nil }', '{ (.a != nil) && false }'],
  ['{ span."a b"."c\\"d" = "x\\ty`" }', '{ span."a b.c\\"d" = "x\ty`" }'],
  ['{ parent.resource.a = `\\` }', '{ parent.resource.a = `\\` }'],
  ['{ trace:rootService = "" && span:kind = client }', '{ (rootServiceName = ``) && (kind = client) }'],
  [
    '{ duration > 1d12h || duration > 1.5ms || duration = 100us }',
    '{ ((duration > 36h0m0s) || (duration > 1.5ms)) || (duration = 100µs) }',
  ],
  [
    '{ .a = 1e6 || .a = 1.50 || .a = .5 || .a = 1.0 }',
    '{ (((.a = 1e+06) || (.a = 1.5)) || (.a = 0.5)) || (.a = 1.0) }',
  ],
  ['{ .a > minInt && .a < maxInt }', '{ (.a > minInt) && (.a < 9223372036854775807) }'],
  ['{ .a } && { .b } > { .c }', '({ .a }) && (({ .b }) > ({ .c }))'],
  ['({ .a } | count() > 1) !~ ({ .b } | by(.c))', '({ .a } | (count()) > 1) !~ ({ .b } | by(.c))'],
  ['max(duration) > 1s + 2 * 3', undefined],
  ['{} | min(.a) + 2 * 3 > 1 - 2', '{ true } | ((min(.a)) + 6) > -1'],
  ['{} | select(.a, span:name) | coalesce()', '{ true } | select(.a, name) | coalesce()'],
  ['({} | count()) * ({} | avg(.a)) > 5', '(({ true } | count()) * ({ true } | avg(.a))) > 5'],
  [
    '{} | quantile_over_time(duration, 0, .9, 1) by (span.a, name)',
    '{ true } | quantile_over_time(duration, 0, 0.9, 1) by (span.a, name)',
  ],
  ['{} | compare({ status = error }, 5, 1, 2)', '{ true } | compare({ status = error }, 5, 1, 2)'],
  [
    '{} | rate() | topk(5) > -3 + 1 with(sample=true, exemplars=3) with(most_recent=true)',
    '{ true } | rate() | topk(5) > -2 with(sample=true, exemplars=3, most_recent=true)',
  ],
  [
    '1 + 2 * ({}|rate()) / 3 - ({}|count_over_time() > 1)',
    '(1.0 + ((2.0 * ({ true } | rate())) / 3.0)) - ({ true } | count_over_time() > 1)',
  ],
] as const) {
  test(query, () => {
    if (printed === undefined) {
      expect(() => parseQuery(query)).toThrow('duration cannot be used in scalar arithmetic');
      return;
    }
    expect(print(parseQuery(query))).toBe(printed);
    expect(withoutPositions(parseQuery(printed))).toEqual(withoutPositions(parseQuery(query)));
  });
}

test('nodes say where they stand', () => {
  const query = '{ .a = 1 }  | by( span.b )';
  const parsed = parseQuery(query);
  const steps = parsed.kind === 'search' ? parsed.pipeline.steps : [];
  const texts = steps.map(({ position: { start, end } }) => query.slice(start, end));
  expect(texts).toEqual(['{ .a = 1 }', 'by( span.b )']);
});

function withoutPositions(query: unknown): unknown {
  const replace = (key: string, value: unknown) =>
    key === 'position' ? undefined : typeof value === 'bigint' ? `${value}n` : value;
  return JSON.parse(JSON.stringify(query, replace));
}

import { describe, expect, test } from 'vitest';
import { checkQuery, parseQuery } from '../../src/traceql.js';

function messageOf(query: string): string | undefined {
  try {
    checkQuery(parseQuery(query));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

// Texts of Tempo, as it answers to these queries.
describe('syntax errors', () => {
  for (const [query, message] of [
    ['', 'parse error : syntax error: unexpected $end'],
    ['wharblgarbl', 'parse error at line 1, col 1: syntax error: unexpected IDENTIFIER'],
    ['{ .a', 'parse error at line 1, col 5: syntax error: unexpected $end'],
    ['{ .a\n  = }', 'parse error at line 2, col 5: syntax error: unexpected }'],
    ['{ ä = 1 }', 'parse error at line 1, col 3: unknown identifier: ä'],
    ['{ . }', 'parse error at line 1, col 3: syntax error: unexpected END_ATTRIBUTE, expecting IDENTIFIER'],
    [
      '{ parent. }',
      'parse error at line 1, col 3: syntax error: unexpected END_ATTRIBUTE, expecting IDENTIFIER or resource. or span.',
    ],
    ['{ ."a', 'parse error at line 1, col 3: unexpected EOF, expecting "'],
    ['{ ."\\a" }', 'parse error at line 1, col 3: invalid escape sequence'],
    ['{ .a = "b }', 'parse error at line 1, col 8: literal not terminated'],
    ['{ .a = "\\q" }', 'parse error at line 1, col 8: invalid char escape'],
    ['{ .a == 4 }', 'parse error at line 1, col 7: syntax error: unexpected ='],
    ['{ namespace = 1 }', 'parse error at line 1, col 3: unknown identifier: namespace'],
    [
      '{ trace:kind = server }',
      'parse error at line 1, col 9: syntax error: unexpected kind, expecting duration or rootName or rootService or id',
    ],
    ['{ span:rootName = 1 }', 'parse error at line 1, col 8: syntax error: unexpected rootName'],
    ['{ event:id = 1 }', 'parse error at line 1, col 9: syntax error: unexpected id, expecting name or timeSinceStart'],
    ['{ nil }', 'parse error at line 1, col 7: syntax error: unexpected }, expecting = or !='],
    ['{} && 1', 'parse error at line 1, col 7: syntax error: unexpected INTEGER, expecting { or ('],
    ['{} + {}', 'parse error at line 1, col 4: syntax error: unexpected +, expecting with'],
    ['({} ', 'parse error at line 1, col 5: syntax error: unexpected $end, expecting ) or |'],
    ['count(.a)', 'parse error at line 1, col 7: syntax error: unexpected ., expecting )'],
    ['coalesce()', 'parse error at line 1, col 1: syntax error: unexpected coalesce'],
    ['by()', 'parse error at line 1, col 4: syntax error: unexpected )'],
    ['select(.a', 'parse error at line 1, col 10: syntax error: unexpected $end, expecting ) or ,'],
    ['2 + 3', 'parse error at line 1, col 6: syntax error: unexpected $end'],
    ['{} | rate() | topk(-1)', 'parse error at line 1, col 20: syntax error: unexpected -, expecting INTEGER'],
    ['{} | topk(1)', 'parse error at line 1, col 6: syntax error: unexpected topk'],
    ['{} | rate() with(a)', 'parse error at line 1, col 19: syntax error: unexpected ), expecting ='],
    [
      '({} | rate()) * 10s',
      'parse error at line 1, col 17: duration cannot be used as a scalar operand in metric arithmetic',
    ],
    ['({} | rate()) > (1s * 2)', 'parse error at line 1, col 23: duration cannot be used in scalar arithmetic'],
    ['1 / 0 + ({} | rate())', 'parse error at line 1, col 5: division by zero'],
    [
      '({} | rate()) * 100000000000000000000',
      'parse error at line 1, col 17: strconv.Atoi: parsing "100000000000000000000": value out of range',
    ],
  ] as const) {
    test(query, () => expect(messageOf(query)).toBe(message));
  }

  test('brackets without end do not exhaust the stack', () => {
    expect(messageOf('{ '.concat('('.repeat(100_000)))).toContain('query is nested more than 500 levels deep');
    expect(messageOf('('.repeat(100_000))).toContain('query is nested more than 500 levels deep');
    expect(messageOf(`{ ${'!'.repeat(100_000)}true }`)).toContain('query is nested more than 500 levels deep');
    expect(messageOf(`${'-'.repeat(100_000)}1`)).toContain('query is nested more than 500 levels deep');
  });
});

// Each operator of a chain is a level of the tree, which everything walks down.
test('chains of operators do not exhaust the stack', () => {
  const chain = (operand: string, operator: string) => new Array(5000).fill(operand).join(` ${operator} `);
  for (const query of [
    `{ ${chain('.a', '||')} }`,
    chain('{ }', '>>'),
    chain('{ }', '|'),
    chain('({ } | rate())', '+'),
    `{ } | rate() > ${chain('1', '+')}`,
    `{ } | rate()${' > 1'.repeat(5000)}`,
  ]) {
    expect(messageOf(query)).toContain('query has more than 2000 operators');
  }
});

describe('type errors', () => {
  for (const [query, message] of [
    ['{ status }', 'span filter field expressions must resolve to a boolean: { status }'],
    ['{ 1 + "foo" = 1 }', 'binary operations must operate on the same type: 1 + `foo`'],
    ['{ status > ok }', 'illegal operation for the given types: status > ok'],
    ['{ -name = "a" }', 'illegal operation for the given type: -name'],
    ['{ !1 = 1 }', 'illegal operation for the given type: !1'],
    ['{ .a =~ "[" }', 'invalid regex: `[`'],
    ['{ .a =~ .b }', 'invalid type for =~ or !~: .b'],
    ['{ nil = span:status }', 'status=nil is not valid because intrinsics cannot be nil'],
    [
      '{ resource.service.name = nil }',
      'resource.service.name=nil is not valid because resource.service.name cannot be nil',
    ],
    ['{ parent }', 'intrinsic (parent) not yet supported'],
    ['min(1 = 3) = 1', 'aggregate field expressions must resolve to a number type: min(1 = 3)'],
    ['sum(3) = 2', 'aggregate field expressions must reference the span: sum(3)'],
    ['{} | by("foo")', 'grouping field expressions must reference the span: by(`foo`)'],
    ['{} | rate() | topk(0)', 'limit must be greater than 0'],
    ['{} | quantile_over_time(duration, 1.5)', 'quantile must be between 0 and 1: 1.5'],
    ['{} | compare({ true }) | topk(1)', '`compare()` cannot be used with second stage functions'],
    ['({} | compare({ true })) * 2', '`compare()` cannot be used with second stage functions'],
    ['{} | compare({ true }, 0)', 'compare() top number of values must be an integer between 1 and 1000'],
    ['{} | compare({ true }, 5, 0, 7)', 'compare() timestamps must be positive integer unix nanoseconds'],
    ['{} | compare({ true }, 5, 8, 7)', 'compare() end timestamp must be greater than start timestamp'],
  ] as const) {
    test(query, () => expect(messageOf(query)).toBe(message));
  }
});

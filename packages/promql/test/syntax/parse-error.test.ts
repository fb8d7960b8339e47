import { expect, test } from 'vitest';
import { everyFeature, parseExpression, parseSelector } from '../../src/syntax/parser.js';
import { MAX_DEPTH } from '../../src/syntax/token-stream.js';

/** Query → the message of Prometheus 3.14. */
const refused: readonly (readonly [string, string])[] = [
  ['', 'unknown position: parse error: no expression found in input'],
  ['# only a comment', '1:1: parse error: no expression found in input'],
  ['a +', '1:4: parse error: unexpected end of input'],
  ['a\n+ * b', '2:3: parse error: unexpected <op:*>'],
  ['é', "1:1: parse error: unexpected character: 'é'"],
  ['{"é"="x"} bar', '1:12: parse error: unexpected identifier "bar"'],
  ['(a', '1:3: parse error: unclosed left parenthesis'],
  ['a))', "1:3: parse error: unexpected right parenthesis ')'"],
  ['1..2', '1:1: parse error: bad number or duration syntax: "1.."'],
  ['5mm', '1:1: parse error: bad number or duration syntax: "5mm"'],
  [
    '0x8000000000000000',
    '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "0x8000000000000000": invalid syntax',
  ],
  ['"open', '1:1: parse error: unterminated quoted string'],
  ['"\\q"', "1:1: parse error: unknown escape sequence U+0071 'q'"],
  ['a =~ b', "1:3: parse error: unexpected character after '=': '~'"],
  ['a{', '1:3: parse error: unexpected end of input inside braces'],
  ['a{b}', '1:4: parse error: unexpected "}" in label matching, expected label matching operator'],
  ['a{b=c}', '1:5: parse error: unexpected identifier "c" in label matching, expected string'],
  ['a{b="c" d}', '1:9: parse error: unexpected identifier "d" in label matching, expected "," or "}"'],
  ['a{b=~"("}', '1:3: parse error: error parsing regexp: missing closing ): `(`'],
  ['a{b=~"x**."}', '1:3: parse error: error parsing regexp: invalid nested repetition operator: `**`'],
  ['a{__name__="b"}', '1:1: parse error: metric name must not be set twice: "a" or "b"'],
  ['{b=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  [
    'a[]',
    '1:3: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
  ],
  ['a[0s]', '1:3: parse error: duration must be greater than 0'],
  ['a[1m1h]', '1:3: parse error: not a valid duration string: "1m1h"'],
  ['a[300y]', '1:3: parse error: duration out of range'],
  ['a[5m/0]', '1:5: parse error: division by zero'],
  ['a[5m foo]', "1:6: parse error: unexpected character: 'f', expected ':'"],
  ['a[5m:1m', '1:8: parse error: unclosed left bracket'],
  ['sum(a)[5m]', '1:7: parse error: ranges only allowed for vector selectors'],
  ['a offset 1m [5m]', '1:13: parse error: no offset modifiers allowed before range'],
  ['a @ 1 [5m]', '1:7: parse error: no @ modifiers allowed before range'],
  ['a offset', '1:9: parse error: unexpected end of input in offset, expected number, duration, step(), or range()'],
  ['a offset 1m offset 2m', '1:1: parse error: offset may not be set multiple times'],
  [
    'sum(a) offset 1m',
    '1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
  ],
  ['a @ b', '1:5: parse error: unexpected identifier "b" in @, expected timestamp'],
  ['a @ Inf', '1:1: parse error: timestamp out of bounds for @ modifier: +Inf'],
  ['a @ 1 @ 2', '1:1: parse error: @ <timestamp> may not be set multiple times'],
  ['a anchored smoothed', '1:1: parse error: anchored and smoothed modifiers cannot be used together'],
  ['a[5m:] anchored', '1:1: parse error: anchored modifier is not supported for subqueries'],
  ['sum(a b)', '1:7: parse error: unexpected identifier "b" in aggregation'],
  ['sum by a (b)', '1:8: parse error: unexpected identifier "a" in grouping opts, expected "("'],
  ['sum by (a b) (c)', '1:11: parse error: unexpected identifier "b" in grouping opts, expected "," or ")"'],
  ['sum by (1) (c)', '1:9: parse error: unexpected number "1" in grouping opts, expected label'],
  ['sum()', '1:1: parse error: no arguments for aggregate expression provided'],
  ['topk(a)', '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1'],
  ['topk("x", a)', '1:6: parse error: expected type scalar in aggregation parameter, got string'],
  ['count_values(1, a)', '1:14: parse error: expected type string in aggregation parameter, got scalar'],
  ['sum(1)', '1:5: parse error: expected type instant vector in aggregation expression, got scalar'],
  ['nope(1)', '1:1: parse error: unknown function with name "nope"'],
  ['rate(a)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
  ['rate(a[5m],)', '1:11: parse error: trailing commas not allowed in function call args'],
  ['rate()', '1:1: parse error: expected 1 argument(s) in call to "rate", got 0'],
  ['round()', '1:1: parse error: expected at least 1 argument(s) in call to "round", got 0'],
  ['round(a, 1, 2)', '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'],
  ['info(a, b)', '1:9: parse error: expected label selectors only, got vector selector instead'],
  ['1 > 2', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
  ['a + bool b', '1:3: parse error: bool modifier can only be used on comparison operators'],
  ['a and 1', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
  ['a and on(x) group_left b', '1:1: parse error: no grouping allowed for "and" operation'],
  ['a and fill(1) b', '1:1: parse error: filling in missing series not allowed for set operators'],
  ['a + on(x) group_left(x) b', '1:3: parse error: label "x" must not occur in ON and GROUP clause at once'],
  ['a + on(x) 1', '1:1: parse error: vector matching only allowed between instant vectors'],
  ['a + group_left b', '1:5: parse error: unexpected <group_left>'],
  ['a + "b"', '1:5: parse error: binary expression must contain only scalar and instant vector types'],
  [
    '-a[5m]',
    '1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "range vector"',
  ],
  ['time()[5m:]', '1:1: parse error: subquery is only allowed on instant vector, got scalar instead'],
];

for (const [query, message] of refused) {
  test(`${query || 'nothing'} is refused`, () => expect(messageOf(() => parseExpression(query))).toBe(message));
}

const behindFlags: readonly (readonly [string, string])[] = [
  ['mad_over_time(a[5m])', '1:1: parse error: function "mad_over_time" is not enabled'],
  [
    'limitk(1, a)',
    '1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions',
  ],
  ['a[5m + 1m]', '1:3: parse error: experimental duration expression is not enabled'],
  ['a anchored', '1:1: parse error: anchored modifier is experimental and not enabled'],
  ['a + fill(0) b', '1:1: parse error: binop fill modifiers are experimental and not enabled'],
];

for (const [query, message] of behindFlags) {
  test(`${query} is refused without its feature`, () => {
    const nothing = {
      experimentalFunctions: false,
      durationExpressions: false,
      extendedRangeSelectors: false,
      fillModifiers: false,
    };
    expect(messageOf(() => parseExpression(query, nothing))).toBe(message);
    expect(() => parseExpression(query, everyFeature)).not.toThrow();
  });
}

for (const [shape, query] of [
  ['parentheses', `${'('.repeat(100_000)}1`],
  ['signs', `${'-'.repeat(100_000)}a`],
  ['calls', 'abs('.repeat(100_000)],
  ['operators', `a${' + a'.repeat(100_000)}`],
  ['powers', `a${' ^ a'.repeat(100_000)}`],
  ['durations', `a[${'('.repeat(100_000)}`],
  ['subqueries', `a${'[1m:]'.repeat(100_000)}`],
] as const) {
  test(`a query with too many ${shape} is refused instead of exhausting the stack`, () => {
    expect(() => parseExpression(query)).toThrow(/^1:\d+: parse error: expression must have at most 1000 levels$/);
  });
}

test('an expression as deep as allowed is parsed and printed', () => {
  expect(() => parseExpression(`a${' + a'.repeat(MAX_DEPTH - 2)}`)).not.toThrow();
});

test('a selector alone is parsed, and nothing behind it', () => {
  expect(parseSelector('up{job="a"}').map(String)).toEqual(['job="a"', '__name__="up"']);
  expect(() => parseSelector('sum(up)')).toThrow('1:4: parse error: unexpected "("');
});

function messageOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

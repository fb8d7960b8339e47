import { expect, test } from 'vitest';
import { parseExpression, parseSelector } from '../../src/syntax/parser.js';

// Loki says the same, place and expected tokens included.
const errors = {
  '': 'parse error : syntax error: unexpected $end',
  '{app="a"': 'parse error at line 1, col 9: syntax error: unexpected $end, expecting } or ,',
  '{': 'parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }',
  '{app}': 'parse error at line 1, col 5: syntax error: unexpected }, expecting = or =~ or !~ or !=',
  '{app=5}': 'parse error at line 1, col 6: syntax error: unexpected NUMBER, expecting STRING',
  '{app="a",}': 'parse error at line 1, col 10: syntax error: unexpected }, expecting IDENTIFIER',
  '{app="a"} foo': 'parse error at line 1, col 11: syntax error: unexpected IDENTIFIER',
  '{app=~"["}': 'parse error : error parsing regexp: missing closing ]: `[`',
  '{app=".*"} |= "a': 'parse error at line 1, col 15: literal not terminated',
  '{app="\\d"}': 'parse error at line 1, col 6: invalid char escape',
  '{}': /^parse error : queries require at least one regexp or equality matcher/,
  '{app=~".*"}': /^parse error : queries require at least one regexp or equality matcher/,
  '{app="a"} |= 5': 'parse error at line 1, col 14: syntax error: unexpected NUMBER, expecting STRING or ip',
  '{app="a"} |= ip "x"': 'parse error at line 1, col 14: syntax error: unexpected IDENTIFIER, expecting STRING or ip',
  '{app="a"} | unwrap b': 'parse error at line 1, col 13: syntax error: unexpected unwrap',
  '{app="a"} | regexp "x"': 'parse error : invalid regexp parser: at least one named capture must be supplied',
  '{app="a"} | pattern "<a><b>"':
    "parse error : invalid pattern parser: found consecutive capture '<a><b>': invalid expression",
  '{app="a"} | label_format a': 'parse error at line 1, col 27: syntax error: unexpected $end, expecting =',
  '{app="a"} | a>0x10':
    'parse error : unable to parse literal as a float: strconv.ParseFloat: parsing "0x10": invalid syntax',
  '{app="a"} | a>08': "parse error at line 1, col 15: invalid digit '8' in octal literal",
  'rate({app="a"})': 'parse error at line 1, col 15: syntax error: unexpected )',
  'rate({app="a"}[5m)': "parse error at line 0, col 15: missing closing ']' in duration",
  'rate({app="a"}[5parsecs])': 'parse error at line 0, col 15: unknown unit "parsecs" in duration "5parsecs"',
  'rate(5)': 'parse error at line 1, col 7: syntax error: unexpected ), expecting ,',
  'rate({app="a"} | unwrap [5m])':
    'parse error at line 0, col 25: syntax error: unexpected RANGE, expecting IDENTIFIER or BYTES_CONV or DURATION_CONV or DURATION_SECONDS_CONV',
  'rate({app="a"} | unwrap b': 'parse error at line 1, col 26: syntax error: unexpected $end, expecting RANGE or |',
  'rate(({app="a"} | unwrap b':
    'parse error at line 1, col 27: syntax error: unexpected $end, expecting RANGE or ) or |',
  'rate({app="a"}[5m] offset)': 'parse error at line 1, col 26: syntax error: unexpected ), expecting DURATION',
  'sum_over_time({app="a"}[5m])': 'parse error : invalid aggregation sum_over_time without unwrap',
  'count_over_time({app="a"} | unwrap b [5m])': 'parse error : invalid aggregation count_over_time with unwrap',
  'rate({app="a"}[5m]) by (a)': 'parse error : grouping not allowed for rate aggregation',
  'rate(2, {app="a"}[5m])': 'parse error : parameter 2 not supported for operation rate',
  'quantile_over_time({app="a"} | unwrap b [5m])': 'parse error : parameter required for operation quantile_over_time',
  'topk(rate({app="a"}[5m]))': 'parse error : parameter required for operation topk',
  'topk(1.5, rate({app="a"}[5m]))': 'parse error : invalid parameter topk(1.5,',
  'topk(0, rate({app="a"}[5m]))': 'parse error : invalid parameter (must be greater than 0) topk(0',
  'sum(2, rate({app="a"}[5m]))': 'parse error : unsupported parameter for operation sum(2,',
  'approx_topk(2, rate({app="a"}[5m])) by (a)': 'parse error : grouping not allowed for approx_topk aggregation',
  'sort by (a) (rate({app="a"}[5m]))': "parse error : sort and sort_desc doesn't allow grouping by ",
  'sum by a (rate({app="a"}[5m]))': 'parse error at line 1, col 1: syntax error: unexpected IDENTIFIER',
  'sum({app="a"})': 'parse error at line 1, col 14: syntax error: unexpected )',
  '{app="a"} + 1': 'parse error : unexpected type for left leg of binary operation (+): *syntax.MatchersExpr',
  '1 - {app="a"} | json': 'parse error : unexpected type for right leg of binary operation (-): *syntax.PipelineExpr',
  '1 or vector(1)': 'parse error : unexpected literal for left leg of logical/set binary operation (or): 1.000000',
  'vector(a)': 'parse error at line 1, col 8: syntax error: unexpected IDENTIFIER, expecting NUMBER',
  'label_replace(vector(1), "a", "b", "c")': 'parse error at line 1, col 39: syntax error: unexpected ), expecting ,',
  'label_replace(vector(1), "a", "b", "c", "(")':
    'parse error : invalid regex in label_replace: error parsing regexp: missing closing ): `^(?:()$`',
  '/* open': 'parse error at line 1, col 1: comment not terminated',
};

for (const [query, message] of Object.entries(errors)) {
  test(`${query} is refused`, () => expect(() => parseExpression(query)).toThrow(message));
}

test('a query of too many bytes is refused', () => {
  const query = `{app="${'a'.repeat(131_072)}"}`;
  expect(() => parseExpression(query)).toThrow('parse error : input size too long (131080 > 131072)');
});

test('a query of too many levels is refused instead of exhausting the stack', () => {
  const query = `${'('.repeat(20_000)}vector(1)${')'.repeat(20_000)}`;
  expect(() => parseExpression(query)).toThrow('expression must have at most 1000 levels');
});

test('a selector is not a query', () => {
  expect(parseSelector('{app=~".*"}').map(String)).toEqual(['app=~".*"']);
  expect(() => parseSelector('{app="a"} | json')).toThrow('only label matchers are supported');
});

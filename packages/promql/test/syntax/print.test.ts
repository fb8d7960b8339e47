import { expect, test } from 'vitest';
import { parseExpression } from '../../src/syntax/parser.js';
import { prettify } from '../../src/syntax/prettify.js';
import { print } from '../../src/syntax/print.js';

/** Query → its canonical text; undefined where it is canonical already. */
const cases: readonly (readonly [string, string?])[] = [
  ['1'],
  ['010', '8'],
  ['0x1F', '31'],
  ['1_000.5', '1000.5'],
  ['1e-7', '0.0000001'],
  ['inf', '+Inf'],
  ['-1'],
  ['--up', '--up'],
  ['90m', '1h30m'],
  ['"tab\\t\\x41\\102\\u00e9"', '"tab\\tABé"'],
  ["'it\\'s'", '"it\'s"'],
  ['`raw\\n`', '"raw\\\\n"'],
  ['"\\xe2\\x82\\xac"', '"€"'],
  ['up'],
  ['job:up:sum'],
  ['up{}', 'up'],
  ['up{job="a",}', 'up{job="a"}'],
  ['up{job!="a", b=~"x|y", c!~"z.*"}', 'up{b=~"x|y",c!~"z.*",job!="a"}'],
  ['{"http.duration", "service.name"="cart"}', '{"service.name"="cart",__name__="http.duration"}'],
  ['{__name__=~"a.+"}'],
  ['up[5m]'],
  ['up[1h30m] offset 5m'],
  ['up offset -1w', 'up offset -1w'],
  ['up @ 1609746000.5', 'up @ 1609746000.500'],
  ['up offset 5m @ end()', 'up @ end() offset 5m'],
  ['up[5m] @ start()'],
  ['rate(up[5m])[30m:1m]'],
  ['rate(up[5m])[30m:] @ 10 offset 1m', 'rate(up[5m])[30m:] @ 10.000 offset 1m'],
  ['up[step() * 2]'],
  ['up[5m - (1m + 30s)]'],
  ['up offset (5m ^ 2)'],
  ['up offset -step()'],
  ['up offset -(5m)'],
  ['up[max_of(step(), 1m)]'],
  ['up[min_of(range(), 1h):-step() + 2m]'],
  ['up anchored'],
  ['up[5m] smoothed'],
  ['rate(up[5m] anchored)'],
  ['sum(up)'],
  ['sum by (job, "service.name") (up)'],
  ['sum(up) by (job)', 'sum by (job) (up)'],
  ['sum(up) without ()', 'sum without () (up)'],
  ['topk(3, up)'],
  ['count_values("version", build)'],
  ['limit_ratio(-0.5, up)'],
  ['1 + 2 * 3 ^ 2 ^ 2'],
  ['-2 ^ 2'],
  ['a or b and c unless d'],
  ['a == bool b'],
  ['a + on (job) group_left (version) b'],
  ['a / ignoring (x, y) group_right () b'],
  ['a - fill (0) b'],
  ['a - on (x) fill_left (-1) fill_right (2.5) b'],
  ['h </ 5'],
  ['h >/ 5'],
  ['a atan2 b'],
  ['SUM(a) OR b', 'sum(a) or b'],
  ['fill + start * bool_metric'],
  ['time() # now', 'time()'],
  ['start() + end() + step() + range()'],
  ['max_of(1, min_of(2, 3))'],
  ['info(rate(a[5m]), {env=~"prod.*"})'],
  ['label_join(a, "to", ",", "x", "y")'],
];

for (const [query, printed] of cases) {
  test(`${query} prints`, () => {
    const text = print(parseExpression(query));
    expect(text).toBe(printed ?? query);
    expect(print(parseExpression(text))).toBe(text);
  });
}

test('a long expression is broken at each level', () => {
  const query =
    'sum by (job) (rate(http_requests_total{code=~"5..",handler="/api/v1/query_range"}[5m] offset 1h)) / on (job) ' +
    'topk(10, -(histogram_quantile(0.99, rate(http_requests_total{handler="/api/v1/query_range",code=~"4.."}[5m]))))';
  expect(
    prettify(parseExpression(query)),
  ).toBe(`  sum by (job) (rate(http_requests_total{code=~"5..",handler="/api/v1/query_range"}[5m] offset 1h))
/ on (job)
  topk(
    10,
    -(histogram_quantile(0.99, rate(http_requests_total{code=~"4..",handler="/api/v1/query_range"}[5m])))
  )`);
});

import { expect, test } from 'vitest';
import { parseExpression } from '../../src/syntax/parser.js';
import { print } from '../../src/syntax/print.js';

// What Loki's format_query makes of them in one line.
const printed = {
  '({app="a"})': '{app="a"}',
  '{app="a"}|="b"!="c" or "d"': '{app="a"} |= "b" != "c" != "d"',
  '{app="a"} |~ `b\\d` or "c" |> "<_>d" |= ip("10.0.0.0/8")':
    '{app="a"} |~ "b\\\\d" or "c" |> "<_>d" |= ip("10.0.0.0/8")',
  '{app="a"} | json x, y="a.b" | logfmt --keep-empty --strict z':
    '{app="a"} | json x="x",y="a.b" | logfmt --strict --keep-empty z="z"',
  '{app="a"} | a="b" and c>5 or d<=10KB, e!=1m30s': '{app="a"} | ( ( a="b" , c>5 ) or ( d<=10kB , e!=1m30s ) )',
  '{app="a"} | a="b" c="d" or e=~"f"': '{app="a"} | ( a="b" , ( c="d" or e=~"f" ) )',
  '{app="a"} | addr=ip("1.2.3.4")': '{app="a"} | addr=ip("1.2.3.4")',
  '{app="a"} | label_format a=b,c="{{.d}}" | drop e,f="g" | keep h':
    '{app="a"} | label_format a=b,c="{{.d}}" | drop e,f="g" | keep h',
  'rate(({app="a"})[1h30m] offset 5m)': 'rate({app="a"}[1h30m] offset 5m0s)',
  'sum_over_time({app="a"} [1m] offset -1m | json | unwrap bytes(b) | c="d")':
    'sum_over_time({app="a"} | json | unwrap bytes(b) | c="d"[1m] offset -1m0s)',
  'quantile_over_time(0.990,{app="a"} | unwrap b [1m]) by (c,d)':
    'quantile_over_time(0.99,{app="a"} | unwrap b[1m]) by (c,d)',
  'sum(rate({app="a"}[1m])) by (b)': 'sum by (b)(rate({app="a"}[1m]))',
  'topk(3, rate({app="a"}[1m])) without (b)': 'topk without (b)(3,rate({app="a"}[1m]))',
  '1 + 2 * 3': '7',
  '-2 ^ 2': '4',
  'vector(1) > bool on (a) group_left (b) vector(2)':
    '(vector(1.000000) > bool on (a) group_left (b) vector(2.000000))',
  'vector(1) - vector(2) - vector(3)': '((vector(1.000000) - vector(2.000000)) - vector(3.000000))',
  'vector(2) ^ vector(3) ^ vector(2)': '(vector(2.000000) ^ (vector(3.000000) ^ vector(2.000000)))',
  'label_replace(vector(1),"a","$1","b","(.*)")': 'label_replace(vector(1.000000),"a","$1","b","(.*)")',
};

for (const [query, text] of Object.entries(printed)) {
  test(`${query} is printed`, () => {
    expect(print(parseExpression(query))).toBe(text);
    expect(print(parseExpression(text))).toBe(text);
  });
}

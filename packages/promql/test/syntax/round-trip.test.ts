import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExpression } from '../../src/syntax/parser.js';
import { prettify } from '../../src/syntax/prettify.js';
import { print } from '../../src/syntax/print.js';

const name = fc.constantFrom('up', 'sum', 'by', 'start', 'offset', 'fill', 'job:rate:5m', 'x_1');
const text = fc.string({ unit: 'grapheme', maxLength: 6 });
const quotedText = text.map((value) => JSON.stringify(value).replaceAll('\\/', '/').replaceAll('\uFFFD', '?'));
// Prometheus takes no colon in front of which it has seen no number: `up[step():1m]` is an error there.
const duration = fc.constantFrom('5m', '1h30m', '90', '(5m)', '5m + step()', '2 * range()', 'min_of(1m, 5m) - 10s');
const matcher = fc
  .tuple(fc.constantFrom('a', 'b', '"c.d"'), fc.constantFrom('=', '!='), quotedText)
  .map((parts) => parts.join(''));
const modifier = fc.oneof(
  duration.map((value) => (/^2|[-+]/.test(value) ? ` offset (${value})` : ` offset ${value}`)),
  fc.constantFrom('', '', ' @ 12.5', ' @ start()', ' offset -5m @ end()', ' anchored'),
);
const selector = fc
  .tuple(name, fc.array(matcher, { maxLength: 3 }))
  .map(([metric, matchers]) => `${metric}{${matchers.join(',')}}`);

const { vector } = fc.letrec<{ vector: string; range: string }>((tie) => ({
  vector: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(selector, modifier).map((parts) => parts.join('')),
    tie('range').map((range) => `rate(${range})`),
    fc
      .tuple(fc.constantFrom('sum', 'avg without (a)', 'count by (a, "b.c")'), tie('vector'))
      .map(([operator, inner]) => `${operator}(${inner})`),
    fc
      .tuple(tie('vector'), tie('vector'), fc.constantFrom('+', '^', '* on (a)', 'and', '> bool', '/ fill (0)'))
      // As in Prometheus, an offset in parentheses takes a bare operator that follows it.
      .map(([left, right, operator]) => `(${left}) ${operator} (${right})`),
    tie('vector').map((inner) => `-${inner}`),
    tie('vector').map((inner) => `label_replace((${inner}), "a", "$1", "b", "(.*)")`),
  ),
  range: fc.oneof(
    fc.tuple(selector, duration).map(([inner, length]) => `${inner}[${length}]`),
    fc.tuple(tie('vector'), duration).map(([inner, length]) => `(${inner})[${length}:1m]`),
  ),
}));

test('what is printed parses to what is printed, on one line and on many', () => {
  fc.assert(
    fc.property(vector, (query) => {
      const printed = print(parseExpression(query));
      expect(print(parseExpression(printed))).toBe(printed);
      expect(print(parseExpression(prettify(parseExpression(query))))).toBe(printed);
    }),
    { numRuns: 300 },
  );
});

test('whatever is typed is parsed or refused with its place', () => {
  const words = fc.constantFrom(
    'sum',
    'by',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '5m',
    ':',
    'a',
    '=~',
    '"x"',
    ',',
    '+',
    '@',
    'offset',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, text), { maxLength: 12 }), (parts) => {
      try {
        parseExpression(parts.join(' '));
      } catch (error) {
        expect((error as Error).message).toMatch(/^(?:\d+:\d+|unknown position): parse error: ./);
      }
    }),
    { numRuns: 500 },
  );
});

import { expect, test } from 'vitest';
import { Matcher } from '../../src/syntax/matcher.js';

const cases: readonly (readonly [pattern: string, matching: readonly string[], others: readonly string[]])[] = [
  ['a', ['a'], ['', 'ab', 'ba']],
  ['', [''], ['a']],
  ['a|b|', ['a', 'b', ''], ['ab']],
  ['|a', ['a', ''], ['|a']],
  ['(a|b)', ['a', 'b'], ['(a|b)']],
  ['a\\.b|c\\|d|\\(e\\)', ['a.b', 'c|d', '(e)'], ['axb', 'c', 'd']],
  ['a\\.b.*', ['a.b', 'a.bc'], ['axbc']],
  ['api-.*', ['api-', 'api-x\ny'], ['x-api-']],
  ['api-.+', ['api-x'], ['api-']],
  ['.*', ['', 'a\nb'], []],
  ['.+', ['a\nb'], ['']],
  ['(?i)GET|post', ['get', 'POST'], ['put']],
  ['a.c', ['abc', 'a\nc', 'a😀c'], ['ac']],
  ['[[:alpha:]]+\\d{2}', ['ab12'], ['ab1']],
  ['(?P<n>x)\\z', ['x'], ['xx']],
  ['a\\.b', ['a.b'], ['axb']],
  ['x|(y|z)w', ['x', 'yw'], ['y', 'xw']],
];

for (const [pattern, matching, others] of cases) {
  test(`=~ "${pattern}" matches whole values`, () => {
    const matches = new Matcher('label', '=~', pattern);
    const refuses = new Matcher('label', '!~', pattern);
    for (const value of matching)
      expect([value, matches.matches(value), refuses.matches(value)]).toEqual([value, true, false]);
    for (const value of others)
      expect([value, matches.matches(value), refuses.matches(value)]).toEqual([value, false, true]);
  });
}

// JavaScript's own expressions take 2^n steps for these, and stop the process.
for (const pattern of ['(a+)+b', '(a|aa)+b', '(.*a){20}b', '(a*)*b']) {
  test(`=~ "${pattern}" reads a long value once`, () => {
    expect(new Matcher('label', '=~', pattern).matches('a'.repeat(20_000))).toBe(false);
  });
}

for (const [shape, pattern] of [
  ['text', `${'(a|b)*'.repeat(2_000)}`],
  ['program', '[ab]{1000}'.repeat(20)],
] as const) {
  test(`=~ with too much ${shape} is refused, as every value would take long`, () => {
    const message = 'error parsing regexp: expression too large';
    expect(() => new Matcher('label', '=~', pattern)).toThrow(message);
  });
}

test('a list of words may be as long as a dashboard makes it', () => {
  const hosts = Array.from({ length: 5_000 }, (_, index) => `host-${index}\\.example\\.com`);
  const matcher = new Matcher('host', '=~', hosts.join('|'));
  expect(matcher.matches('host-4999.example.com')).toBe(true);
  expect(matcher.values).toHaveLength(5_000);
});

test('a list of words is known as such', () => {
  expect(new Matcher('job', '=~', 'a|b').values).toEqual(['a', 'b']);
  expect(new Matcher('job', '=~', 'a.*').values).toBeUndefined();
});

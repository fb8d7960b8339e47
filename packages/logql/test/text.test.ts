import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTime, GoTime } from '../src/template/go-time.js';
import { parseTime } from '../src/template/parse-time.js';
import { timeZone, utc } from '../src/template/time-zone.js';
import { byteSizeText, parseByteSize } from '../src/text/byte-size.js';
import { goDurationText, parseGoDuration } from '../src/text/go-duration.js';
import { compilePattern } from '../src/text/regular-expression.js';

test('a duration that is printed reads back as itself', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (duration) => {
      expect(parseGoDuration(goDurationText(duration))).toBe(duration);
    }),
  );
});

for (const [text, duration] of [
  ['1h15m30.918273645s', 4_530_918_273_645n],
  ['-1.5h', -5_400_000_000_000n],
  ['100us', 100_000n],
  ['.5s', 500_000_000n],
  ['+0', 0n],
] as const) {
  test(`${text} is a duration`, () => expect(parseGoDuration(text)).toBe(duration));
}

for (const [text, message] of [
  ['', 'time: invalid duration ""'],
  ['5', 'time: missing unit in duration "5"'],
  ['5d', 'time: unknown unit "d" in duration "5d"'],
  ['.s', 'time: invalid duration ".s"'],
  ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
] as const) {
  test(`${JSON.stringify(text)} is no duration`, () => expect(() => parseGoDuration(text)).toThrow(message));
}

for (const [text, bytes] of [
  ['42', 42n],
  ['5.5 MiB', 5_767_168n],
  ['1,000kb', 1_000_000n],
  ['1 EiB', 1_152_921_504_606_846_976n],
] as const) {
  test(`${text} is a size`, () => expect(parseByteSize(text)).toBe(bytes));
}

test('what is no size is refused', () => {
  expect(() => parseByteSize('5 fish')).toThrow('unhandled size name: fish');
  expect(() => parseByteSize('many')).toThrow('strconv.ParseFloat: parsing "": invalid syntax');
  expect(() => parseByteSize('100EB')).toThrow('too large: 100EB');
});

test('sizes are printed with two digits', () => {
  expect([0n, 9n, 82n, 1_500n, 82_854_982n].map(byteSizeText)).toEqual(['0B', '9B', '82B', '1.5kB', '83MB']);
});

for (const layout of [
  '2006-01-02T15:04:05.000000000Z07:00',
  'Mon, 02 Jan 2006 15:04:05.999999999 -0700',
  'January _2 2006 03:04:05.000000000 PM -07:00',
  '06 002 15 4 5 .000000000',
]) {
  test(`a time in the layout ${layout} reads back as itself`, () => {
    // The years that have two digits in Go.
    const times = fc.bigInt({ min: 0n, max: 3_000_000_000_000_000_000n });
    fc.assert(
      fc.property(times, (unixNs) => {
        const text = formatTime(new GoTime(unixNs, utc), layout);
        expect([text, parseTime(layout, text, utc)?.unixNs]).toEqual([text, unixNs]);
      }),
    );
  });
}

test('a zone has its own clock, in summer and in winter', () => {
  const zone = timeZone('Europe/Berlin')!;
  const layout = '2006-01-02 15:04 -0700';
  const at = (month: number) => new GoTime(BigInt(Date.UTC(2024, month, 1)) * 1_000_000n, zone);
  expect(formatTime(at(0), layout)).toBe('2024-01-01 01:00 +0100');
  expect(formatTime(at(6), layout)).toBe('2024-07-01 02:00 +0200');
  expect(parseTime('2006-01-02 15:04', '2024-07-01 02:00', zone)!.unixNs).toBe(at(6).unixNs);
});

for (const [pattern, text, template, result] of [
  ['a(x*)b', '-ab-axxb-', '\u0024{1}W', '-W-xxW-'],
  ['a(x*)b', '-ab-axxb-', '$1W', '---'],
  ['(?P<key>\\w+):(?P<value>\\w+)', 'k:v', '$value=$key$$', 'v=k$'],
  ['b*', 'abc', '-', '-a-c-'],
  ['', '😀é', '.', '.😀.é.'],
] as const) {
  test(`${pattern} in ${text} becomes ${template}`, () => {
    expect(compilePattern(pattern).replaceAll(text, template)).toBe(result);
  });
}

test('an expression that would hang a matcher which goes back does not', () => {
  const pattern = compilePattern('^(a+)+$');
  expect(pattern.test(`${'a'.repeat(50_000)}b`)).toBe(false);
});

test('an expression that is too large is refused', () => {
  expect(() => compilePattern('(?:[a-z]{1,100}){1,10}{1,10}x{1000}')).toThrow('error parsing regexp');
});

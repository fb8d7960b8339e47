import { expect, test } from 'vitest';
import { JsonWriter } from '../../src/base/json-writer.js';

function written(write: (json: JsonWriter) => void): string {
  const json = new JsonWriter();
  write(json);
  return json.finish().toString();
}

for (const [value, text] of [
  [0, '0'],
  [-0, '-0'],
  [1, '1'],
  [-1.5, '-1.5'],
  [0.1, '0.1'],
  [0.001, '0.001'],
  [0.25, '0.25'],
  [1.005, '1.005'],
  [0.1 + 0.2, '0.30000000000000004'],
  [1 / 3, '0.3333333333333333'],
  [123456789012.345, '123456789012.345'],
  [1e15, '1000000000000000'],
  [2 ** 53, '9007199254740992'],
  [2 ** 31 * 10 + 7, '21474836487'],
  [1e20, '100000000000000000000'],
  [1e21, '1e+21'],
  [1.5e-7, '1.5e-07'],
  [1e-6, '0.000001'],
  [5e-324, '5e-324'],
  [Number.MAX_VALUE, '1.7976931348623157e+308'],
  [Number.NaN, 'NaN'],
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
] as const) {
  test(`the number ${text}`, () => {
    expect(written((json) => json.quotedNumber(value))).toBe(`"${text}"`);
  });
}

test('any number reads back as itself', () => {
  const words = new Uint32Array(2);
  const [double] = [new Float64Array(words.buffer)];
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  const wrong: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    words[0] = random();
    words[1] = random();
    for (const value of [double![0]!, random() / 1000, (random() * 2 ** 20 + random()) / 100, random() % 1e4]) {
      const read = Number(written((json) => json.quotedNumber(value)).slice(1, -1));
      if (Number.isFinite(value) && !Object.is(read, value)) wrong.push(value);
    }
  }
  expect(wrong).toEqual([]);
});

for (const [timeMs, text] of [
  [0, '0'],
  [1500, '1.500'],
  [1435781430781, '1435781430.781'],
  [1435781430001, '1435781430.001'],
  [-1, '-0.001'],
  [-2000, '-2'],
] as const) {
  test(`the time ${text}`, () => expect(written((json) => json.seconds(timeMs))).toBe(text));
}

test('texts of any characters, beyond the first bytes of the writer', () => {
  const long = 'ü\u2028"\\\n😀'.repeat(2000);
  expect(JSON.parse(written((json) => json.value([long, long])))).toEqual([long, long]);
});

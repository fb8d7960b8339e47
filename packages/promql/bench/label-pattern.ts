// Microseconds to match a value of a label: ours, which time is linear in the value for every expression, beside
// JavaScript's own. `npm run bench:promql-patterns`

import { compilePattern } from '../src/syntax/label-pattern.js';

const VALUES = Array.from(
  { length: 100_000 },
  (_, index) => `api-${index}-${index % 2 === 0 ? 'eu' : 'us'}-west.example.com`,
);

function microseconds(matches: (value: string) => boolean): number {
  for (const value of VALUES) matches(value);
  const start = performance.now();
  for (const value of VALUES) matches(value);
  return ((performance.now() - start) / VALUES.length) * 1_000;
}

console.log(`${'ours µs'.padStart(9)} ${'JavaScript µs'.padStart(14)}  expression, ${VALUES.length} values`);
for (const source of [
  'api-1-us|api-2-us',
  'api-.*',
  'api-[0-9]+-(eu|us).*',
  '.*us.*',
  '.*(eu|us)-west\\.example\\.com',
  '(?:a|b|c)[^.]+\\..+',
]) {
  const pattern = compilePattern(source);
  const own = new RegExp(`^(?:${source})$`, 's');
  const ours = microseconds((value) => pattern.matches(value));
  const theirs = microseconds((value) => own.test(value));
  console.log(`${ours.toFixed(3).padStart(9)} ${theirs.toFixed(3).padStart(14)}  ${source}`);
}

console.log('\nmilliseconds for (a+)+b and n letters a; JavaScript doubles with each letter');
for (const length of [20, 24, 10_000, 100_000]) {
  const value = 'a'.repeat(length);
  const pattern = compilePattern('(a+)+b');
  const start = performance.now();
  pattern.matches(value);
  const ours = performance.now() - start;
  const own = /^(?:(a+)+b)$/s;
  const ownStart = performance.now();
  if (length <= 24) own.test(value);
  const theirs = length <= 24 ? (performance.now() - ownStart).toFixed(2) : '–';
  console.log(`${String(length).padStart(7)}  ${ours.toFixed(2)}  ${theirs}`);
}

import { quoted } from '#promql/syntax/go-text';

const unitNs = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const LARGEST_NS = 2n ** 63n - 1n;

/** Nanoseconds of a duration such as `1h15m30.918s`, as Go's `time.ParseDuration` has it. Throws an error with Go's text. */
export function parseGoDuration(text: string): bigint {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  let rest = text.slice(sign.length);
  if (rest === '0') return 0n;
  if (rest === '') throw invalid(text);
  let total = 0n;
  while (rest !== '') {
    const [number = '', whole = '', fraction = ''] = /^(\d*)(?:\.(\d*))?/.exec(rest)!;
    if (whole === '' && fraction === '') throw invalid(text);
    rest = rest.slice(number.length);
    const [unit = ''] = /^[^.\d]*/.exec(rest)!;
    if (unit === '') throw new Error(`time: missing unit in duration ${quoted(text)}`);
    const scale = unitNs.get(unit);
    if (scale === undefined) throw new Error(`time: unknown unit ${quoted(unit)} in duration ${quoted(text)}`);
    rest = rest.slice(unit.length);
    total += BigInt(whole) * scale;
    // Go multiplies the fraction as a float and cuts what is left off.
    if (fraction !== '') total += BigInt(Math.trunc(Number(`0.${fraction}`) * Number(scale) + 1e-6));
    if (total > LARGEST_NS + (sign === '-' ? 1n : 0n)) throw invalid(text);
  }
  return sign === '-' ? -total : total;
}

/** `1h15m30.918s`, as Go prints a duration. */
export function goDurationText(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  const sign = nanoseconds < 0n ? '-' : '';
  const total = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (total < 1_000n) return `${sign}${total}ns`;
  if (total < 1_000_000n) return `${sign}${withFraction(total, 1_000n)}µs`;
  if (total < 1_000_000_000n) return `${sign}${withFraction(total, 1_000_000n)}ms`;
  const minutes = total / 60_000_000_000n;
  const seconds = `${withFraction(total % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

function withFraction(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const fraction = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(value / unit) : `${value / unit}.${fraction}`;
}

function invalid(text: string): Error {
  return new Error(`time: invalid duration ${quoted(text)}`);
}

import { parseFloat64 } from './parse-float.js';

const prefixes = ['k', 'm', 'g', 't', 'p', 'e'];

const unitBytes = new Map<string, number>([
  ['', 1],
  ['b', 1],
  ...prefixes.flatMap((prefix, index): [string, number][] => [
    [`${prefix}b`, 1_000 ** (index + 1)],
    [prefix, 1_000 ** (index + 1)],
    [`${prefix}ib`, 1_024 ** (index + 1)],
    [`${prefix}i`, 1_024 ** (index + 1)],
  ]),
]);

/** Bytes of a size such as `5.5 MiB` or `1,000kB`. Throws an error with the text of Go's humanize package. */
export function parseByteSize(text: string): bigint {
  const [number = ''] = /^[\p{Nd}.,]*/u.exec(text)!;
  const value = parseFloat64(number.replaceAll(',', ''));
  const unit = text.slice(number.length).trim().toLowerCase();
  const scale = unitBytes.get(unit);
  if (scale === undefined) throw new Error(`unhandled size name: ${unit}`);
  const bytes = value * scale;
  if (bytes >= 2 ** 64) throw new Error(`too large: ${text}`);
  return BigInt(Math.trunc(bytes));
}

const sizes = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** The size to two digits, as `5.5MB`. */
export function byteSizeText(bytes: bigint): string {
  if (bytes < 10n) return `${bytes}B`;
  const value = Number(bytes);
  const exponent = Math.floor(Math.log(value) / Math.log(1_000));
  const scaled = Math.floor((value / 1_000 ** exponent) * 10 + 0.5) / 10;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)}${sizes[exponent]}`;
}

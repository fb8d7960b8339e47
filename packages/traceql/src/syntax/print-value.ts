import { ArrayValue, Duration, Keyword, type Value } from '../data/value.js';
import { printDuration } from './duration.js';

const MIN_INT = -(2n ** 63n);

/** A value as a label or a spanset attribute shows it: strings as they are. */
export function valueText(value: Value): string {
  return typeof value === 'string' ? value : printValue(value);
}

/** A value as it stands in a query, as far as the language can say it. */
export function printValue(value: Value): string {
  if (value === undefined) return 'nil';
  if (typeof value === 'string') return printString(value);
  if (typeof value === 'number') return printFloat(value);
  // Its digits alone are out of range, as the sign is an operator.
  if (value === MIN_INT) return 'minInt';
  if (value instanceof Duration) return printDuration(value.ns);
  if (value instanceof Keyword) return value.name;
  if (value instanceof ArrayValue) return `[${value.values.map(printElement).join(', ')}]`;
  return String(value);
}

/** In an array, floats that are whole look like ints. */
function printElement(value: Value): string {
  return typeof value === 'number' ? goFloat(value) : printValue(value);
}

/** In backticks, as Tempo prints strings, unless they hold what cannot stand there. */
function printString(text: string): string {
  if (!/[`\r]/.test(text)) return `\`${text}\``;
  const escaped = text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `"${escaped}"`;
}

/** With a point or an exponent, so that it is read as a float. */
function printFloat(value: number): string {
  const text = goFloat(value);
  return /[e.]/.test(text) ? text : `${text}.0`;
}

/** Go's shortest form of a float: with an exponent below 1e-4 and from 1e6 on. */
function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

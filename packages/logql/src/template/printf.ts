import { decimal, general, quotedCharacter } from '#promql/syntax/go-text';
import { GoTime } from './go-time.js';
import { type GoValue, Int64, JsonObject, quotedValue, typeName, valueText } from './value.js';

const verb = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(.?)/gsu;

/** Widest field and longest fraction: a line must not grow without bound. */
const MAX_WIDTH = 10_000;

/** Go's `fmt.Sprintf`. What does not fit its verb is written as Go writes it, as `%!d(string=x)`. */
export function sprintf(format: string, values: readonly GoValue[]): string {
  let next = 0;
  const take = () => values[next++];
  const text = format.replaceAll(verb, (_, flags: string, widthText?: string, precisionText?: string, letter = '') => {
    const width = widthText === '*' ? starValue(take()) : widthText === undefined ? undefined : Number(widthText);
    const precision =
      precisionText === '*'
        ? starValue(take())
        : precisionText === undefined
          ? undefined
          : Number(precisionText || '0');
    if (letter === '%') return '%';
    if (letter === '') return '%!(NOVERB)';
    if (next >= values.length) return `%!${letter}(MISSING)`;
    const value = take();
    const isLeft = flags.includes('-') || (width ?? 0) < 0;
    const body = formatted(letter, value, flags, precision) ?? wrongVerb(letter, value);
    return widened(body, Math.min(Math.abs(width ?? 0), MAX_WIDTH), isLeft ? 'left' : zeroPadded(flags, letter, value));
  });
  const extra = values.slice(next).map((value) => `${typeName(value)}=${valueText(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

/** Go's `fmt.Sprint`: a space between two values that are no texts. */
export function sprint(values: readonly GoValue[]): string {
  let text = '';
  for (const [index, value] of values.entries()) {
    const before = values[index - 1];
    if (index > 0 && typeof value !== 'string' && typeof before !== 'string') text += ' ';
    text += valueText(value);
  }
  return text;
}

function starValue(value: GoValue): number {
  return typeof value === 'bigint' ? Number(value) : 0;
}

function zeroPadded(flags: string, letter: string, value: GoValue): 'right' | 'zeros' {
  const isNumber = typeof value === 'number' || typeof value === 'bigint' || value instanceof Int64;
  return flags.includes('0') && (isNumber || letter === 's') ? 'zeros' : 'right';
}

function widened(text: string, width: number, side: 'left' | 'right' | 'zeros'): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  if (side === 'left') return text + ' '.repeat(missing);
  if (side === 'right') return ' '.repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

function formatted(letter: string, value: GoValue, flags: string, precision: number | undefined): string | undefined {
  if (letter === 'v' && typeof value === 'number') return formatFloat('g', value, flags, precision);
  if (letter === 'v') return signed(valueText(value), value, flags);
  if (letter === 'T') return typeName(value);
  if (letter === 't') return typeof value === 'boolean' ? String(value) : undefined;
  if (value instanceof Int64) return formatInteger(letter, value.value, flags);
  if (typeof value === 'bigint') return formatInteger(letter, value, flags);
  if (typeof value === 'number') return formatFloat(letter, value, flags, precision);
  return formatText(letter, value, precision);
}

function formatText(letter: string, value: GoValue, precision: number | undefined): string | undefined {
  const isTextual = typeof value === 'string' || value instanceof GoTime;
  const text = valueText(value);
  const cut = precision === undefined ? text : Array.from(text).slice(0, precision).join('');
  if (letter === 's') return isTextual || value instanceof JsonObject || Array.isArray(value) ? cut : undefined;
  if (letter === 'q') return isTextual ? quotedValue(cut) : undefined;
  if (letter === 'x' && isTextual) return Buffer.from(cut).toString('hex');
  if (letter === 'X' && isTextual) return Buffer.from(cut).toString('hex').toUpperCase();
  return undefined;
}

function formatInteger(letter: string, value: bigint, flags: string): string | undefined {
  switch (letter) {
    case 'd':
      return signed(String(value), value, flags);
    case 'b':
      return value.toString(2);
    case 'o':
      return (flags.includes('#') ? '0' : '') + value.toString(8);
    case 'x':
      return (flags.includes('#') ? '0x' : '') + value.toString(16);
    case 'X':
      return (flags.includes('#') ? '0X' : '') + value.toString(16).toUpperCase();
    case 'c':
      return String.fromCodePoint(Number(value));
    case 'q':
      return quotedCharacter(String.fromCodePoint(Number(value)));
    case 'U':
      return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
    default:
      return undefined;
  }
}

function formatFloat(letter: string, value: number, flags: string, precision: number | undefined): string | undefined {
  const digits = Math.min(precision ?? 6, 100);
  switch (letter) {
    case 'f':
    case 'F':
      return signed(Number.isFinite(value) ? fixedText(value, digits) : general(value), value, flags);
    case 'e':
    case 'E': {
      const text = Number.isFinite(value) ? exponentText(value.toExponential(digits)) : general(value);
      return signed(letter === 'E' ? text.toUpperCase() : text, value, flags);
    }
    case 'g':
    case 'G': {
      const text = precision === undefined ? general(value) : shortened(value, Math.max(precision, 1));
      return signed(letter === 'G' ? text.toUpperCase() : text, value, flags);
    }
    default:
      return undefined;
  }
}

function fixedText(value: number, digits: number): string {
  if (Math.abs(value) < 1e21) return value.toFixed(digits);
  return digits === 0 ? decimal(value) : `${decimal(value)}.${'0'.repeat(digits)}`;
}

function exponentText(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** `%.3g`: so many digits, without zeros at the end. */
function shortened(value: number, digits: number): string {
  if (!Number.isFinite(value)) return general(value);
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  if (exponent < -4 || exponent >= digits) {
    const [mantissa = '', power = ''] = value.toExponential(digits - 1).split('e');
    return exponentText(`${mantissa.replace(/\.?0+$/, mantissa.includes('.') ? '' : '$&')}e${power}`);
  }
  const text = value.toFixed(Math.max(digits - 1 - exponent, 0));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function signed(text: string, value: GoValue, flags: string): string {
  const isNumber = typeof value === 'number' || typeof value === 'bigint' || value instanceof Int64;
  if (!isNumber || text.startsWith('-') || text.startsWith('+')) return text;
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function wrongVerb(letter: string, value: GoValue): string {
  return value === undefined ? `%!${letter}(<nil>)` : `%!${letter}(${typeName(value)}=${valueText(value)})`;
}

import { parseByteSize } from '../text/byte-size.js';
import { parseGoDuration } from '../text/go-duration.js';
import { compilePattern, type Pattern } from '../text/regular-expression.js';
import type { ParameterType, TemplateFunction } from './compile.js';
import type { GoValue } from './value.js';

/** Longest text that `repeat`, `indent` and the like may make. */
const MAX_TEXT = 1_048_576;

/** Expressions that are kept: a template has few, but can make them of labels. */
const MAX_PATTERNS = 100;
const patterns = new Map<string, Pattern>();

function patternOf(source: string): Pattern {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    pattern = compilePattern(source);
    if (patterns.size >= MAX_PATTERNS) patterns.clear();
    patterns.set(source, pattern);
  }
  return pattern;
}

/** A function of texts, which are its only arguments. */
function ofTexts(count: number, call: (...texts: string[]) => GoValue): TemplateFunction {
  const parameters = new Array<ParameterType>(count).fill('string');
  return { parameters, call: (values) => call(...(values as readonly string[])) };
}

function ofNumberAndText(call: (number: number, text: string) => GoValue): TemplateFunction {
  return { parameters: ['int', 'string'], call: ([number, text]) => call(Number(number), text as string) };
}

function trimmedStart(text: string, characters: string): string {
  const cut = new Set(characters);
  const kept = Array.from(text);
  const first = kept.findIndex((character) => !cut.has(character));
  return first === -1 ? '' : kept.slice(first).join('');
}

function trimmedEnd(text: string, characters: string): string {
  const cut = new Set(characters);
  const kept = Array.from(text);
  const last = kept.findLastIndex((character) => !cut.has(character));
  return kept.slice(0, last + 1).join('');
}

function trimmed(text: string, characters: string): string {
  return trimmedEnd(trimmedStart(text, characters), characters);
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function withoutSuffix(text: string, suffix: string): string {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

/** The first `count` places are replaced, or all if it is negative. An empty text stands before each character and at the end. */
function replaced(text: string, from: string, to: string, count: number): string {
  const parts = from === '' ? ['', ...text] : text.split(from);
  if (from === '' && text !== '') parts.push('');
  const places = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  const glue = from === '' ? '' : from;
  limit(text.length + places * to.length);
  return (
    parts.slice(0, places + 1).join(to) +
    parts
      .slice(places + 1)
      .map((part) => glue + part)
      .join('')
  );
}

function repeated(text: string, count: number): string {
  if (count < 0) throw new Error('strings: negative Repeat count');
  limit(text.length * count);
  return text.repeat(count);
}

function limit(length: number): void {
  if (length > MAX_TEXT) throw new Error(`a text must have at most ${MAX_TEXT} characters, not ${length}`);
}

function indented(spaces: number, text: string): string {
  const pad = repeated(' ', spaces);
  limit(text.length * (1 + spaces));
  return pad + text.replaceAll('\n', `\n${pad}`);
}

/** Cut by bytes, as sprig does. */
function truncated(count: number, text: string): string {
  const bytes = Buffer.from(text);
  if (count < 0 && bytes.length + count > 0) return bytes.subarray(bytes.length + count).toString();
  return count >= 0 && bytes.length > count ? bytes.subarray(0, count).toString() : text;
}

function substring(start: number, end: number, text: string): string {
  const bytes = Buffer.from(text);
  const to = start < 0 ? end : end < 0 || end > bytes.length ? bytes.length : end;
  const from = Math.max(start, 0);
  if (to < 0 || to > bytes.length) throw outOfRange(to < 0 ? `[:${to}]` : `[:${to}] with length ${bytes.length}`);
  if (from > to) throw outOfRange(`[${from}:${to}]`);
  return bytes.subarray(from, to).toString();
}

export function outOfRange(what: string): Error {
  return new Error(`runtime error: slice bounds out of range ${what}`);
}

function aligned(count: number, text: string, side: 'left' | 'right'): string {
  const characters = Array.from(text);
  if (count < 0 || count === characters.length) return text;
  if (count < characters.length) {
    return (side === 'left' ? characters.slice(0, count) : characters.slice(characters.length - count)).join('');
  }
  const pad = repeated(' ', count - characters.length);
  return side === 'left' ? text + pad : pad + text;
}

/** Capital letters where words begin, as Go's old `strings.Title` has it. */
function titled(text: string): string {
  return text.replaceAll(/(?<![\p{L}\p{Nd}_])\p{L}/gu, (letter) => letter.toUpperCase());
}

export function queryEscaped(text: string): string {
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'))
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function queryUnescaped(text: string): string {
  const [wrong] = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text) ?? [];
  if (wrong !== undefined) throw new Error(`invalid URL escape ${JSON.stringify(wrong)}`);
  const bytes: number[] = [];
  const source = Buffer.from(text.replaceAll('+', ' '));
  for (let at = 0; at < source.length; at++) {
    const isEscape = source[at] === 37;
    bytes.push(isEscape ? Number.parseInt(source.toString('latin1', at + 1, at + 3), 16) : source[at]!);
    if (isEscape) at += 2;
  }
  return Buffer.from(bytes).toString();
}

/** Missing padding is added. For what is no base64 the text of the error is the result, as in Loki. */
function base64Decoded(text: string): string {
  const rest = Buffer.byteLength(text) % 4;
  const full = rest > 1 ? text + '='.repeat(4 - rest) : text;
  const match = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.exec(full.replaceAll(/[\r\n]/g, ''));
  if (match !== null) return Buffer.from(full, 'base64').toString();
  const [good = ''] = /^[A-Za-z0-9+/]*/.exec(full)!;
  return `illegal base64 data at input byte ${good.length}`;
}

function seconds(text: string): number {
  return Number(parseGoDuration(text)) / 1e9;
}

export const textFunctions: Readonly<Record<string, TemplateFunction>> = {
  ToLower: ofTexts(1, (text = '') => text.toLowerCase()),
  ToUpper: ofTexts(1, (text = '') => text.toUpperCase()),
  Replace: {
    parameters: ['string', 'string', 'string', 'int'],
    call: ([text, from, to, count]) => replaced(text as string, from as string, to as string, Number(count)),
  },
  Trim: ofTexts(2, (text = '', characters = '') => trimmed(text, characters)),
  TrimLeft: ofTexts(2, (text = '', characters = '') => trimmedStart(text, characters)),
  TrimRight: ofTexts(2, (text = '', characters = '') => trimmedEnd(text, characters)),
  TrimPrefix: ofTexts(2, (text = '', prefix = '') => withoutPrefix(text, prefix)),
  TrimSuffix: ofTexts(2, (text = '', suffix = '') => withoutSuffix(text, suffix)),
  TrimSpace: ofTexts(1, (text = '') => text.trim()),
  regexReplaceAll: ofTexts(3, (pattern = '', text = '', to = '') => patternOf(pattern).replaceAll(text, to)),
  regexReplaceAllLiteral: ofTexts(3, (pattern = '', text = '', to = '') =>
    patternOf(pattern).replaceAllLiteral(text, to),
  ),
  count: ofTexts(2, (pattern = '', text = '') => BigInt([...patternOf(pattern).matches(text)].length)),
  urldecode: ofTexts(1, (text = '') => queryUnescaped(text)),
  urlencode: ofTexts(1, (text = '') => queryEscaped(text)),
  bytes: ofTexts(1, (text = '') => Number(parseByteSize(text))),
  duration: ofTexts(1, (text = '') => seconds(text)),
  duration_seconds: ofTexts(1, (text = '') => seconds(text)),
  alignLeft: ofNumberAndText((count, text) => aligned(count, text, 'left')),
  alignRight: ofNumberAndText((count, text) => aligned(count, text, 'right')),
  b64enc: ofTexts(1, (text = '') => Buffer.from(text).toString('base64')),
  b64dec: ofTexts(1, (text = '') => base64Decoded(text)),
  lower: ofTexts(1, (text = '') => text.toLowerCase()),
  upper: ofTexts(1, (text = '') => text.toUpperCase()),
  title: ofTexts(1, (text = '') => titled(text)),
  trunc: ofNumberAndText(truncated),
  substr: {
    parameters: ['int', 'int', 'string'],
    call: ([start, end, text]) => substring(Number(start), Number(end), text as string),
  },
  contains: ofTexts(2, (part = '', text = '') => text.includes(part)),
  hasPrefix: ofTexts(2, (part = '', text = '') => text.startsWith(part)),
  hasSuffix: ofTexts(2, (part = '', text = '') => text.endsWith(part)),
  indent: ofNumberAndText(indented),
  nindent: ofNumberAndText((spaces, text) => `\n${indented(spaces, text)}`),
  replace: ofTexts(3, (from = '', to = '', text = '') => replaced(text, from, to, -1)),
  repeat: ofNumberAndText((count, text) => repeated(text, count)),
  trim: ofTexts(1, (text = '') => text.trim()),
  trimAll: ofTexts(2, (characters = '', text = '') => trimmed(text, characters)),
  trimSuffix: ofTexts(2, (suffix = '', text = '') => withoutSuffix(text, suffix)),
  trimPrefix: ofTexts(2, (prefix = '', text = '') => withoutPrefix(text, prefix)),
};

import { type Label, Labels } from '../../src/data/labels.js';
import { CUSTOM_SCHEMA } from '../../src/histogram/bounds.js';
import { added, subtracted } from '../../src/histogram/combine.js';
import { type Buckets, type NativeHistogram, noBuckets, type ResetHint } from '../../src/histogram/native-histogram.js';
import { parseDuration } from '../../src/syntax/duration.js';
import { parseNumber } from '../../src/syntax/number.js';
import { parseSelector } from '../../src/syntax/parser.js';

/** A histogram as a script writes it. Its hint is compared only if it is written. */
export interface WrittenHistogram {
  readonly histogram: NativeHistogram;
  readonly hasHint: boolean;
}

/** A value in a script; undefined is a gap. */
export type WrittenValue = number | WrittenHistogram | 'stale' | undefined;

export interface WrittenSeries {
  readonly labels: Labels;
  readonly values: readonly WrittenValue[];
}

/** `metric{label="value"} 1 2+1x5 _ stale {{count:3 …}}` → labels and values. */
export function parseSeries(line: string): WrittenSeries {
  const [metric, rest] = splitMetric(line.trim());
  return { labels: parseLabels(metric), values: splitItems(rest).flatMap(expandItem) };
}

/** Splits at the space behind the labels, in whose values there may be spaces. */
export function splitMetric(line: string): [metric: string, rest: string] {
  let quote = '';
  let braces = 0;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quote !== '') {
      if (character === '\\' && quote !== '`') at++;
      else if (character === quote) quote = '';
    } else if (`"'\``.includes(character)) quote = character;
    else if (character === '{') braces++;
    else if (character === '}') braces--;
    else if (/\s/.test(character) && braces === 0) {
      const behind = line.slice(at).trim();
      if (!behind.startsWith('{') || behind.startsWith('{{')) return [line.slice(0, at), behind];
    }
  }
  return [line, ''];
}

/** Labels as conditions that all demand equality. */
export function parseLabels(metric: string): Labels {
  if (/^\{\s*\}$/.test(metric)) return Labels.none;
  return Labels.of(parseSelector(metric).map(({ name, value }): Label => [name, value]));
}

/** At spaces outside of histograms. */
function splitItems(text: string): string[] {
  return text.match(/(?:\{\{.*?\}\}|\S)+/g) ?? [];
}

function expandItem(item: string): WrittenValue[] {
  if (item.includes('{{')) return expandHistograms(item);
  const gap = /^_(?:x(\d+))?$/.exec(item);
  if (gap !== null) return new Array(Number(gap[1] ?? 1)).fill(undefined);
  const value = '[+-]?(?:stale|inf|nan|[\\d.][\\d.]*(?:e[+-]?\\d+)?)';
  const [, first, step, times] =
    new RegExp(`^(${value})(?:([+-]${value.slice(5)}))?(?:x(\\d+))?$`, 'i').exec(item) ?? [];
  if (first === undefined) throw new Error(`a value must be a number, stale, _ or a histogram, got ${item}`);
  if (first === 'stale') return new Array(Number(times ?? 0) + 1).fill('stale');
  let current = signedNumber(first);
  const values: number[] = [];
  // One more than the count: a script names the first value and how often the step is added.
  for (let index = 0; index <= Number(times ?? 0); index++) {
    values.push(current);
    current += step === undefined ? 0 : signedNumber(step);
  }
  return values;
}

function signedNumber(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  return sign * parseNumber(text.replace(/^[+-]/, ''));
}

function expandHistograms(item: string): WrittenValue[] {
  const parts = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d+))?$/.exec(item);
  if (parts === null) throw new Error(`a histogram must have the form {{…}}, {{…}}xN or {{…}}+{{…}}xN, got ${item}`);
  const [, first = '', sign, step, times] = parts;
  const written = parseHistogram(first);
  if (step === undefined) return new Array(Number(times ?? 0) + 1).fill(written);
  const increment = parseHistogram(step);
  const values: WrittenHistogram[] = [{ ...written, hasHint: increment.hasHint }];
  for (let index = 0; index < Number(times); index++) {
    const last = values.at(-1)!.histogram;
    const { histogram } = sign === '+' ? added(last, increment.histogram) : subtracted(last, increment.histogram);
    values.push({ histogram, hasHint: increment.hasHint });
  }
  return values;
}

/** `{{schema:1 count:3 buckets:[1 2]}}` → a histogram. */
export function parseHistogram(text: string): WrittenHistogram {
  const fields = new Map<string, string>();
  for (const [, name = '', list, word] of text.slice(2, -2).matchAll(/(\w+):(?:\[([^\]]*)\]|(\S+))/g)) {
    fields.set(name, list ?? word ?? '');
  }
  const number = (name: string) => (fields.has(name) ? signedNumber(fields.get(name)!) : 0);
  const list = (name: string) => (fields.get(name)?.trim().split(/\s+/) ?? []).filter(Boolean).map(signedNumber);
  const schema = number('schema');
  const histogram: NativeHistogram = {
    schema,
    count: number('count'),
    sum: number('sum'),
    zeroThreshold: number('z_bucket_w'),
    zeroCount: number('z_bucket'),
    positive: bucketsFrom(number('offset'), list('buckets')),
    negative: bucketsFrom(number('n_offset'), list('n_buckets')),
    bounds: schema === CUSTOM_SCHEMA ? list('custom_values') : [],
    hint: (fields.get('counter_reset_hint') ?? 'unknown') as ResetHint,
  };
  return { histogram, hasHint: fields.has('counter_reset_hint') };
}

function bucketsFrom(offset: number, counts: readonly number[]): Buckets {
  return counts.length === 0 ? noBuckets : { indexes: counts.map((_, index) => offset + index), counts };
}

/** `-1m -30s+1sx5 _x2` → milliseconds, for start times relative to samples. */
export function parseStartOffsets(text: string): (number | undefined)[] {
  return text.split(/\s+/).flatMap((item): (number | undefined)[] => {
    const gap = /^_(?:x(\d+))?$/.exec(item);
    if (gap !== null) return new Array(Number(gap[1] ?? 1)).fill(undefined);
    const parts = /^([+-]?\d+(?:ms|[smhdwy])?)(?:([+-]\d+(?:ms|[smhdwy])?))?(?:x(\d+))?$/.exec(item);
    if (parts === null) throw new Error(`a start time must be a duration, got ${item}`);
    const [, first = '', step, times] = parts;
    return Array.from(
      { length: Number(times ?? 0) + 1 },
      (_, index) => signedMs(first) + index * signedMs(step ?? '0'),
    );
  });
}

function signedMs(text: string): number {
  return (text.startsWith('-') ? -1 : 1) * parseDuration(text.replace(/^[+-]/, ''));
}

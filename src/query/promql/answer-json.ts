// Answers of the evaluation → the JSON of Prometheus's API.

import {
  allRanges,
  FLOAT,
  type Grid,
  HISTOGRAM,
  type InstantResult,
  type Labels,
  type NativeHistogram,
  type RangeResult,
  type RangeSamples,
  type StepSeries,
  timeAt,
} from '#promql';
import { decimal } from '#promql/syntax/go-text';
import { JsonWriter, writeList } from '../../base/json-writer.js';
import type { AnswerBody, JsonAnswer } from '../run/json-answer.js';

/** Warnings, and notes, that an answer shows; one more says how many there are beside them. */
const MAX_ANNOTATIONS = 10;

export interface AnswerNotes {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** `{"status":"success","data":…}` around what `write` writes. */
export async function successAnswer(
  answer: JsonAnswer,
  { warnings, infos }: AnswerNotes,
  write: () => Promise<void>,
): Promise<AnswerBody> {
  const { json } = answer;
  json.ascii('{"status":"success","data":');
  await write();
  for (const [name, texts] of [
    ['warnings', shownNotes(warnings, 'warning')],
    ['infos', shownNotes(infos, 'info')],
  ] as const) {
    if (texts.length === 0) continue;
    json.ascii(`,"${name}":`);
    json.value(texts);
  }
  json.ascii('}');
  return answer.finish();
}

function shownNotes(texts: readonly string[], kind: string): readonly string[] {
  const more = texts.length - MAX_ANNOTATIONS;
  return more <= 0 ? texts : [...texts.slice(0, MAX_ANNOTATIONS), `${more} more ${kind} annotations omitted`];
}

/** The data of `query`. `statistics` are shown if there are any. */
export async function writeInstant(
  answer: JsonAnswer,
  result: InstantResult,
  timeMs: number,
  statistics: unknown,
): Promise<void> {
  const { json } = answer;
  json.ascii(`{"resultType":"${result.type}","result":`);
  switch (result.type) {
    case 'scalar':
      json.ascii('[');
      json.seconds(timeMs);
      // Unlike everywhere else Prometheus writes no exponents here.
      json.ascii(`,"${decimal(result.value)}"]`);
      break;
    case 'string':
      json.ascii('[');
      json.seconds(timeMs);
      json.ascii(',');
      json.value(result.value);
      json.ascii(']');
      break;
    case 'vector':
      await answer.list(result.samples, ({ labels, value }) => writeInstantSample(json, labels, timeMs, value));
      break;
    case 'matrix':
      await answer.list(result.series, (series) => writeRangeSamples(answer, series));
      break;
  }
  endData(json, statistics);
}

/** The data of `query_range`. */
export async function writeRange(
  answer: JsonAnswer,
  { grid, series }: RangeResult,
  statistics: unknown,
): Promise<void> {
  const { json } = answer;
  json.ascii('{"resultType":"matrix","result":');
  const times = stepTexts(grid);
  await answer.list(series, (each) => writeStepSeries(json, each, times));
  endData(json, statistics);
}

function endData(json: JsonWriter, statistics: unknown): void {
  if (statistics !== undefined) {
    json.ascii(',"stats":');
    json.value(statistics);
  }
  json.ascii('}');
}

export function writeLabels(json: JsonWriter, labels: Labels): void {
  json.ascii('{');
  labels.entries.forEach(([name, value], i) => {
    if (i > 0) json.ascii(',');
    json.value(name);
    json.ascii(':');
    json.value(value);
  });
  json.ascii('}');
}

function writeInstantSample(json: JsonWriter, labels: Labels, timeMs: number, value: number | NativeHistogram): void {
  json.ascii('{"metric":');
  writeLabels(json, labels);
  const isFloat = typeof value === 'number';
  json.ascii(isFloat ? ',"value":[' : ',"histogram":[');
  json.seconds(timeMs);
  json.ascii(',');
  if (isFloat) json.quotedNumber(value);
  else writeHistogram(json, value);
  json.ascii(']}');
}

/** Times of the steps, each as `[seconds,`: the same for every series. */
function stepTexts(grid: Grid): readonly Uint8Array[] {
  return Array.from({ length: grid.count }, (_, step) => {
    const json = new JsonWriter();
    json.ascii('[');
    json.seconds(timeAt(grid, step));
    json.ascii(',');
    return json.finish();
  });
}

function writeStepSeries(json: JsonWriter, series: StepSeries, times: readonly Uint8Array[]): void {
  json.ascii('{"metric":');
  writeLabels(json, series.labels);
  const { kinds, values, histograms } = series;
  if (kinds.includes(FLOAT)) {
    json.ascii(',"values":[');
    json.samples(times, kinds, FLOAT, values);
    json.ascii(']');
  }
  if (histograms !== undefined && kinds.includes(HISTOGRAM)) {
    json.ascii(',"histograms":');
    const steps = [...kinds.keys()].filter((step) => kinds[step] === HISTOGRAM);
    writeList(json, steps, (step) => {
      json.bytes(times[step]!);
      writeHistogram(json, histograms[step]!);
      json.ascii(']');
    });
  }
  json.ascii('}');
}

function writeRangeSamples(answer: JsonAnswer, samples: RangeSamples): void {
  const { json } = answer;
  json.ascii('{"metric":');
  writeLabels(json, samples.labels);
  writeTimed(answer, samples.times, ',"values":', (i) => json.quotedNumber(samples.values[i]!));
  writeTimed(answer, samples.histogramTimes, ',"histograms":', (i) => writeHistogram(json, samples.histograms[i]!));
  json.ascii('}');
}

function writeTimed(answer: JsonAnswer, times: Float64Array, head: string, write: (i: number) => void): void {
  const { json } = answer;
  if (times.length === 0) return;
  json.ascii(head);
  let before = '[[';
  for (let i = 0; i < times.length; i++) {
    json.ascii(before);
    json.seconds(times[i]!);
    json.ascii(',');
    write(i);
    json.ascii(']');
    before = ',[';
    // One series may have all the samples that a query may hold.
    answer.passOn();
  }
  json.ascii(']');
}

/** Which bounds a bucket includes, by Prometheus's numbers. */
function boundaryRule(lowerInclusive: boolean, upperInclusive: boolean): number {
  if (lowerInclusive) return upperInclusive ? 3 : 1;
  return upperInclusive ? 0 : 2;
}

function writeHistogram(json: JsonWriter, histogram: NativeHistogram): void {
  json.ascii('{"count":');
  json.quotedNumber(histogram.count);
  json.ascii(',"sum":');
  json.quotedNumber(histogram.sum);
  const populated = allRanges(histogram).filter(({ count }) => count !== 0);
  if (populated.length > 0) {
    json.ascii(',"buckets":');
    writeList(json, populated, ({ lower, upper, lowerInclusive, upperInclusive, count }) => {
      json.ascii(`[${boundaryRule(lowerInclusive, upperInclusive)},`);
      json.quotedNumber(lower);
      json.ascii(',');
      json.quotedNumber(upper);
      json.ascii(',');
      json.quotedNumber(count);
      json.ascii(']');
    });
  }
  json.ascii('}');
}

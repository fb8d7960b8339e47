// Answers of the evaluation → the JSON of Loki's API.

import { type Answer, gridTime, type InstantResult, type LogEntry, type RangeResult } from '#logql';
import type { Labels } from '#promql/data/labels';
import { NOTHING } from '#promql/data/step-series';
import { JsonWriter, writeList } from '../../base/json-writer.js';
import type { LabelEncoding } from './logql-request.js';
import { labelsJson, streamsJson } from './stream-json.js';

const NS_PER_MS = 1_000_000n;

/** What an answer says of the work behind it: the members that clients show. */
export interface AnswerStatistics {
  readonly linesRead: number;
  readonly elapsedMs: number;
}

export function streamsAnswer(
  { result, warnings }: Answer<readonly LogEntry[]>,
  encoding: LabelEncoding,
  statistics: AnswerStatistics,
): Uint8Array<ArrayBuffer> {
  return successJson('streams', encoding, warnings, statistics, (json) => json.text(streamsJson(result, encoding)));
}

export function matrixAnswer(
  { result, warnings }: Answer<RangeResult>,
  encoding: LabelEncoding,
  statistics: AnswerStatistics,
): Uint8Array<ArrayBuffer> {
  const { grid, series } = result;
  const times = Array.from({ length: grid.count }, (_, step) => Number(gridTime(grid, step) / NS_PER_MS));
  return successJson('matrix', encoding, warnings, statistics, (json) => {
    writeList(json, series, ({ labels, kinds, values }) => {
      writeMetric(json, labels);
      json.ascii('"values":');
      const steps = [...kinds.keys()].filter((step) => kinds[step] !== NOTHING);
      writeList(json, steps, (step) => writeSample(json, times[step]!, values[step]!));
      json.ascii('}');
    });
  });
}

export function instantAnswer(
  { result, warnings }: Answer<InstantResult>,
  timeNs: bigint,
  encoding: LabelEncoding,
  statistics: AnswerStatistics,
): Uint8Array<ArrayBuffer> {
  const timeMs = Number(timeNs / NS_PER_MS);
  return successJson(result.type, encoding, warnings, statistics, (json) => {
    if (result.type === 'scalar') {
      writeSample(json, timeMs, result.value);
      return;
    }
    writeList(json, result.samples, ({ labels, value }) => {
      writeMetric(json, labels);
      json.ascii('"value":');
      writeSample(json, timeMs, value);
      json.ascii('}');
    });
  });
}

function successJson(
  type: string,
  encoding: LabelEncoding,
  warnings: readonly string[],
  { linesRead, elapsedMs }: AnswerStatistics,
  write: (json: JsonWriter) => void,
): Uint8Array<ArrayBuffer> {
  const json = new JsonWriter();
  json.ascii('{"status":"success",');
  if (warnings.length > 0) {
    json.ascii('"warnings":');
    json.value(warnings);
    json.ascii(',');
  }
  json.ascii(`"data":{"resultType":"${type}",`);
  if (encoding === 'categorized' && type === 'streams') json.ascii('"encodingFlags":["categorize-labels"],');
  json.ascii('"result":');
  write(json);
  json.ascii(',"stats":');
  json.value({ summary: { execTime: elapsedMs / 1000, totalLinesProcessed: linesRead } });
  json.ascii('}}');
  return json.finish();
}

function writeMetric(json: JsonWriter, labels: Labels): void {
  json.ascii('{"metric":');
  json.text(labelsJson(labels.entries));
  json.ascii(',');
}

function writeSample(json: JsonWriter, timeMs: number, value: number): void {
  json.ascii('[');
  json.seconds(timeMs);
  json.ascii(',');
  json.quotedNumber(value);
  json.ascii(']');
}

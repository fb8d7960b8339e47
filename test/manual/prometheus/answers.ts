// Two servers' answers to one question → where they differ, if anywhere.

import { numbersAgree } from './numbers.js';

export interface ApiAnswer {
  readonly status: number;
  readonly body: {
    readonly status: string;
    readonly data?: { readonly resultType: string; readonly result: unknown };
    readonly errorType?: string;
    readonly error?: string;
    readonly warnings?: readonly string[];
    readonly infos?: readonly string[];
  };
}

export interface Comparison {
  /** Undefined where the answers agree. */
  readonly difference: string | undefined;
  /** Samples that were compared. */
  readonly samples: number;
  /** Samples that are equal as numbers go, and not digit for digit. */
  readonly nearSamples: number;
}

/** The body's parts that both have to give, series by their labels. */
export function compareAnswers(ours: ApiAnswer, theirs: ApiAnswer): Comparison {
  const counted = { samples: 0, nearSamples: 0 };
  const difference =
    differs('status', ours.status, theirs.status) ??
    differs('errorType', ours.body.errorType, theirs.body.errorType) ??
    differs('error', ours.body.error, theirs.body.error) ??
    differs('resultType', ours.body.data?.resultType, theirs.body.data?.resultType) ??
    resultDifference(ours, theirs, counted) ??
    differs('warnings', listed(ours.body.warnings), listed(theirs.body.warnings)) ??
    differs('infos', listed(ours.body.infos), listed(theirs.body.infos));
  return { difference, ...counted };
}

const listed = (texts: readonly string[] | undefined) => [...(texts ?? [])].sort().join('\n');

function differs(what: string, ours: unknown, theirs: unknown): string | undefined {
  return ours === theirs ? undefined : `${what}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`;
}

type Point = readonly [time: number, value: unknown];

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
  readonly histogram?: Point;
  readonly histograms?: readonly Point[];
}

function resultDifference(
  ours: ApiAnswer,
  theirs: ApiAnswer,
  counted: { samples: number; nearSamples: number },
): string | undefined {
  const [one, other] = [ours.body.data?.result, theirs.body.data?.result];
  if (!['vector', 'matrix'].includes(ours.body.data?.resultType ?? '')) {
    return one === undefined ? undefined : pointsDiffer('result', [one as Point], [other as Point], counted);
  }
  const [mine, yours] = [bySeries(one as readonly Series[]), bySeries(other as readonly Series[])];
  for (const key of yours.keys()) if (!mine.has(key)) return `series ${key} is theirs alone`;
  for (const key of mine.keys()) if (!yours.has(key)) return `series ${key} is ours alone`;
  for (const [key, { points, histograms }] of mine) {
    const wanted = yours.get(key)!;
    const difference =
      pointsDiffer(key, points, wanted.points, counted) ??
      pointsDiffer(`${key} (histograms)`, histograms, wanted.histograms, counted);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function bySeries(result: readonly Series[]) {
  return new Map(
    result.map(({ metric, value, values, histogram, histograms }) => [
      JSON.stringify(Object.entries(metric).sort(([one], [other]) => (one < other ? -1 : 1))),
      {
        points: values ?? (value === undefined ? [] : [value]),
        histograms: histograms ?? (histogram === undefined ? [] : [histogram]),
      },
    ]),
  );
}

function pointsDiffer(
  key: string,
  ours: readonly Point[],
  theirs: readonly Point[],
  counted: { samples: number; nearSamples: number },
): string | undefined {
  for (const [i, [time, value]] of ours.entries()) {
    counted.samples++;
    const wanted = theirs[i];
    if (wanted === undefined) return `${key} at ${time}: ours alone, ${JSON.stringify(value)}`;
    if (wanted[0] !== time) return `${key}: ours at ${time}, theirs at ${wanted[0]}`;
    if (JSON.stringify(value) === JSON.stringify(wanted[1])) continue;
    if (!numbersAgree(value, wanted[1])) {
      return `${key} at ${time}: ours ${JSON.stringify(value)}, theirs ${JSON.stringify(wanted[1])}`;
    }
    counted.nearSamples++;
  }
  const missing = theirs[ours.length];
  return missing === undefined ? undefined : `${key} at ${missing[0]}: theirs alone, ${JSON.stringify(missing[1])}`;
}

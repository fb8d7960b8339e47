// Series that have the same labels → one series.

import type { SeriesSamples } from '#promql';

/** Samples of all by rising time. Of equal times the sample of the later series counts. */
export function mergedSamples(all: readonly SeriesSamples[]): SeriesSamples {
  const [first] = all;
  if (all.length === 1) return first!;
  const samples = all.flatMap((series, at) => Array.from(series.times, (time, sample) => ({ time, at, sample })));
  samples.sort((left, right) => left.time - right.time || left.at - right.at);
  const kept = samples.filter(({ time }, at) => samples[at + 1]?.time !== time);
  const column = (of: (series: SeriesSamples) => ArrayLike<number> | undefined) =>
    Float64Array.from(kept, ({ at, sample }) => of(all[at]!)?.[sample] ?? 0);
  const has = (of: (series: SeriesSamples) => unknown) => all.some((series) => of(series) !== undefined);
  return {
    labels: first!.labels,
    times: column(({ times }) => times),
    values: column(({ values }) => values),
    stale: has(({ stale }) => stale) ? Uint8Array.from(column(({ stale }) => stale)) : undefined,
    histograms: has(({ histograms }) => histograms)
      ? kept.map(({ at, sample }) => all[at]!.histograms?.[sample])
      : undefined,
    startTimes: has(({ startTimes }) => startTimes) ? column(({ startTimes }) => startTimes) : undefined,
    // Of both temporalities, that of the first: adding them up would be wrong in either.
    ...(first!.isDelta === true && { isDelta: true }),
  };
}

import { useMemo } from 'preact/hooks';
import { queryLogs, type Series } from '../apis/loki.js';
import { TimeChart } from '../charts/time-chart.js';
import { count } from '../format.js';
import { stepSeconds, type TimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';
import { type Level, levelNamed, levels } from './level.js';

const BARS = 60;
const colors: Readonly<Record<Level, string>> = {
  fatal: 'var(--c4)',
  error: 'var(--error-mark)',
  warn: 'var(--warn-mark)',
  info: 'var(--c0)',
  debug: 'var(--c11)',
  trace: 'var(--c8)',
  unknown: 'var(--line-strong)',
};

/** How many lines there are over time, of each level. */
export function Volume({ query, range }: { readonly query: string; readonly range: TimeRange }) {
  const stepS = stepSeconds(range, BARS);
  const { startMs, endMs } = range;
  const answer = useAnswer(`${query} ${range.key}`, (signal) => {
    const counts = `sum by (detected_level) (count_over_time(${query} [${stepS}s]))`;
    return queryLogs({ query: counts, startMs: startMs + stepS * 1000, endMs, stepS }, signal);
  });
  const series = answer.value?.kind === 'series' ? answer.value.series : undefined;
  const chart = useMemo(() => series && chartOf(series, stepS), [series, stepS]);
  // The lines below say what is wrong with the query.
  if (answer.error !== undefined) return null;
  return (
    <section class={answer.isLoading ? 'volume answer is-stale' : 'volume answer'} aria-label="Volume">
      {chart === undefined ? (
        <div class="volume-room" />
      ) : (
        <>
          <TimeChart
            label="Lines over time by level"
            times={chart.times}
            series={chart.series}
            range={range}
            unit={count}
            height={96}
            kind="stacked bars"
          />
          <ul class="legend">
            {chart.series.toReversed().map(({ label, color, total }) => (
              <li key={label}>
                <span class="swatch" style={{ background: color }} /> {label} <span class="faint">{count(total)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function chartOf(series: readonly Series[], stepS: number) {
  // A count is of the step before its time; a bar begins with the step.
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at - stepS)))].sort((a, b) => a - b);
  const places = new Map(times.map((at, index) => [at, index]));
  const byLevel = new Map<Level, number[]>();
  for (const { labels, points } of series) {
    const level = levelNamed(labels['detected_level'] ?? '');
    const values = byLevel.get(level) ?? new Array<number>(times.length).fill(0);
    for (const [at, value] of points) values[places.get(at - stepS)!]! += value;
    byLevel.set(level, values);
  }
  // The least severe at the bottom.
  const shown = levels.toReversed().flatMap((level) => {
    const values = byLevel.get(level);
    if (values === undefined) return [];
    return [{ label: level, color: colors[level], values, total: values.reduce((sum, value) => sum + value, 0) }];
  });
  return { times, series: shown };
}

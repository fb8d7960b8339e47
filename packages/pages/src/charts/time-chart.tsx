// Series over time on a canvas, by uPlot. Dragging zooms the page to that part.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { resolvedColor } from '../colors.js';
import { clockTime, dayAndTime } from '../format.js';
import { useTheme } from '../theme.js';
import { zoomTo } from '../time-range.js';

export interface ChartSeries {
  readonly label: string;
  readonly color: string;
  /** As many as there are times. */
  readonly values: readonly (number | null)[];
}

export interface TimeChartProps {
  readonly label: string;
  /** Unix seconds, ascending. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly range: { readonly startMs: number; readonly endMs: number };
  readonly unit: (value: number) => string;
  readonly height?: number;
  readonly kind?: 'lines' | 'stacked bars';
  /** Series that a legend points at; the others step back. */
  readonly highlighted?: string | undefined;
}

/** Series that the box beside the cursor names: the largest there. */
const MAX_TOLD = 8;
const DAY_S = 86_400;

export function TimeChart(props: TimeChartProps) {
  const { label, times, series, range, unit, height = 180, kind = 'lines', highlighted } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [cursor, setCursor] = useState<{ index: number; left: number; width: number }>();
  const theme = useTheme();
  useLayoutEffect(() => {
    const element = box.current!;
    const stack = kind === 'stacked bars' ? stacked(series) : series.map(({ values }) => values);
    const chart = new uPlot(
      optionsOf(props, element.clientWidth || 600, height, (index, left) => {
        setCursor(index === undefined ? undefined : { index, left, width: element.clientWidth });
      }),
      [times as number[], ...(stack as (number | null)[][])],
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== chart.width) {
        chart.setSize({ width: element.clientWidth, height });
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      setCursor(undefined);
    };
  }, [times, series, range.startMs, range.endMs, height, kind, theme]);
  useEffect(() => {
    const chart = plot.current;
    if (chart === undefined) return;
    const index = series.findIndex((each) => each.label === highlighted);
    chart.setSeries(index === -1 ? null : drawn(kind, series.length, index) + 1, { focus: true });
  }, [highlighted, series, kind]);
  const told =
    cursor === undefined
      ? []
      : series
          .map((each) => ({ ...each, value: each.values[cursor.index] }))
          .filter((each) => each.value !== null && each.value !== undefined && (kind === 'lines' || each.value !== 0))
          .toSorted((left, right) => right.value! - left.value!);
  return (
    <div class="chart" role="img" aria-label={label}>
      <div ref={box} class="chart-canvas" style={{ height: `${height}px` }} />
      {cursor !== undefined && told.length > 0 && (
        <div
          class="chart-told"
          style={
            cursor.left > cursor.width / 2
              ? { right: `${cursor.width - cursor.left + 12}px` }
              : { left: `${cursor.left + 12}px` }
          }
        >
          <p class="chart-told-time">{dayAndTime(times[cursor.index]! * 1000)}</p>
          <ul>
            {told.slice(0, MAX_TOLD).map((each) => (
              <li key={each.label}>
                <span class="swatch" style={{ background: each.color }} />
                <span class="chart-told-label">{each.label}</span>
                <b>{unit(each.value!)}</b>
              </li>
            ))}
          </ul>
          {told.length > MAX_TOLD && <p class="muted">and {told.length - MAX_TOLD} more</p>}
        </div>
      )}
    </div>
  );
}

function optionsOf(
  { times, series, range, unit, kind = 'lines' }: TimeChartProps,
  width: number,
  height: number,
  moved: (index: number | undefined, left: number) => void,
): uPlot.Options {
  const [ink, grid] = [resolvedColor('var(--muted)'), resolvedColor('var(--line)')];
  const isStacked = kind === 'stacked bars';
  const font = '11px "Inter Variable", system-ui, sans-serif';
  const spanS = (range.endMs - range.startMs) / 1000;
  const bars = uPlot.paths.bars!({ size: [0.86, 40], align: 1 });
  const lines = uPlot.paths.linear!();
  const axis = { stroke: ink, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  const drawnSeries = isStacked ? series.toReversed() : series;
  return {
    width,
    height,
    // What a legend and a cursor would say stands in the page.
    legend: { show: false },
    padding: [8, 8, 0, 0],
    focus: { alpha: 0.18 },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      focus: { prox: -1 },
      points: { show: !isStacked, size: 6 },
      y: false,
    },
    scales: {
      x: { time: true, range: [range.startMs / 1000, range.endMs / 1000] },
      y: { range: (_chart, low, high) => yRange(low, high) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 70,
        values: (_chart, splits) =>
          splits.map((split) => {
            const text = clockTime(split * 1000);
            if (spanS > 2 * DAY_S) return dayAndTime(split * 1000).slice(5, 10);
            return spanS > 600 ? text.slice(0, 5) : text;
          }),
      },
      { ...axis, size: 58, space: 26, gap: 6, values: (_chart, splits) => splits.map((split) => unit(split)) },
    ],
    series: [
      {},
      ...drawnSeries.map(({ label, color }): uPlot.Series => {
        const stroke = resolvedColor(color);
        return {
          label,
          stroke,
          width: isStacked ? 0 : 1.5,
          ...(isStacked ? { fill: stroke } : {}),
          paths: isStacked ? bars : lines,
          points: { show: !isStacked && times.length < 2 },
          spanGaps: false,
        };
      }),
    ],
    hooks: {
      setCursor: [({ cursor: { idx, left } }) => moved(idx ?? undefined, left ?? 0)],
      setSelect: [
        (chart) => {
          const { left, width: selected } = chart.select;
          if (selected < 4) return;
          zoomTo(chart.posToVal(left, 'x') * 1000, chart.posToVal(left + selected, 'x') * 1000);
        },
      ],
    },
  };
}

/** From zero, unless all is far from it; flat lines get room. */
function yRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const bottom = low >= 0 && low < high * 0.8 ? 0 : low === high && low >= 0 ? 0 : low - (high - low) * 0.08;
  const top = high === bottom ? bottom + 1 : high + (high - bottom) * 0.08;
  return [bottom, top];
}

/** Sums, the last of which is drawn first: what stands on top is the sum of all. */
function stacked(series: readonly ChartSeries[]): (number | null)[][] {
  const sums: number[] = [];
  const stacks = series.map(({ values }) =>
    values.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return sums[index];
    }),
  );
  return stacks.toReversed();
}

function drawn(kind: string, count: number, index: number): number {
  return kind === 'stacked bars' ? count - 1 - index : index;
}

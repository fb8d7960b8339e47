import { useEffect, useRef, useState } from 'preact/hooks';
import type { FoundTrace } from '../apis/tempo.js';
import { clockTime, dayAndTime, duration } from '../format.js';
import { goTo, linkTo } from '../location.js';
import { zoomTo } from '../time-range.js';

const HEIGHT = 128;
const LEFT = 56;
const BOTTOM = 20;
const TOP = 8;
const RIGHT = 8;

/** Traces by time and duration, the latter as its logarithm: what is ten times as slow stands out as much below as above. */
export function DurationPlot({
  traces,
  range,
}: {
  readonly traces: readonly FoundTrace[];
  readonly range: { readonly startMs: number; readonly endMs: number };
}) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(240, Math.round(entry!.contentRect.width))));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const durations = traces.map(({ durationMs }) => Math.max(durationMs, 0.5));
  const low = Math.floor(Math.log10(Math.min(...durations)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...durations))), low + 1);
  const inner = width - LEFT - RIGHT;
  const x = (ms: number) => LEFT + ((ms - range.startMs) / (range.endMs - range.startMs)) * inner;
  const y = (ms: number) => TOP + (1 - (Math.log10(Math.max(ms, 0.5)) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const timeAt = (at: number) => range.startMs + ((at - LEFT) / inner) * (range.endMs - range.startMs);
  const decades = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step));
  const times = Array.from(
    { length: Math.max(2, Math.floor(inner / 160)) + 1 },
    (_, step, all = Math.max(2, Math.floor(inner / 160))) => step / all,
  );
  const isLong = range.endMs - range.startMs > 2 * 86_400_000;
  const placeOf = (event: PointerEvent) => {
    const left = box.current!.getBoundingClientRect().left;
    return Math.min(width - RIGHT, Math.max(LEFT, event.clientX - left));
  };
  // Failed ones on top.
  const drawn = traces.toSorted((left, right) => Number(left.errors > 0) - Number(right.errors > 0));
  return (
    <div ref={box} class="plot">
      <svg
        width={width}
        height={HEIGHT}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`Durations of ${traces.length} traces over time; the table below has them all`}
        onPointerDown={(event) => {
          const at = placeOf(event);
          setDrag({ from: at, to: at });
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, to: placeOf(event) })}
        onPointerUp={() => {
          if (drag !== undefined && Math.abs(drag.to - drag.from) > 6) {
            zoomTo(timeAt(Math.min(drag.from, drag.to)), timeAt(Math.max(drag.from, drag.to)));
          }
          setDrag(undefined);
        }}
        onPointerLeave={() => setDrag(undefined)}
      >
        {decades.map((decade) => (
          <g key={decade}>
            <line class="plot-grid" x1={LEFT} x2={width - RIGHT} y1={y(decade)} y2={y(decade)} />
            <text class="plot-label" x={LEFT - 8} y={y(decade) + 4} text-anchor="end">
              {duration(decade)}
            </text>
          </g>
        ))}
        {times.map((share) => (
          <text
            key={share}
            class="plot-label"
            x={LEFT + share * inner}
            y={HEIGHT - 4}
            text-anchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
          >
            {isLong
              ? dayAndTime(timeAt(LEFT + share * inner)).slice(5, 10)
              : clockTime(timeAt(LEFT + share * inner)).slice(0, range.endMs - range.startMs > 600_000 ? 5 : 8)}
          </text>
        ))}
        {drawn.map((trace) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the table below has the same links.
          <circle
            key={trace.traceId}
            class={trace.errors > 0 ? 'plot-dot is-error' : 'plot-dot'}
            cx={x(trace.startMs)}
            cy={y(trace.durationMs)}
            r={3.5}
            onClick={() => goTo(linkTo(`/trace/${trace.traceId}`))}
          >
            <title>{`${trace.service} ${trace.name}\n${duration(trace.durationMs)}`}</title>
          </circle>
        ))}
        {drag !== undefined && (
          <rect
            class="plot-drag"
            x={Math.min(drag.from, drag.to)}
            y={TOP}
            width={Math.abs(drag.to - drag.from)}
            height={HEIGHT - TOP - BOTTOM}
          />
        )}
      </svg>
    </div>
  );
}

import { useMemo } from 'preact/hooks';
import type { CallRow, ServiceRow } from '../apis/pages.js';
import { colorOf } from '../colors.js';
import { duration, percent, perSecond } from '../format.js';
import { layoutOf, NODE } from './layout.js';

/** From this share of errors on a call or service stands out. */
const NOTABLE_ERRORS = 0.05;
const MAX_NAME = 19;
/** Below this, names are too small to be read. */
const LEAST_WIDTH = 760;

export interface GraphProps {
  readonly calls: readonly CallRow[];
  readonly services: ReadonlyMap<string, ServiceRow>;
  readonly seconds: number;
  readonly suspects: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly select: (name: string) => void;
}

export function Graph({ calls, services, seconds, suspects, selected, select }: GraphProps) {
  const { places, width, height } = useMemo(() => layoutOf(calls), [calls]);
  const busiest = Math.max(...calls.map((call) => call.calls));
  const isNear = ({ client, server }: CallRow) => selected === undefined || client === selected || server === selected;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
    <section class="graph" aria-label="Map of services" tabIndex={0}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        style={{ maxWidth: `${width}px`, minWidth: `${Math.min(width, LEAST_WIDTH)}px` }}
      >
        <title>Services and what they call</title>
        {calls.map((call) => {
          const from = places.get(call.client)!;
          const to = places.get(call.server)!;
          if (from === to) return null;
          const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
          const [x2, y2] = [to.x, to.y + NODE.height / 2];
          const bend = Math.max(36, Math.abs(x2 - x1) / 2);
          const failed = call.errors / call.calls;
          return (
            <path
              key={`${call.client} ${call.server} ${call.connection_type}`}
              class={`edge${failed >= NOTABLE_ERRORS ? ' is-error' : ''}${isNear(call) ? '' : ' is-dim'}`}
              d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
              stroke-width={1 + 3 * Math.sqrt(call.calls / busiest)}
            >
              <title>{`${call.client} → ${call.server}\n${perSecond(call.calls / seconds)}, ${percent(failed)} errors, p99 ${duration(call.p99_ms)}`}</title>
            </path>
          );
        })}
        {[...places.values()].map(({ name, x, y }) => {
          const figures = figuresOf(name, calls, services.get(name));
          const isBad = figures.requests > 0 && figures.errors / figures.requests >= NOTABLE_ERRORS;
          const isDim =
            selected !== undefined &&
            name !== selected &&
            !calls.some((call) => isNear(call) && (call.client === name || call.server === name));
          return (
            <g
              key={name}
              role="button"
              tabIndex={0}
              aria-pressed={name === selected}
              class={`node${isBad ? ' is-error' : ''}${name === selected ? ' is-selected' : ''}${isDim ? ' is-dim' : ''}${services.has(name) ? '' : ' is-peer'}`}
              transform={`translate(${x} ${y})`}
              onClick={() => select(name)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' && event.key !== ' ') return;
                event.preventDefault();
                select(name);
              }}
            >
              {name.length > MAX_NAME && <title>{name}</title>}
              <rect width={NODE.width} height={NODE.height} rx={7} />
              <rect
                class="node-mark"
                x={0}
                y={10}
                width={3}
                height={NODE.height - 20}
                style={{ fill: colorOf(name) }}
              />
              <text class="node-name" x={14} y={20}>
                {name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name}
              </text>
              <text class="node-figures" x={14} y={37}>
                {perSecond(figures.requests / seconds)}
                {figures.errors > 0 && (
                  <tspan class={isBad ? 'is-error' : ''} dx={8}>
                    {percent(figures.errors / figures.requests)} errors
                  </tspan>
                )}
              </text>
              {suspects.has(name) && (
                <g class="node-suspect" transform={`translate(${NODE.width - 20} 8)`}>
                  <circle cx={6} cy={6} r={6} />
                  <path d="M6 3v4M6 9v.1" />
                </g>
              )}
            </g>
          );
        })}
      </svg>
    </section>
  );
}

/** Of a service what it says itself; of a peer without spans what its callers say. */
export function figuresOf(name: string, calls: readonly CallRow[], service: ServiceRow | undefined) {
  if (service !== undefined && service.requests > 0) return { requests: service.requests, errors: service.errors };
  const served = calls.filter(({ server }) => server === name);
  return {
    requests: served.reduce((sum, call) => sum + call.calls, 0),
    errors: served.reduce((sum, call) => sum + call.errors, 0),
  };
}

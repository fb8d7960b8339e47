import { useCallback, useMemo } from 'preact/hooks';
import { type FoundTrace, searchTraces } from '../apis/tempo.js';
import type { PageProps } from '../app.js';
import { DurationPlot } from '../charts/duration-plot.js';
import { colorOf } from '../colors.js';
import { count, duration, moment } from '../format.js';
import { traceqlCompletion } from '../languages/completion.js';
import { traceql } from '../languages/words.js';
import { linkTo, setParams, usePlace } from '../location.js';
import { type Column, DataTable } from '../parts/data-table.js';
import { QueryBar } from '../parts/query-bar.js';
import { ServiceName } from '../parts/service-name.js';
import { Answered, Empty } from '../parts/states.js';
import { useTimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';

const ALL = '{ }';
const limits = ['50', '200', '500', '1000'] as const;
const DEFAULT_LIMIT = '200';
const examples = [
  ['Failed', '{ status = error }'],
  ['Slow', '{ duration > 500ms }'],
  ['Slow database calls', '{ span.db.system != nil && duration > 100ms }'],
  ['Errors below a server', '{ kind = server } >> { status = error }'],
] as const;

export function Traces(_: PageProps) {
  const { params } = usePlace();
  const range = useTimeRange();
  const { startMs, endMs, key } = range;
  const query = params.get('q') ?? ALL;
  const limit = params.get('limit') ?? DEFAULT_LIMIT;
  const answer = useAnswer(`${query} ${limit} ${key}`, (signal) =>
    searchTraces({ query, startMs, endMs, limit: Number(limit) }, signal),
  );
  const times = useMemo(() => ({ startMs, endMs }), [startMs, endMs]);
  const complete = useMemo(() => traceqlCompletion(() => times), [times]);
  const run = useCallback((text: string) => setParams({ q: text.trim() === ALL ? undefined : text.trim() }), []);
  return (
    <>
      <div class="page-head">
        <h1>Traces</h1>
        {answer.value !== undefined && answer.value.length > 0 && <Found traces={answer.value} limit={Number(limit)} />}
      </div>
      <QueryBar
        label="TraceQL query"
        value={query}
        words={traceql}
        complete={complete}
        placeholder='{ resource.service.name = "checkout" && duration > 1s }'
        run={run}
      >
        <select
          class="select"
          aria-label="Most traces"
          value={limit}
          onChange={({ currentTarget: { value } }) => setParams({ limit: value === DEFAULT_LIMIT ? undefined : value })}
        >
          {limits.map((each) => (
            <option key={each} value={each}>
              {each} traces
            </option>
          ))}
        </select>
      </QueryBar>
      <Answered answer={answer} lines={14}>
        {(traces) =>
          traces.length === 0 ? (
            <Empty title={query === ALL ? 'No traces in this time' : 'No trace matches'}>
              <p>Choose a longer time above, or ask for something else:</p>
              <Examples run={run} />
            </Empty>
          ) : (
            <>
              <DurationPlot traces={traces} range={range} />
              <DataTable
                label="Traces"
                rows={traces}
                columns={columns(Math.max(...traces.map(({ durationMs }) => durationMs)))}
                keyOf={({ traceId }) => traceId}
                sortedBy={{ name: 'start', direction: 'descending' }}
              />
            </>
          )
        }
      </Answered>
    </>
  );
}

function Examples({ run }: { readonly run: (query: string) => void }) {
  return (
    <ul class="examples">
      {examples.map(([title, query]) => (
        <li key={title}>
          <button type="button" class="example" onClick={() => run(query)}>
            <span>{title}</span>
            <code>{query}</code>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Found({ traces, limit }: { readonly traces: readonly FoundTrace[]; readonly limit: number }) {
  const failed = traces.filter(({ errors }) => errors > 0).length;
  return (
    <p class="page-note">
      {traces.length >= limit ? `The latest ${count(traces.length)}` : count(traces.length)}{' '}
      {traces.length === 1 ? 'trace' : 'traces'}
      {failed > 0 && <span class="is-error"> · {count(failed)} with errors</span>}
    </p>
  );
}

function columns(longestMs: number): readonly Column<FoundTrace>[] {
  return [
    {
      name: 'start',
      title: 'Start',
      order: ({ startMs }) => startMs,
      cell: ({ startMs, traceId }) => (
        <a class="row-link time" href={linkTo(`/trace/${traceId}`)}>
          {moment(startMs)}
        </a>
      ),
    },
    {
      name: 'service',
      title: 'Service',
      isExtra: true,
      order: ({ service }) => service,
      cell: ({ service }) => <ServiceName name={service} />,
    },
    {
      name: 'name',
      title: 'Operation',
      order: ({ name }) => name,
      cell: ({ name }) => <bdi class="clip">{name || '(root not here)'}</bdi>,
    },
    {
      name: 'duration',
      title: 'Duration',
      kind: 'number',
      order: ({ durationMs }) => durationMs,
      cell: ({ durationMs, errors }) => (
        <span class="measured">
          <span
            class={errors > 0 ? 'measure is-error' : 'measure'}
            style={{ width: `${longestMs === 0 ? 0 : (durationMs / longestMs) * 100}%` }}
          />
          <span>{durationMs === 0 ? '<\u202f1\u202fms' : duration(durationMs)}</span>
        </span>
      ),
    },
    {
      name: 'spans',
      title: 'Spans',
      kind: 'number',
      isExtra: true,
      order: ({ spans }) => spans,
      cell: ({ spans }) => count(spans),
    },
    {
      name: 'errors',
      title: 'Errors',
      kind: 'number',
      order: ({ errors }) => errors,
      cell: ({ errors }) =>
        errors === 0 ? <span class="faint">0</span> : <span class="is-error">{count(errors)}</span>,
    },
    {
      name: 'services',
      title: 'Services',
      isExtra: true,
      order: ({ services }) => services.length,
      cell: ({ services }) => (
        <span class="swatches" title={services.join(', ')}>
          {services.slice(0, 10).map((name) => (
            <span key={name} class="swatch" style={{ background: colorOf(name) }} />
          ))}{' '}
          <span class="faint">{services.length}</span>
        </span>
      ),
    },
  ];
}

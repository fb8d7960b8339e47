import { useMemo } from 'preact/hooks';
import { BUCKETS, type CallRow, type CauseRow, pageRows } from '../apis/pages.js';
import type { PageProps } from '../app.js';
import { count, duration, percent, perSecond } from '../format.js';
import { useShortcuts } from '../keys.js';
import { linkTo, setParams, usePlace } from '../location.js';
import { figuresOf, Graph } from '../map/graph.js';
import { type Column, DataTable } from '../parts/data-table.js';
import { Icon } from '../parts/icon.js';
import { ServiceName } from '../parts/service-name.js';
import { Answered, Empty } from '../parts/states.js';
import { useTimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';
import { ErrorRate } from './services.js';

/** Causes are looked for in what is new: not further back than this before the end. */
const CAUSE_MS = 15 * 60_000;

export function ServiceMap(_: PageProps) {
  const { params } = usePlace();
  const { startMs, endMs, key } = useTimeRange();
  const times = { startMs, endMs, buckets: BUCKETS };
  const calls = useAnswer(key, (signal) => pageRows('map', times, signal));
  const services = useAnswer(key, (signal) => pageRows('services', times, signal));
  const causes = useAnswer(key, (signal) =>
    pageRows('causes', { startMs: Math.max(startMs, endMs - CAUSE_MS), endMs }, signal),
  );
  const known = useMemo(() => new Map((services.value ?? []).map((row) => [row.service ?? '', row])), [services.value]);
  const suspects = useMemo(() => new Set((causes.value ?? []).map(({ service }) => service)), [causes.value]);
  const selected = params.get('service') ?? undefined;
  const select = (name: string) => setParams({ service: name === selected ? undefined : name }, 'same entry');
  useShortcuts('Map', [
    { keys: 'Escape', does: 'Show all services', run: () => setParams({ service: undefined }, 'same entry') },
  ]);
  const seconds = (endMs - startMs) / 1000;
  return (
    <>
      <div class="page-head">
        <h1>Map</h1>
      </div>
      <Answered answer={calls} lines={10}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No calls between services in this time">
              <p>The map is made of spans: a service that calls another, or a database, appears here.</p>
            </Empty>
          ) : (
            <>
              <div class="map-body">
                <Graph
                  calls={rows}
                  services={known}
                  seconds={seconds}
                  suspects={suspects}
                  selected={selected}
                  select={select}
                />
                <div class="map-side">
                  {selected !== undefined && (
                    <Selected
                      name={selected}
                      calls={rows}
                      figures={figuresOf(selected, rows, known.get(selected))}
                      seconds={seconds}
                      isPeer={!known.has(selected)}
                    />
                  )}
                  <section class="panel" aria-label="Likely causes">
                    <h2>Likely causes</h2>
                    <Answered answer={causes} lines={2}>
                      {(found) => <Causes causes={found} />}
                    </Answered>
                  </section>
                </div>
              </div>
              <h2 class="section-title">Calls</h2>
              <DataTable
                label="Calls"
                rows={rows.filter(
                  ({ client, server }) => selected === undefined || client === selected || server === selected,
                )}
                columns={columns(seconds)}
                keyOf={({ client, server, connection_type }) => `${client} ${server} ${connection_type}`}
                sortedBy={{ name: 'rate', direction: 'descending' }}
              />
            </>
          )
        }
      </Answered>
    </>
  );
}

interface SelectedProps {
  readonly name: string;
  readonly calls: readonly CallRow[];
  readonly figures: { readonly requests: number; readonly errors: number };
  readonly seconds: number;
  /** Whether it sends no spans itself. */
  readonly isPeer: boolean;
}

function Selected({ name, calls, figures, seconds, isPeer }: SelectedProps) {
  const text = JSON.stringify(name);
  const callers = [...new Set(calls.filter(({ server }) => server === name).map(({ client }) => client))];
  const spans = isPeer
    ? `resource.service.name =~ ${JSON.stringify(callers.join('|'))} && kind = client`
    : `resource.service.name = ${text}`;
  return (
    <section class="panel" aria-label={name}>
      <h2>
        <ServiceName name={name} />
        <button
          type="button"
          class="button is-square is-bare"
          aria-label="Show all services"
          onClick={() => setParams({ service: undefined }, 'same entry')}
        >
          <Icon name="close" />
        </button>
      </h2>
      <p>
        {perSecond(figures.requests / seconds)} · <ErrorRate {...figures} /> errors
      </p>
      {isPeer && <p class="muted">Sends no spans itself: {callers.join(', ')} say what they call.</p>}
      <p class="page-links">
        <a href={linkTo('/traces', { q: `{ ${spans} && status = error }` })}>Failed traces</a>
        <a href={linkTo('/traces', { q: `{ ${spans} }` })}>Traces</a>
        {!isPeer && <a href={linkTo('/logs', { q: `{service_name=${text}}` })}>Logs</a>}
        {!isPeer && <a href={linkTo(`/service/${encodeURIComponent(name)}`)}>Operations</a>}
      </p>
    </section>
  );
}

function Causes({ causes }: { readonly causes: readonly CauseRow[] }) {
  if (causes.length === 0) {
    return (
      <p class="muted">
        Nothing is out of the ordinary in the last quarter of an hour, against four times as long before.
      </p>
    );
  }
  return (
    <ol class="causes">
      {causes.map(({ rank, service, operation, evidence, coverage, errors, self_ms, expected_self_ms }) => {
        const query = `{ resource.service.name = ${JSON.stringify(service)} && name = ${JSON.stringify(operation)}${errors > 0 ? ' && status = error' : ''} }`;
        return (
          <li key={rank}>
            <p class="cause-name">
              <ServiceName name={service} /> <bdi class="muted">{operation}</bdi>
            </p>
            <p>
              <bdi>{evidence}</bdi>
            </p>
            <p class="muted">
              {coverage !== null && errors > 0 && <>{percent(coverage)} of the failed traces · </>}
              own work {duration(self_ms)}
              {expected_self_ms !== null && <>, before {duration(expected_self_ms)}</>}
            </p>
            <p class="page-links">
              <a href={linkTo('/traces', { q: query })}>{errors > 0 ? 'Failed traces' : 'Traces'}</a>
            </p>
          </li>
        );
      })}
    </ol>
  );
}

function columns(seconds: number): readonly Column<CallRow>[] {
  return [
    {
      name: 'client',
      title: 'From',
      order: ({ client }) => client,
      cell: ({ client }) => <ServiceName name={client} />,
    },
    { name: 'server', title: 'To', order: ({ server }) => server, cell: ({ server }) => <ServiceName name={server} /> },
    {
      name: 'type',
      title: 'Kind',
      isExtra: true,
      order: ({ connection_type }) => connection_type,
      cell: ({ connection_type }) => <span class="muted">{connection_type}</span>,
    },
    {
      name: 'rate',
      title: 'Rate',
      kind: 'number',
      order: ({ calls }) => calls,
      cell: ({ calls }) => perSecond(calls / seconds),
    },
    {
      name: 'errors',
      title: 'Error rate',
      kind: 'number',
      order: ({ calls, errors }) => errors / calls,
      cell: ({ calls, errors }) => <ErrorRate requests={calls} errors={errors} />,
    },
    {
      name: 'p50',
      title: 'p50',
      kind: 'number',
      isExtra: true,
      order: ({ p50_ms }) => p50_ms,
      cell: ({ p50_ms }) => duration(p50_ms),
    },
    {
      name: 'p99',
      title: 'p99',
      kind: 'number',
      isExtra: true,
      order: ({ p99_ms }) => p99_ms,
      cell: ({ p99_ms }) => duration(p99_ms),
    },
    {
      name: 'calls',
      title: 'Calls',
      kind: 'number',
      isExtra: true,
      order: ({ calls }) => calls,
      cell: ({ calls }) => count(calls),
    },
  ];
}

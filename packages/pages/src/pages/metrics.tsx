import { useCallback, useMemo, useState } from 'preact/hooks';
import { metricMetadata, queryRange } from '../apis/prometheus.js';
import type { PageProps } from '../app.js';
import { count, plainNumber } from '../format.js';
import { promqlCompletion } from '../languages/completion.js';
import { promql } from '../languages/words.js';
import { linkTo, setParams, usePlace } from '../location.js';
import { type Column, DataTable } from '../parts/data-table.js';
import { QueryBar } from '../parts/query-bar.js';
import { SeriesView } from '../parts/series-view.js';
import { Answered, Empty } from '../parts/states.js';
import { stepSeconds, useTimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';

const POINTS = 240;

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly help: string;
}

export function Metrics(_: PageProps) {
  const { params } = usePlace();
  const range = useTimeRange();
  const query = params.get('q') ?? '';
  const times = useMemo(() => ({ startMs: range.startMs, endMs: range.endMs }), [range]);
  const complete = useMemo(() => promqlCompletion(() => times), [times]);
  const run = useCallback((text: string) => setParams({ q: text.trim() || undefined }), []);
  return (
    <>
      <div class="page-head">
        <h1>Metrics</h1>
        {query !== '' && (
          <nav class="page-links" aria-label="Metrics">
            <a href={linkTo('/metrics')}>All metrics</a>
          </nav>
        )}
      </div>
      <QueryBar
        label="PromQL query"
        value={query}
        words={promql}
        complete={complete}
        placeholder="sum by (job) (rate(http_server_requests_total[5m]))"
        run={run}
      />
      {query === '' ? <Explore /> : <Result query={query} />}
    </>
  );
}

function Result({ query }: { readonly query: string }) {
  const range = useTimeRange();
  const { startMs, endMs, key } = range;
  const stepS = stepSeconds(range, POINTS);
  const answer = useAnswer(`${query} ${key}`, (signal) => queryRange({ query, startMs, endMs, stepS }, signal));
  return (
    <Answered answer={answer} lines={10}>
      {({ series, warnings }) => (
        <>
          {warnings.map((warning) => (
            <p key={warning} class="warning">
              {warning}
            </p>
          ))}
          {series.length === 0 ? (
            <Empty title="The query finds nothing in this time">
              <p>It is valid, and no series matches. Choose a longer time above, or look at its labels.</p>
            </Empty>
          ) : (
            <SeriesView series={series} range={range} unit={/_bytes\b/.test(query) ? decimalBytes : plainNumber} />
          )}
        </>
      )}
    </Answered>
  );
}

/** In thousands, as the axis counts. */
function decimalBytes(value: number): string {
  return `${plainNumber(value)}B`;
}

function Explore() {
  const { key } = useTimeRange();
  const [sought, setSought] = useState('');
  const answer = useAnswer(key, async (signal) => {
    const metadata = Object.entries(await metricMetadata(signal));
    return metadata.map(
      ([name, [meta]]): Metric => ({
        name,
        type: meta?.type ?? '',
        unit: meta?.unit ?? '',
        help: meta?.help ?? '',
      }),
    );
  });
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const isSought = ({ name, help }: Metric) => words.every((word) => `${name} ${help}`.toLowerCase().includes(word));
  return (
    <Answered answer={answer} lines={12}>
      {(metrics) =>
        metrics.length === 0 ? (
          <Empty title="No metrics have arrived">
            <p>Metrics of programs appear here by name, and so do those that are made of spans.</p>
          </Empty>
        ) : (
          <>
            <div class="explore-tools">
              <input
                class="input"
                type="search"
                placeholder="Find a metric by name or description"
                aria-label="Find a metric"
                value={sought}
                onInput={({ currentTarget }) => setSought(currentTarget.value)}
              />
              <span class="muted" role="status">
                {count(metrics.filter(isSought).length)} metrics
              </span>
            </div>
            <DataTable
              label="Metrics"
              rows={metrics.filter(isSought)}
              columns={columns}
              keyOf={({ name }) => name}
              sortedBy={{ name: 'name', direction: 'ascending' }}
            />
          </>
        )
      }
    </Answered>
  );
}

const columns: readonly Column<Metric>[] = [
  {
    name: 'name',
    title: 'Metric',
    order: ({ name }) => name,
    cell: (metric) => (
      <a class="row-link mono" href={linkTo('/metrics', { q: firstQuery(metric) })}>
        {metric.name}
      </a>
    ),
  },
  { name: 'type', title: 'Type', order: ({ type }) => type, cell: ({ type }) => <span class="muted">{type}</span> },
  {
    name: 'unit',
    title: 'Unit',
    isExtra: true,
    order: ({ unit }) => unit,
    cell: ({ unit }) => <bdi class="muted">{unit}</bdi>,
  },
  {
    name: 'help',
    title: 'Description',
    isExtra: true,
    cell: ({ help }) => <bdi class="clip muted">{help}</bdi>,
  },
];

/** What one looks at first. */
function firstQuery({ name, type }: Metric): string {
  if (type === 'counter') return `rate(${name}[5m])`;
  if (type === 'histogram') return `histogram_quantile(0.95, sum by (le) (rate(${name}_bucket[5m])))`;
  return name;
}

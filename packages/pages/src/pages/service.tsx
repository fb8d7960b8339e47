import { useMemo } from 'preact/hooks';
import { BUCKETS, bucketValues, type OperationRow, pageRows, type ServiceRow } from '../apis/pages.js';
import type { PageProps } from '../app.js';
import { Sparkline } from '../charts/sparkline.js';
import { TimeChart } from '../charts/time-chart.js';
import { count, duration, perSecond } from '../format.js';
import { linkTo } from '../location.js';
import { type Column, DataTable } from '../parts/data-table.js';
import { ServiceName } from '../parts/service-name.js';
import { Answered, Empty } from '../parts/states.js';
import { useTimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';
import { ErrorRate } from './services.js';

export function Service({ item: service }: PageProps) {
  const range = useTimeRange();
  const { startMs, endMs, key } = range;
  const times = { startMs, endMs, buckets: BUCKETS };
  const services = useAnswer(key, (signal) => pageRows('services', times, signal));
  const operations = useAnswer(`${service} ${key}`, (signal) => pageRows('operations', { ...times, service }, signal));
  const row = services.value?.find((each) => (each.service ?? '') === service);
  const name = JSON.stringify(service);
  const seconds = (endMs - startMs) / 1000;
  return (
    <>
      <p class="crumb">
        <a href={linkTo('/services')}>Services</a> /
      </p>
      <div class="page-head">
        <h1>
          <ServiceName name={service} />
        </h1>
        <nav class="page-links" aria-label="Of this service">
          <a href={linkTo('/traces', { q: `{ resource.service.name = ${name} }` })}>Traces</a>
          <a href={linkTo('/traces', { q: `{ resource.service.name = ${name} && status = error }` })}>Failed traces</a>
          <a href={linkTo('/logs', { q: `{service_name=${name}}` })}>Logs</a>
        </nav>
      </div>
      <Answered answer={services} lines={6}>
        {() => row !== undefined && row.points !== null && <Charts row={row} range={range} />}
      </Answered>
      <h2 class="section-title">Operations</h2>
      <Answered answer={operations} lines={8}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No spans in this time">
              <p>This service may send logs or metrics alone.</p>
            </Empty>
          ) : (
            <DataTable
              label="Operations"
              rows={rows}
              columns={columns(service, seconds)}
              keyOf={({ operation, is_entry }) => `${operation} ${is_entry}`}
            />
          )
        }
      </Answered>
    </>
  );
}

function Charts({ row, range }: { readonly row: ServiceRow; readonly range: { startMs: number; endMs: number } }) {
  const bucketS = (range.endMs - range.startMs) / 1000 / BUCKETS;
  const { times, rates, errors, latencies } = useMemo(() => {
    const { points } = row;
    return {
      times: Array.from({ length: BUCKETS }, (_, bucket) => range.startMs / 1000 + bucket * bucketS),
      rates: [
        {
          label: 'requests',
          color: 'var(--c0)',
          values: bucketValues(points, ({ requests }) => requests / bucketS, 0),
        },
      ],
      errors: [
        { label: 'errors', color: 'var(--error)', values: bucketValues(points, (point) => point.errors / bucketS, 0) },
      ],
      latencies: [{ label: 'p95', color: 'var(--c3)', values: bucketValues(points, ({ p95_ms }) => p95_ms, null) }],
    };
  }, [row, range.startMs, range.endMs]);
  return (
    <div class="charts">
      <Chart title="Requests" figure={perSecond(row.requests / (bucketS * BUCKETS))}>
        <TimeChart
          label="Requests per second"
          times={times}
          series={rates}
          range={range}
          unit={perSecond}
          height={140}
        />
      </Chart>
      <Chart title="Errors" figure={<ErrorRate {...row} />}>
        <TimeChart
          label="Errors per second"
          times={times}
          series={errors}
          range={range}
          unit={perSecond}
          height={140}
        />
      </Chart>
      <Chart title="95th percentile" figure={duration(row.p95_ms)}>
        <TimeChart
          label="95th percentile"
          times={times}
          series={latencies}
          range={range}
          unit={duration}
          height={140}
        />
      </Chart>
    </div>
  );
}

function Chart({
  title,
  figure,
  children,
}: {
  title: string;
  figure: preact.ComponentChildren;
  children: preact.ComponentChildren;
}) {
  return (
    <section class="panel">
      <h2>
        {title} <b>{figure}</b>
      </h2>
      {children}
    </section>
  );
}

function columns(service: string, seconds: number): readonly Column<OperationRow>[] {
  const query = ({ operation }: OperationRow) =>
    `{ resource.service.name = ${JSON.stringify(service)} && name = ${JSON.stringify(operation ?? '')} }`;
  return [
    {
      name: 'operation',
      title: 'Operation',
      order: ({ operation }) => operation,
      cell: (row) => (
        <a class="row-link" href={linkTo('/traces', { q: query(row) })}>
          <bdi class="clip">{row.operation || '(no name)'}</bdi>
        </a>
      ),
    },
    {
      name: 'way',
      title: 'Place',
      isExtra: true,
      order: ({ is_entry }) => (is_entry ? 0 : 1),
      cell: ({ is_entry }) => <span class="muted">{is_entry ? 'entry' : 'inside'}</span>,
    },
    {
      name: 'line',
      title: 'Over time',
      kind: 'figure',
      isExtra: true,
      cell: ({ points }) => (
        <Sparkline label="Calls over time" values={bucketValues(points, ({ requests }) => requests, 0)} />
      ),
    },
    {
      name: 'rate',
      title: 'Rate',
      kind: 'number',
      order: ({ requests }) => requests,
      cell: ({ requests }) => perSecond(requests / seconds),
    },
    {
      name: 'error-rate',
      title: 'Error rate',
      kind: 'number',
      order: ({ requests, errors }) => errors / requests,
      cell: (row) => <ErrorRate {...row} />,
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
      name: 'p95',
      title: 'p95',
      kind: 'number',
      order: ({ p95_ms }) => p95_ms,
      cell: ({ p95_ms }) => duration(p95_ms),
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
      order: ({ requests }) => requests,
      cell: ({ requests }) => count(requests),
    },
  ];
}

import { BUCKETS, bucketValues, pageRows, type ServiceRow } from '../apis/pages.js';
import type { PageProps } from '../app.js';
import { Sparkline } from '../charts/sparkline.js';
import { ago, count, duration, moment, percent, perSecond } from '../format.js';
import { linkTo } from '../location.js';
import { type Column, DataTable } from '../parts/data-table.js';
import { ServiceName } from '../parts/service-name.js';
import { Answered, Empty } from '../parts/states.js';
import { useTimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';

/** Below it, errors are what there always is. */
const NOTABLE_SHARE = 0.01;

export function Services(_: PageProps) {
  const { startMs, endMs, key, label } = useTimeRange();
  const answer = useAnswer(key, (signal) => pageRows('services', { startMs, endMs, buckets: BUCKETS }, signal));
  const seconds = (endMs - startMs) / 1000;
  return (
    <>
      <div class="page-head">
        <h1>Services</h1>
        {answer.value !== undefined && answer.value.length > 0 && <Totals rows={answer.value} seconds={seconds} />}
      </div>
      <Answered answer={answer} lines={12}>
        {(rows) =>
          rows.length === 0 ? (
            <NothingYet label={label} />
          ) : (
            <DataTable
              label="Services"
              rows={rows}
              columns={columns(seconds)}
              keyOf={({ service }) => service ?? ''}
              sortedBy={{ name: 'rate', direction: 'descending' }}
            />
          )
        }
      </Answered>
    </>
  );
}

function Totals({ rows, seconds }: { readonly rows: readonly ServiceRow[]; readonly seconds: number }) {
  const sum = (value: (row: ServiceRow) => number) => rows.reduce((total, row) => total + value(row), 0);
  const requests = sum((row) => row.requests);
  const errors = sum((row) => row.errors);
  return (
    <p class="page-note">
      {count(rows.length)} {rows.length === 1 ? 'service' : 'services'} · {perSecond(requests / seconds)} ·{' '}
      <span class={errors > 0 ? 'is-error' : ''}>{percent(requests === 0 ? 0 : errors / requests)} errors</span>
    </p>
  );
}

function NothingYet({ label }: { readonly label: string }) {
  const host = window.location.hostname;
  return (
    <Empty title={`No telemetry: ${label.toLowerCase()}`}>
      <p>
        Nothing has arrived for this time. Choose a longer one above, or let a program send: any OpenTelemetry SDK does
        with
      </p>
      <pre class="snippet">OTEL_EXPORTER_OTLP_ENDPOINT=http://{host}:4318</pre>
    </Empty>
  );
}

function columns(seconds: number): readonly Column<ServiceRow>[] {
  return [
    {
      name: 'service',
      title: 'Service',
      order: ({ service }) => service,
      cell: ({ service }) => (
        <a class="row-link" href={linkTo(`/service/${encodeURIComponent(service ?? '')}`)}>
          <ServiceName name={service} />
        </a>
      ),
    },
    {
      name: 'rate-line',
      title: 'Requests',
      kind: 'figure',
      isExtra: true,
      cell: ({ points }) => (
        <Sparkline label="Requests over time" values={bucketValues(points, ({ requests }) => requests, 0)} />
      ),
    },
    {
      name: 'rate',
      title: 'Rate',
      kind: 'number',
      note: 'Server and consumer spans per second; root spans of services that have none of these',
      order: ({ requests }) => requests,
      cell: ({ requests }) => (requests === 0 ? <span class="faint">–</span> : perSecond(requests / seconds)),
    },
    {
      name: 'error-line',
      title: 'Errors',
      kind: 'figure',
      isExtra: true,
      cell: ({ points }) => (
        <Sparkline label="Errors over time" tone="error" values={bucketValues(points, ({ errors }) => errors, 0)} />
      ),
    },
    {
      name: 'errors',
      title: 'Error rate',
      kind: 'number',
      order: ({ requests, errors }) => (requests === 0 ? null : errors / requests),
      cell: (row) => <ErrorRate {...row} />,
    },
    {
      name: 'latency-line',
      title: 'p95 over time',
      kind: 'figure',
      isExtra: true,
      cell: ({ points }) => (
        <Sparkline label="95th percentile over time" values={bucketValues(points, ({ p95_ms }) => p95_ms, null)} />
      ),
    },
    {
      name: 'p50',
      title: 'p50',
      kind: 'number',
      isExtra: true,
      note: 'Half of the requests took no longer',
      order: ({ p50_ms }) => p50_ms,
      cell: ({ p50_ms }) => duration(p50_ms),
    },
    {
      name: 'p95',
      title: 'p95',
      kind: 'number',
      note: '95 of 100 requests took no longer',
      order: ({ p95_ms }) => p95_ms,
      cell: ({ p95_ms }) => duration(p95_ms),
    },
    {
      name: 'logs',
      title: 'Logs',
      kind: 'number',
      isExtra: true,
      order: ({ logs }) => logs,
      cell: ({ logs, error_logs }) => (
        <>
          {count(logs)}
          {error_logs > 0 && (
            <span class="is-error" title="of severity ERROR or above">
              {' '}
              {count(error_logs)}
            </span>
          )}
        </>
      ),
    },
    {
      name: 'seen',
      title: 'Last seen',
      kind: 'number',
      isExtra: true,
      order: ({ last_ms }) => last_ms,
      cell: ({ last_ms }) => (
        <time dateTime={new Date(last_ms).toISOString()} title={moment(last_ms)}>
          {ago(last_ms)}
        </time>
      ),
    },
  ];
}

/** Share of requests that failed, and whether that asks for a look. */
export function ErrorRate({ requests, errors }: { readonly requests: number; readonly errors: number }) {
  if (requests === 0) return <span class="faint">–</span>;
  const share = errors / requests;
  return <span class={errors === 0 ? 'faint' : share >= NOTABLE_SHARE ? 'is-error' : ''}>{percent(share)}</span>;
}

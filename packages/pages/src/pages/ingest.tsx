import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { type ListRow, pageRows } from '../apis/pages.js';
import type { PageProps } from '../app.js';
import { TimeChart } from '../charts/time-chart.js';
import { bytes, clockTimeMs, count, dayAndTime, duration, moment } from '../format.js';
import { type Column, DataTable } from '../parts/data-table.js';
import { Answered, Empty } from '../parts/states.js';
import { useTimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';

const text = (row: ListRow, name: string) => (row[name] === null || row[name] === undefined ? '' : String(row[name]));
const number = (row: ListRow, name: string) => Number(row[name] ?? 0);

export function Ingest(_: PageProps) {
  const range = useTimeRange();
  const { key } = range;
  const servers = useAnswer(key, (signal) => pageRows('servers', {}, signal));
  const seals = useAnswer(key, (signal) => pageRows('seals', {}, signal));
  const letters = useAnswer(key, (signal) => pageRows('dead-letters', {}, signal));
  const queries = useAnswer(key, (signal) => pageRows('queries', {}, signal));
  return (
    <>
      <div class="page-head">
        <h1>Ingest</h1>
      </div>
      <Answered answer={servers} lines={6}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No server takes telemetry in">
              <p>Start one in SQL:</p>
              <pre class="snippet">CALL otlp_serve('otlp:localhost:4318');</pre>
            </Empty>
          ) : (
            <div class="servers">
              {rows.map((row) => (
                <Server key={text(row, 'listen_uri')} row={row} />
              ))}
            </div>
          )
        }
      </Answered>
      <h2 class="section-title">Seals</h2>
      <Answered answer={seals} lines={6}>
        {(rows) =>
          rows.length === 0 ? <p class="muted">Nothing has been committed yet.</p> : <Seals rows={rows} range={range} />
        }
      </Answered>
      <h2 class="section-title">Dead letters</h2>
      <Answered answer={letters} lines={1}>
        {(rows) =>
          rows.length === 0 ? (
            <p class="muted">None: no target has refused rows for good.</p>
          ) : (
            <DataTable label="Dead letters" rows={rows} columns={letterColumns} keyOf={(_row, index) => index} />
          )
        }
      </Answered>
      <h2 class="section-title">Queries at work</h2>
      <Answered answer={queries} lines={1}>
        {(rows) => (
          <DataTable label="Queries" rows={rows} columns={queryColumns} keyOf={(row) => text(row, 'query_id')} />
        )}
      </Answered>
    </>
  );
}

function Server({ row }: { readonly row: ListRow }) {
  const failures = number(row, 'seal_failures_total');
  const errors = [
    'last_error',
    'seal_last_error',
    'journal_error',
    'dead_letter_error',
    'maintenance_last_error',
    'retention_last_error',
    'tls_last_error',
  ];
  const said = errors.map((name) => [name, text(row, name)] as const).filter(([, error]) => error !== '');
  const waitingMs = row['oldest_buffered_age_ms'];
  const dead = number(row, 'dead_letter_rows_total');
  const target = [text(row, 'catalog_name'), text(row, 'schema_name')].filter(Boolean).join('.');
  return (
    <section class="panel server" aria-label={text(row, 'listen_uri')}>
      <h2>
        <code>{text(row, 'listen_uri')}</code>
        <span class={row['is_listening'] === true ? 'is-ok' : 'is-error'}>
          {row['is_listening'] === true ? 'listening' : 'not listening'}
        </span>
      </h2>
      <dl class="facts">
        <Fact name="Rows taken in">{count(number(row, 'total_rows'))}</Fact>
        <Fact name="Committed">{count(number(row, 'committed_rows_total'))}</Fact>
        <Fact name="In memory">
          {count(number(row, 'buffered_rows'))} <span class="muted">{bytes(number(row, 'buffered_bytes'))}</span>
        </Fact>
        <Fact name="Lag">{waitingMs === null || waitingMs === undefined ? 'none' : duration(Number(waitingMs))}</Fact>
        <Fact name="Seals">
          {count(number(row, 'seals_total'))}
          {failures > 0 && <span class="is-error"> {count(failures)} failed</span>}
        </Fact>
        <Fact name="Last seal">
          {row['last_seal_age_ms'] === null ? '–' : `${duration(number(row, 'last_seal_age_ms'))} ago`}
        </Fact>
        <Fact name="Requests">
          {count(number(row, 'total_requests'))} <span class="muted">{count(number(row, 'active_requests'))} now</span>
        </Fact>
        <Fact name="Connections">{count(number(row, 'connections'))}</Fact>
        <Fact name="Durability">{text(row, 'durability')}</Fact>
        <Fact name="Journal">{text(row, 'durability') === 'memory' ? '–' : bytes(number(row, 'journal_bytes'))}</Fact>
        <Fact name="Dead letters">{dead === 0 ? 'none' : <span class="is-error">{count(dead)} rows</span>}</Fact>
        <Fact name="Target">{target}</Fact>
      </dl>
      {said.map(([name, error]) => (
        <p key={name} class="warning">
          <b>{name}</b> <bdi>{error}</bdi>
        </p>
      ))}
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Seals({
  rows,
  range,
}: {
  readonly rows: readonly ListRow[];
  readonly range: { startMs: number; endMs: number };
}) {
  const { times, series, span } = useMemo(() => {
    const sorted = rows.toSorted(
      (left, right) => number(left, 'completed_unix_ms') - number(right, 'completed_unix_ms'),
    );
    const first = number(sorted[0]!, 'completed_unix_ms');
    return {
      times: sorted.map((row) => number(row, 'completed_unix_ms') / 1000),
      series: [{ label: 'duration', color: 'var(--c0)', values: sorted.map((row) => number(row, 'duration_ms')) }],
      span: {
        startMs: Math.min(first, range.endMs - 60_000),
        endMs: Math.max(range.endMs, number(sorted.at(-1)!, 'completed_unix_ms')),
      },
    };
  }, [rows, range.endMs]);
  return (
    <>
      <section class="panel">
        <h2>Duration</h2>
        <TimeChart label="Durations of seals" times={times} series={series} range={span} unit={duration} height={120} />
      </section>
      <div class="spaced">
        <DataTable
          label="Seals"
          rows={rows}
          columns={sealColumns}
          keyOf={(row) => `${text(row, 'listen_uri')} ${text(row, 'seal_sequence')}`}
        />
      </div>
    </>
  );
}

const sealColumns: readonly Column<ListRow>[] = [
  {
    name: 'ended',
    title: 'Ended',
    order: (row) => number(row, 'completed_unix_ms'),
    cell: (row) => <time>{moment(number(row, 'completed_unix_ms'))}</time>,
  },
  {
    name: 'server',
    title: 'Server',
    isExtra: true,
    order: (row) => text(row, 'listen_uri'),
    cell: (row) => <code>{text(row, 'listen_uri')}</code>,
  },
  {
    name: 'result',
    title: 'Result',
    order: (row) => String(row['success']),
    cell: (row) =>
      row['success'] === true ? <span class="is-ok">committed</span> : <span class="is-error">failed</span>,
  },
  {
    name: 'rows',
    title: 'Rows',
    kind: 'number',
    order: (row) => number(row, 'rows_committed'),
    cell: (row) => count(number(row, 'rows_committed')),
  },
  {
    name: 'size',
    title: 'Requests',
    kind: 'number',
    isExtra: true,
    order: (row) => number(row, 'admitted_bytes'),
    cell: (row) => bytes(number(row, 'admitted_bytes')),
  },
  {
    name: 'append',
    title: 'Append',
    kind: 'number',
    isExtra: true,
    order: (row) => number(row, 'append_duration_ms'),
    cell: (row) => duration(number(row, 'append_duration_ms')),
  },
  {
    name: 'commit',
    title: 'Commit',
    kind: 'number',
    isExtra: true,
    order: (row) => number(row, 'commit_duration_ms'),
    cell: (row) => duration(number(row, 'commit_duration_ms')),
  },
  {
    name: 'duration',
    title: 'Duration',
    kind: 'number',
    order: (row) => number(row, 'duration_ms'),
    cell: (row) => duration(number(row, 'duration_ms')),
  },
  {
    name: 'error',
    title: 'Error',
    isExtra: true,
    cell: (row) => <bdi class="clip is-error">{text(row, 'error')}</bdi>,
  },
];

const letterColumns: readonly Column<ListRow>[] = [
  {
    name: 'at',
    title: 'Set aside',
    order: (row) => number(row, 'set_aside_unix_ms'),
    cell: (row) => dayAndTime(number(row, 'set_aside_unix_ms')),
  },
  { name: 'server', title: 'Server', isExtra: true, cell: (row) => <code>{text(row, 'listen_uri')}</code> },
  {
    name: 'size',
    title: 'Size',
    kind: 'number',
    order: (row) => number(row, 'bytes'),
    cell: (row) => bytes(number(row, 'bytes')),
  },
  {
    name: 'path',
    title: 'File',
    isExtra: true,
    cell: (row) => <bdi class="clip">{text(row, 'path') || 'in memory'}</bdi>,
  },
  { name: 'error', title: 'Why', cell: (row) => <bdi class="clip is-error">{text(row, 'error')}</bdi> },
];

const queryColumns: readonly Column<ListRow>[] = [
  { name: 'kind', title: 'Kind', order: (row) => text(row, 'kind'), cell: (row) => text(row, 'kind') },
  { name: 'query', title: 'Query', cell: (row) => <bdi class="clip mono">{text(row, 'query')}</bdi> },
  { name: 'state', title: 'State', order: (row) => text(row, 'state'), cell: (row) => text(row, 'state') },
  {
    name: 'client',
    title: 'Client',
    isExtra: true,
    order: (row) => text(row, 'client'),
    cell: (row) => text(row, 'client'),
  },
  {
    name: 'since',
    title: 'Since',
    isExtra: true,
    order: (row) => number(row, 'started_unix_ms'),
    cell: (row) => clockTimeMs(number(row, 'started_unix_ms')),
  },
  {
    name: 'elapsed',
    title: 'Elapsed',
    kind: 'number',
    order: (row) => number(row, 'elapsed_ms'),
    cell: (row) => duration(number(row, 'elapsed_ms')),
  },
];

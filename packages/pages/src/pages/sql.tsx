import type { Completion } from '@codemirror/autocomplete';
import { useCallback, useMemo, useState } from 'preact/hooks';
import { askSql, isNumeric, isTime, numberIn, type SqlResult, type SqlValue } from '../apis/sql.js';
import type { PageProps } from '../app.js';
import { TimeChart } from '../charts/time-chart.js';
import { colorAt } from '../colors.js';
import { count, duration, plainNumber } from '../format.js';
import { sqlCompletion } from '../languages/completion.js';
import { sql as words } from '../languages/words.js';
import { setParams, usePlace } from '../location.js';
import { type Column, DataTable } from '../parts/data-table.js';
import { QueryBar } from '../parts/query-bar.js';
import { Answered, Empty } from '../parts/states.js';
import { useTimeRange } from '../time-range.js';
import { useAnswer } from '../use-answer.js';

const tables = [
  'otlp_logs',
  'otlp_traces',
  'otlp_metrics_gauge',
  'otlp_metrics_sum',
  'otlp_metrics_histogram',
  'otlp_metrics_exp_histogram',
  'otlp_metrics_summary',
];
const functions = [
  'otlp_services',
  'otlp_errors',
  'otlp_slow',
  'otlp_trace',
  'otlp_service_map',
  'otlp_service_health',
  'otlp_impact',
  'otlp_root_cause',
  'otlp_anomalies',
  'otlp_search_logs',
  'otlp_server_list',
  'otlp_seal_list',
  'otlp_dead_letter_list',
];
const examples = [
  ['Services of the last hour', 'FROM otlp_services()'],
  [
    'Spans per minute',
    "SELECT time_bucket(INTERVAL '1 minute', start_time_unix_nano) AS minute, count(*) AS spans,\n  count(*) FILTER (WHERE status_code = 2) AS errors\nFROM otlp_traces\nGROUP BY minute ORDER BY minute",
  ],
  [
    'Slowest operations',
    'SELECT service_name, name, count(*) AS spans, quantile_cont(duration_time_unix_nano, 0.95) / 1e6 AS p95_ms\nFROM otlp_traces\nGROUP BY ALL ORDER BY p95_ms DESC LIMIT 50',
  ],
  [
    'Errors in logs',
    'SELECT time_unix_nano, service_name, body\nFROM otlp_logs\nWHERE severity_number >= 17\nORDER BY time_unix_nano DESC LIMIT 200',
  ],
] as const;

/** Lines of a chart. */
const MAX_LINES = 12;
/** What a cell shows; the rest is in its tooltip, up to a limit. */
const MAX_CELL = 300;
const MAX_TITLE = 4000;
/** Of a number that is not whole; its tooltip has all. */
const MAX_DIGITS = 6;

export function Sql(_: PageProps) {
  const { params } = usePlace();
  const query = params.get('q') ?? '';
  const run = useCallback((text: string) => setParams({ q: text.trim() || undefined }), []);
  const complete = useMemo(() => sqlCompletion(knownNames()), []);
  return (
    <>
      <div class="page-head">
        <h1>SQL</h1>
        <p class="page-note">SELECT over telemetry; Ctrl or ⌘ with Enter runs it.</p>
      </div>
      <QueryBar
        label="SQL"
        value={query}
        words={words}
        complete={complete}
        lines="several"
        run={run}
        placeholder="SELECT …"
      />
      {query === '' ? <Examples run={run} /> : <Result query={query} />}
    </>
  );
}

function Examples({ run }: { readonly run: (query: string) => void }) {
  return (
    <Empty title="Ask in SQL">
      <p>
        Tables are <code>otlp_logs</code>, <code>otlp_traces</code> and those of metrics; the editor completes their
        names.
      </p>
      <ul class="examples">
        {examples.map(([title, query]) => (
          <li key={title}>
            <button type="button" class="example" onClick={() => run(query)}>
              <span>{title}</span>
              <code>{query.split('\n')[0]}</code>
            </button>
          </li>
        ))}
      </ul>
    </Empty>
  );
}

function Result({ query }: { readonly query: string }) {
  const { key } = useTimeRange();
  const [shownAs, setShownAs] = useState<'table' | 'chart'>('table');
  const answer = useAnswer(`${query} ${key}`, async (signal) => {
    const startedMs = performance.now();
    const result = await askSql(query, signal);
    return { result, tookMs: performance.now() - startedMs };
  });
  if (answer.error?.status === 404) {
    return (
      <Empty title="This server takes no SQL">
        <p>It is asked for by name, when the server is started:</p>
        <pre class="snippet">otlp_query_serve(apis := 'prometheus,loki,tempo,sql,pages')</pre>
      </Empty>
    );
  }
  return (
    <Answered answer={answer} lines={10}>
      {({ result, tookMs }) => {
        const chart = chartOf(result);
        return (
          <>
            <div class="result-head">
              <p class="page-note">
                {count(result.rows.length)} {result.rows.length === 1 ? 'row' : 'rows'} in {duration(tookMs)}
                {result.truncated !== null && <span class="is-warn"> · cut: there are more {result.truncated}</span>}
              </p>
              {chart !== undefined && (
                <div class="choices" role="group" aria-label="Show as">
                  {(['table', 'chart'] as const).map((kind) => (
                    <button
                      key={kind}
                      type="button"
                      class="chip"
                      aria-pressed={shownAs === kind}
                      onClick={() => setShownAs(kind)}
                    >
                      {kind}
                    </button>
                  ))}
                </div>
              )}
            </div>
            {chart !== undefined && shownAs === 'chart' ? (
              <section class="panel">
                <TimeChart {...chart} label="Result over time" unit={plainNumber} height={320} />
              </section>
            ) : result.rows.length === 0 ? (
              <Empty title="No rows" />
            ) : (
              <DataTable label="Result" rows={result.rows} columns={columnsOf(result)} keyOf={(_row, index) => index} />
            )}
          </>
        );
      }}
    </Answered>
  );
}

function columnsOf({ columns }: SqlResult): readonly Column<readonly SqlValue[]>[] {
  return columns.map(({ name, type }, index) => ({
    name: `${index} ${name}`,
    title: name,
    note: type,
    kind: isNumeric(type) ? 'number' : 'text',
    order: (row) => (isNumeric(type) ? numberIn(row[index]) : row[index] === null ? null : textOf(row[index]!)),
    cell: (row) => <Cell value={row[index]!} type={type} />,
  }));
}

function Cell({ value, type }: { readonly value: SqlValue; readonly type: string }) {
  if (value === null) return <span class="faint">NULL</span>;
  if (typeof value === 'number' && /^(?:FLOAT|DOUBLE)/.test(type)) {
    return <span title={String(value)}>{Number(value.toPrecision(MAX_DIGITS))}</span>;
  }
  const text = textOf(value);
  return (
    <bdi class="clip" title={text.slice(0, MAX_TITLE)}>
      {text.slice(0, MAX_CELL)}
    </bdi>
  );
}

function textOf(value: SqlValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A time and numbers are lines over time. */
function chartOf({ columns, rows }: SqlResult) {
  const time = columns[0] !== undefined && isTime(columns[0].type) ? 0 : -1;
  const numbers = columns.flatMap(({ type }, index) => (isNumeric(type) ? [index] : []));
  if (time === -1 || numbers.length === 0 || rows.length < 2) return undefined;
  const sorted = rows
    .map((row) => ({ at: Date.parse(String(row[time])) / 1000, row }))
    .filter(({ at }) => Number.isFinite(at))
    .sort((left, right) => left.at - right.at);
  if (sorted.length < 2) return undefined;
  return {
    times: sorted.map(({ at }) => at),
    range: { startMs: sorted[0]!.at * 1000, endMs: sorted.at(-1)!.at * 1000 },
    series: numbers.slice(0, MAX_LINES).map((column, index) => ({
      label: columns[column]!.name,
      color: colorAt(index),
      values: sorted.map(({ row }) => numberIn(row[column])),
    })),
  };
}

/** Tables, their columns and functions; columns are asked for when the first menu opens. */
function knownNames(): () => Promise<readonly Completion[]> {
  const fixed: readonly Completion[] = [
    ...tables.map((label) => ({ label, type: 'class', detail: 'table', boost: 2 })),
    ...functions.map((label) => ({ label, type: 'function', detail: 'of otelduck', apply: `${label}(`, boost: 1 })),
  ];
  let all: Promise<readonly Completion[]> | undefined;
  return () => {
    all ??= columnsOfTables().then((columns) => [...fixed, ...columns]);
    return all;
  };
}

async function columnsOfTables(): Promise<readonly Completion[]> {
  const { signal } = new AbortController();
  const answers = await Promise.all(
    tables.map((table) => askSql(`FROM ${table} LIMIT 0`, signal).catch(() => ({ columns: [] }))),
  );
  const types = new Map(answers.flatMap(({ columns }) => columns.map(({ name, type }) => [name, type] as const)));
  return [...types].map(([label, detail]) => ({ label, detail, type: 'property' }));
}

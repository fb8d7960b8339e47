// Metrics that are made of spans: calls by operation, and requests between services, under the names that Grafana's service graph and
// its table of operations ask for.

/** A series for each set of labels; one more per bound where it is a bucket. */
export type DerivedMetric =
  | { readonly name: string; readonly type: 'counter' | 'histogram'; readonly column: number }
  | {
      readonly name: string;
      readonly type: 'histogram';
      /** Upper bounds in seconds. The counts up to each stand in columns from `firstColumn` on, that of all in `column`. */
      readonly bounds: readonly number[];
      readonly firstColumn: number;
      readonly column: number;
    };

/** Metrics that one statement counts. */
export interface DerivedFamily {
  readonly name: string;
  readonly labels: readonly string[];
  readonly metrics: readonly DerivedMetric[];
  /** Rows of labels, a step as DOUBLE, and numbers. Times are microseconds, the end not included. */
  sql(startUs: bigint, endUs: bigint, stepUs: bigint): string;
}

/** Tempo's, in seconds. */
const LATENCY_BOUNDS = [
  0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];
const REQUEST_BOUNDS = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8];

/** How long before the answering side the asking side of a request may have begun. */
const MAX_WAIT_US = 600_000_000n;

const calls: DerivedFamily = {
  name: 'calls',
  labels: ['service', 'span_name', 'span_kind', 'status_code'],
  metrics: [
    { name: 'traces_spanmetrics_calls_total', type: 'counter', column: 0 },
    ...histogram('traces_spanmetrics_latency', { count: 0, sum: 1, buckets: 2 }, LATENCY_BOUNDS),
  ],
  sql: (startUs, endUs, stepUs) => `
    SELECT service_name, name, ${wordSql('kind', ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'], 'SPAN_KIND')},
      ${wordSql('status_code', ['UNSET', 'OK', 'ERROR'], 'STATUS_CODE')}, ${stepSql('start_time_unix_nano', startUs, stepUs)} AS step,
      ${[COUNT, secondsSql('duration_time_unix_nano'), ...bucketsSql('duration_time_unix_nano', LATENCY_BOUNDS)].join(', ')}
    FROM {{otlp_traces}} WHERE ${timesSql(startUs, endUs)} GROUP BY ALL`,
};

const requests: DerivedFamily = {
  name: 'requests',
  labels: ['client', 'server', 'connection_type'],
  metrics: [
    { name: 'traces_service_graph_request_total', type: 'counter', column: 0 },
    { name: 'traces_service_graph_request_failed_total', type: 'counter', column: 1 },
    ...histogram('traces_service_graph_request_server_seconds', { count: 0, sum: 2, buckets: 4 }, REQUEST_BOUNDS),
    ...histogram('traces_service_graph_request_client_seconds', { count: 0, sum: 3, buckets: 12 }, REQUEST_BOUNDS),
  ],
  sql: (startUs, endUs, stepUs) => `
    WITH spans AS (
      SELECT trace_id, span_id, parent_span_id, kind, service_name, status_code, start_time_unix_nano, duration_time_unix_nano,
        CASE WHEN kind = 3 AND (contains(span_attributes, '"db.') OR contains(span_attributes, '"peer.service"')) THEN
          coalesce(${PEER_ATTRIBUTES.map((name) => `json_extract_string(span_attributes, '/${name}')`).join(', ')}) END AS peer
      FROM {{otlp_traces}} WHERE kind IN (2, 3, 4, 5) AND ${timesSql(startUs - MAX_WAIT_US, endUs)}
    ),
    edges AS (
      SELECT c.service_name AS client, s.service_name AS server,
        CASE WHEN c.kind = 4 OR s.kind = 5 THEN 'messaging_system' ELSE '' END AS connection_type, s.start_time_unix_nano AS started,
        c.duration_time_unix_nano AS client_ns, s.duration_time_unix_nano AS server_ns,
        (c.status_code IS NOT DISTINCT FROM 2 OR s.status_code IS NOT DISTINCT FROM 2) AS failed
      FROM spans s JOIN spans c ON c.trace_id = s.trace_id AND c.span_id = s.parent_span_id
      WHERE s.kind IN (2, 5) AND c.kind IN (3, 4)
      UNION ALL
      -- A database sends no spans.
      SELECT service_name, peer, 'database', start_time_unix_nano, duration_time_unix_nano, duration_time_unix_nano,
        status_code IS NOT DISTINCT FROM 2
      FROM spans c WHERE peer IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM spans s WHERE s.trace_id = c.trace_id AND s.parent_span_id = c.span_id AND s.kind = 2)
      UNION ALL
      -- Nor do the users of an entry.
      SELECT 'user', service_name, 'virtual_node', start_time_unix_nano, duration_time_unix_nano, duration_time_unix_nano,
        status_code IS NOT DISTINCT FROM 2
      FROM spans WHERE kind = 2 AND parent_span_id IS NULL
    )
    SELECT client, server, connection_type, ${stepSql('started', startUs, stepUs)} AS step,
      ${[
        COUNT,
        'CAST(count(*) FILTER (failed) AS DOUBLE)',
        secondsSql('server_ns'),
        secondsSql('client_ns'),
        ...bucketsSql('server_ns', REQUEST_BOUNDS),
        ...bucketsSql('client_ns', REQUEST_BOUNDS),
      ].join(', ')}
    FROM edges WHERE started >= make_timestamp(${startUs}) GROUP BY ALL`,
};

export const derivedFamilies: readonly DerivedFamily[] = [calls, requests];

/** What a client says of who it asks, the most telling first. */
const PEER_ATTRIBUTES = ['peer.service', 'db.name', 'db.namespace', 'db.system', 'db.system.name'];
const COUNT = 'CAST(count(*) AS DOUBLE)';

function histogram(
  name: string,
  { count, sum, buckets }: { readonly count: number; readonly sum: number; readonly buckets: number },
  bounds: readonly number[],
): readonly DerivedMetric[] {
  return [
    { name: `${name}_count`, type: 'histogram', column: count },
    { name: `${name}_sum`, type: 'histogram', column: sum },
    { name: `${name}_bucket`, type: 'histogram', bounds, firstColumn: buckets, column: count },
  ];
}

function bucketsSql(column: string, bounds: readonly number[]): readonly string[] {
  return bounds.map((bound) => `CAST(count(*) FILTER (${column} <= ${Math.round(bound * 1e9)}) AS DOUBLE)`);
}

function secondsSql(column: string): string {
  return `CAST(sum(${column}) AS DOUBLE) / 1e9`;
}

function stepSql(column: string, startUs: bigint, stepUs: bigint): string {
  return `CAST((epoch_us(${column}) - ${startUs}) // ${stepUs} AS DOUBLE)`;
}

function timesSql(startUs: bigint, endUs: bigint): string {
  return `start_time_unix_nano >= make_timestamp(${startUs}) AND start_time_unix_nano < make_timestamp(${endUs})`;
}

/** An enum of OTLP as the name of its number; what OTLP does not know, or was not sent, as the first one's. */
function wordSql(column: string, words: readonly string[], prefix: string): string {
  const cases = words.map((word, number) => `WHEN ${number} THEN '${prefix}_${word}'`).slice(1);
  return `CASE ${column} ${cases.join(' ')} ELSE '${prefix}_${words[0]}' END`;
}

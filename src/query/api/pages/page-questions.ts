// What pages ask where no API of others has an answer: one SELECT for each question.

import { quotedString } from '../../../duckdb/sql-text.js';
import type { ScanRequest } from '../../scan/scanner.js';
import type { ScanOrigin } from '../../scan/sql-scanner.js';

/** Rows of an answer: as many services, pairs or seals as a person looks at. */
const MAX_ROWS = 2000;
/** Points of a sparkline, which are as many columns of pixels. */
const MAX_BUCKETS = 120;

export interface AskedTimes {
  readonly startMs: number;
  readonly endMs: number;
  /** Points of a sparkline. */
  readonly buckets: number;
  /** Empty where all are asked for. */
  readonly service: string;
}

interface PageQuestion {
  /** Who may ask where there are tenants: lists of servers tell of the telemetry of all. */
  readonly audience: 'everyone' | 'operators';
  /** Parameters are the start and end in microseconds, the number of buckets and the service, in this order, as far as the text names them. */
  readonly sql: (origin: ScanOrigin) => string;
  readonly parameters: (asked: AskedTimes) => ScanRequest['parameters'];
}

const micros = (ms: number) => BigInt(Math.round(ms)) * 1000n;
const windowOf = ({ startMs, endMs }: AskedTimes) => [micros(startMs), micros(endMs)];
const bucketsOf = (asked: AskedTimes) => [...windowOf(asked), Math.min(MAX_BUCKETS, asked.buckets)];

/** Spans of the window with their bucket and rank: the way into a service is its server and consumer spans, or its roots where it has none. */
const rankedSpans = `
  SELECT service_name, name, status_code IS NOT DISTINCT FROM 2 AS is_error, duration_time_unix_nano / 1e6 AS ms,
    CASE WHEN kind IN (2, 5) THEN 1 WHEN parent_span_id IS NULL THEN 2 ELSE 3 END AS rank,
    epoch_us(start_time_unix_nano) AS at_us,
    least($3 - 1, (epoch_us(start_time_unix_nano) - $1) * $3 // ($2 - $1))::INTEGER AS bucket
  FROM {{otlp_traces}}
  WHERE start_time_unix_nano >= make_timestamp($1) AND start_time_unix_nano < make_timestamp($2)`;

/** How a table function is told where the tables are, and whose rows count. */
const originArguments = ({ home: { catalog, schema }, principal: { tenant } }: ScanOrigin) => {
  const whose = tenant === undefined ? '' : `, tenant := ${quotedString(tenant)}`;
  return `catalog := ${quotedString(catalog)}, schema := ${quotedString(schema)}${whose}`;
};
const timeArguments = 'make_timestamp($1), until := make_timestamp($2)';

/** A list of a server, none of which depends on times. */
function listing(sql: string): PageQuestion {
  return { audience: 'operators', sql: () => sql, parameters: () => [] };
}

export const pageQuestions = {
  services: {
    audience: 'everyone',
    sql: () => `
      WITH spans AS MATERIALIZED (${rankedSpans}),
      ways AS (SELECT service_name, min(rank) AS rank FROM spans GROUP BY service_name),
      entries AS MATERIALIZED (SELECT * FROM spans SEMI JOIN ways USING (service_name, rank) WHERE rank < 3),
      points AS (
        SELECT service_name, bucket, count(*) AS requests, count(*) FILTER (WHERE is_error) AS errors, quantile_cont(ms, 0.95) AS p95_ms
        FROM entries GROUP BY service_name, bucket
      ),
      lines AS (
        SELECT service_name, list({bucket: bucket, requests: requests, errors: errors, p95_ms: p95_ms} ORDER BY bucket) AS points
        FROM points GROUP BY service_name
      ),
      requests AS (
        SELECT service_name, count(*) AS requests, count(*) FILTER (WHERE is_error) AS errors,
          quantile_cont(ms, [0.5, 0.95, 0.99]) AS quantiles_ms
        FROM entries GROUP BY service_name
      ),
      seen AS (SELECT service_name, max(at_us) AS last_us, count(*) AS spans FROM spans GROUP BY service_name),
      logs AS (
        SELECT service_name, count(*) AS logs, count(*) FILTER (WHERE severity_number >= 17) AS error_logs,
          epoch_us(max(coalesce(time_unix_nano, observed_time_unix_nano))) AS last_us
        FROM {{otlp_logs}}
        WHERE coalesce(time_unix_nano, observed_time_unix_nano) >= make_timestamp($1)
          AND coalesce(time_unix_nano, observed_time_unix_nano) < make_timestamp($2)
        GROUP BY service_name
      )
      SELECT coalesce(seen.service_name, logs.service_name) AS service, coalesce(requests, 0) AS requests, coalesce(errors, 0) AS errors,
        quantiles_ms[1] AS p50_ms, quantiles_ms[2] AS p95_ms, quantiles_ms[3] AS p99_ms, coalesce(spans, 0) AS spans,
        coalesce(logs, 0) AS logs, coalesce(error_logs, 0) AS error_logs,
        greatest(seen.last_us, logs.last_us) // 1000 AS last_ms, points
      FROM seen LEFT JOIN requests USING (service_name) LEFT JOIN lines USING (service_name)
      FULL JOIN logs ON logs.service_name IS NOT DISTINCT FROM seen.service_name
      ORDER BY requests DESC, service LIMIT ${MAX_ROWS}`,
    parameters: bucketsOf,
  },
  operations: {
    audience: 'everyone',
    sql: () => `
      WITH spans AS MATERIALIZED (SELECT * FROM (${rankedSpans}) WHERE service_name = $4),
      points AS (
        SELECT name, rank, bucket, count(*) AS requests, count(*) FILTER (WHERE is_error) AS errors, quantile_cont(ms, 0.95) AS p95_ms
        FROM spans GROUP BY name, rank, bucket
      ),
      lines AS (
        SELECT name, rank, list({bucket: bucket, requests: requests, errors: errors, p95_ms: p95_ms} ORDER BY bucket) AS points
        FROM points GROUP BY name, rank
      )
      SELECT name AS operation, rank < 3 AS is_entry, count(*) AS requests, count(*) FILTER (WHERE is_error) AS errors,
        quantile_cont(ms, 0.5) AS p50_ms, quantile_cont(ms, 0.95) AS p95_ms, quantile_cont(ms, 0.99) AS p99_ms,
        max(at_us) // 1000 AS last_ms, any_value(points) AS points
      FROM spans JOIN lines USING (name, rank)
      GROUP BY name, rank ORDER BY is_entry DESC, requests DESC, operation LIMIT ${MAX_ROWS}`,
    parameters: (asked) => [...bucketsOf(asked), asked.service],
  },
  map: {
    audience: 'everyone',
    sql: (origin) => `
      SELECT client, server, connection_type, calls, errors, p50_ms, p99_ms
      FROM otelduck.otlp_service_map(${timeArguments}, ${originArguments(origin)}) LIMIT ${MAX_ROWS}`,
    parameters: windowOf,
  },
  causes: {
    audience: 'everyone',
    sql: (origin) => `
      SELECT rank, service, operation, score, traces, errors, expected_errors, self_ms, expected_self_ms, coverage, evidence
      FROM otelduck.otlp_root_cause(${timeArguments}, ${originArguments(origin)}) LIMIT ${MAX_ROWS}`,
    parameters: windowOf,
  },
  servers: listing(`SELECT * FROM otlp_server_list() LIMIT ${MAX_ROWS}`),
  seals: listing(`SELECT * FROM otlp_seal_list() ORDER BY started_unix_ms DESC LIMIT ${MAX_ROWS}`),
  'dead-letters': listing(`SELECT * FROM otlp_dead_letter_list() ORDER BY set_aside_unix_ms DESC LIMIT ${MAX_ROWS}`),
  queries: {
    audience: 'everyone',
    sql: ({ principal: { tenant } }) => {
      const own = tenant === undefined ? '' : `WHERE tenant = ${quotedString(tenant)}`;
      return `SELECT * FROM otlp_query_list() ${own} LIMIT ${MAX_ROWS}`;
    },
    parameters: () => [],
  },
} as const satisfies Record<string, PageQuestion>;

export type PageQuestionName = keyof typeof pageQuestions;

export interface PageRequest {
  readonly name: PageQuestionName;
  readonly asked: AskedTimes;
}

/** The statement of a question: each row as a text of JSON. */
export function pageScan({ name, asked }: PageRequest, origin: ScanOrigin): ScanRequest {
  const { sql, parameters }: PageQuestion = pageQuestions[name];
  return {
    sql: `SELECT to_json(answer)::VARCHAR FROM (${sql(origin)}) AS answer`,
    parameters: parameters(asked) ?? [],
  };
}

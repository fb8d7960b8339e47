import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { quotedString } from '../duckdb/sql-text.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { serviceSpansCte } from './service-calls.js';
import { endSql, sinceParameter, startSql, untilParameter } from './since.js';
import { summaryFunction } from './summary-function.js';

/** How many errors there must be before anybody is blamed for them: background errors come in twos and threes. */
const FEWEST_ERRORS = 5;
/** Standard deviations of a count of errors beyond what is expected; of several hundred operations none gets there by chance. */
const ERROR_DEVIATIONS = 4;
/** Calls before their times are compared. */
const FEWEST_CALLS = 10;
/** Their mean is a time that neither one odd call moves, nor half of them can hide in: one instance of several may be slow. */
const QUANTILES = '[0.25, 0.5, 0.75, 0.9]';
/** Robust deviations of such a time. */
const TIME_DEVIATIONS = 5;
/** How many times as long as before the work of a call must take. */
const SLOWER = 1.5;
/** What a window is measured against, at least: short ones have few calls in four times as long. */
const LEAST_BASELINE = 'INTERVAL 1 HOUR';
/** Share of all traces, or of all time, below which nobody would ask for a cause. */
const LEAST_SCORE = 0.01;

const columns = [
  queryColumn(
    'rank',
    'INTEGER',
    'The likeliest cause has 1.',
    'row_number() OVER (ORDER BY score DESC, service, operation)',
  ),
  queryColumn('service', 'VARCHAR', 'Service, or peer without spans, that is the cause.', 'service'),
  queryColumn('operation', 'VARCHAR', 'Name of its spans; for a peer, of the spans that call it.', 'operation'),
  queryColumn(
    'score',
    'DOUBLE',
    'Share of the traces that it made fail, plus the share of the time that it made them longer.',
    'score',
  ),
  queryColumn('traces', 'BIGINT', 'Traces of the window that it made fail.', 'error_traces'),
  queryColumn('errors', 'BIGINT', 'Its errors that no call of its own explains.', 'errors'),
  queryColumn('expected_errors', 'DOUBLE', 'How many there would have been at the rate before.', 'expected_errors'),
  queryColumn(
    'self_ms',
    'DOUBLE',
    'Time of its own work per call, without what it waits for: the mean of four quantiles, which odd calls do not move.',
    'self_ns / 1e6',
  ),
  queryColumn(
    'expected_self_ms',
    'DOUBLE',
    'The same before; NULL where there were no calls.',
    'expected_self_ns / 1e6',
  ),
  queryColumn(
    'coverage',
    'DOUBLE',
    'Share of all failed traces that it made fail; NULL where none failed.',
    'error_traces / nullif(failed_traces, 0)',
  ),
  queryColumn('evidence', 'VARCHAR', 'What was found, in words.', 'evidence'),
];

/**
 * `otlp_root_cause([since], [until := …], [service := …], [catalog := …], [schema := …], [tenant := …])`: what makes traces fail or slow, the likeliest cause
 * first, measured against four times as long before, and at least an hour. No rows where nothing is out of the ordinary.
 */
export function otlpRootCause(registry: ServerRegistry): QueryFunction {
  return summaryFunction(registry, {
    name: 'otlp_root_cause',
    parameters: [
      { ...sinceParameter, defaultSql: "'15 minutes'", defaultText: "`INTERVAL '15 minutes'`" },
      untilParameter,
      {
        name: 'service',
        sqlType: 'VARCHAR',
        defaultSql: 'NULL',
        defaultText: 'all services',
        doc: 'Only traces that reach this service.',
      },
    ],
    columns,
    sql: (live, given) => {
      const start = startSql(given);
      // Now, where no end was given: a sender whose clock is fast is seen too.
      const ends = given['until'] === null ? 'greatest(make_timestamp(epoch_us(now())), begins)' : endSql(given);
      const { service } = given;
      const ofService =
        service === null || service === undefined
          ? ''
          : `WHERE trace_id IN (SELECT trace_id FROM all_spans WHERE service_name = ${quotedString(service)})`;
      return `
        WITH bounds AS (
          SELECT ${start} AS begins, ${ends} AS ends, begins - greatest(4 * (ends - begins), ${LEAST_BASELINE}) AS baseline
        ),
        ${serviceSpansCte('all_spans', {
          spans: live(tracesTable),
          startSql: '(SELECT baseline FROM bounds)',
          endSql: given['until'] === null ? endSql(given) : ends,
        })},
        spans AS MATERIALIZED (
          SELECT *, row_number() OVER () AS id, start_time_unix_nano >= (SELECT begins FROM bounds) AS is_now
          FROM all_spans ${ofService}
        ),
        -- What the children of a span took, whether one of them failed, and one of another service that did not.
        children AS (
          SELECT parent.id, sum(child.duration_ns) AS duration_ns, bool_or(child.is_error) AS has_error,
            any_value({service: child.service_name, operation: child.name})
              FILTER (WHERE child.service_name IS DISTINCT FROM parent.service_name) AS answered_by
          FROM spans AS child JOIN spans AS parent
            ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_span_id
          GROUP BY parent.id
        ),
        work AS (
          SELECT spans.trace_id, is_now,
            -- A call that fails although it was answered came too late. A peer without spans answers for itself.
            CASE WHEN answered_by IS NOT NULL AND is_error AND NOT has_error THEN answered_by.service
              WHEN answered_by IS NULL AND peer IS NOT NULL THEN peer ELSE service_name END AS service,
            CASE WHEN answered_by IS NOT NULL AND is_error AND NOT has_error THEN answered_by.operation
              ELSE name END AS operation,
            is_error AND NOT coalesce(has_error, false) AS is_cause,
            greatest(spans.duration_ns - coalesce(children.duration_ns, 0), 0) AS self_ns
          FROM spans LEFT JOIN children USING (id)
        ),
        background AS (
          SELECT coalesce((count(*) FILTER (WHERE is_cause)) / nullif(count(*), 0), 0) AS error_rate FROM work WHERE NOT is_now
        ),
        totals AS (
          SELECT count(DISTINCT trace_id) AS traces,
            count(DISTINCT trace_id) FILTER (WHERE is_cause) AS failed_traces,
            sum(self_ns) AS all_ns
          FROM work WHERE is_now
        ),
        measured AS (
          SELECT service, operation,
            count(*) FILTER (WHERE is_now) AS calls,
            count(*) FILTER (WHERE is_now AND is_cause) AS errors,
            count(DISTINCT trace_id) FILTER (WHERE is_now AND is_cause) AS error_traces,
            count(*) FILTER (WHERE NOT is_now) AS calls_before,
            count(*) FILTER (WHERE NOT is_now AND is_cause) AS errors_before,
            list_avg(quantile_cont(self_ns, ${QUANTILES}) FILTER (WHERE is_now)) AS self_ns,
            list_avg(quantile_cont(self_ns, ${QUANTILES}) FILTER (WHERE NOT is_now)) AS expected_self_ns,
            mad(self_ns) FILTER (WHERE NOT is_now) AS mad_before_ns
          FROM work GROUP BY service, operation HAVING calls > 0
        ),
        compared AS (
          SELECT measured.*, totals.*,
            -- Where little is known of an operation, it counts as one of all.
            calls * (errors_before + background.error_rate * 20) / (calls_before + 20) AS expected_errors,
            errors >= ${FEWEST_ERRORS}
              AND errors > expected_errors + ${ERROR_DEVIATIONS} * sqrt(expected_errors + 1) AS fails,
            least(calls, calls_before) >= ${FEWEST_CALLS}
              AND self_ns > ${SLOWER} * expected_self_ns
              AND self_ns - expected_self_ns > ${TIME_DEVIATIONS} * 1.4826 * mad_before_ns / sqrt(calls) AS is_slow
          FROM measured, totals, background
        ),
        scored AS (
          SELECT *,
            CASE WHEN fails THEN (errors - expected_errors) / traces ELSE 0 END AS error_score,
            CASE WHEN is_slow THEN (self_ns - expected_self_ns) * calls / nullif(all_ns, 0) ELSE 0 END AS time_score,
            error_score + time_score AS score,
            concat_ws('; ',
              CASE WHEN fails THEN format('{} of {} calls failed by themselves, {:.1f} were to be expected', errors, calls, expected_errors) END,
              CASE WHEN is_slow THEN format('own work takes {:.1f} ms, it took {:.1f} ms', self_ns / 1e6, expected_self_ns / 1e6) END
            ) AS evidence
          FROM compared WHERE fails OR is_slow
        )
        SELECT ${selectList(columns)} FROM scored WHERE score >= ${LEAST_SCORE} ORDER BY rank`;
    },
  });
}

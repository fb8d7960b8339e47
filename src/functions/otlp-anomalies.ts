import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { gaugeTable } from '../schema/metrics.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { endSql, sinceParameter, startSql, untilParameter } from './since.js';
import { summaryFunction } from './summary-function.js';

const BUCKET = 'INTERVAL 5 MINUTES';
const BASELINE = 'INTERVAL 24 HOURS';
/** Robust deviations (of the median, in scaled median deviations) beyond which a bucket is out of the ordinary. */
const MAX_DEVIATIONS = 3;
/** Gauges are many and of all kinds. */
const MAX_GAUGE_DEVIATIONS = 6;
/** Requests in a bucket that is looked at. */
const FEWEST_REQUESTS = 10;
/** Buckets before the window that make a baseline. */
const FEWEST_BUCKETS = 6;
/** Turns a median deviation into a standard deviation of values that are normally distributed. */
const MAD_SCALE = 1.4826;

const columns = [
  queryColumn(
    'type',
    'VARCHAR',
    '`error_spike`, `latency` (the 95th percentile) or `metric_zscore` (a gauge).',
    'type',
  ),
  queryColumn(
    'severity',
    'VARCHAR',
    '`critical` from ten deviations on, else `warning`.',
    "CASE WHEN abs(zscore) >= 10 THEN 'critical' ELSE 'warning' END",
  ),
  queryColumn('service', 'VARCHAR', 'Resource attribute `service.name`, or `unknown`.', 'service'),
  queryColumn('metric', 'VARCHAR', 'Name of the gauge; NULL for requests.', 'metric'),
  queryColumn(
    'first_seen',
    'TIMESTAMP',
    'Start of the first five minutes in which it is out of the ordinary.',
    'first_seen',
  ),
  queryColumn('last_seen', 'TIMESTAMP', 'End of the last ones.', 'last_seen'),
  queryColumn('value', 'DOUBLE', 'The worst value: a share of requests, milliseconds, or that of the gauge.', 'worst'),
  queryColumn('baseline', 'DOUBLE', 'Median of the 24 hours before, by five minutes.', 'center'),
  queryColumn('zscore', 'DOUBLE', 'How many robust deviations the worst value is away from that.', 'zscore'),
  queryColumn('evidence', 'VARCHAR', 'What was found, in words.', 'evidence'),
  queryColumn(
    'preceded_by',
    'VARCHAR[]',
    'Other services with an anomaly that began in the ten minutes before, or at the same time.',
    'preceded_by',
  ),
];

/**
 * `otlp_anomalies([since], [until := …], [catalog := …], [schema := …], [tenant := …])`: what is out of the ordinary, measured against the same service's
 * 24 hours before `since`, in steps of five minutes; the worst first.
 */
export function otlpAnomalies(registry: ServerRegistry): QueryFunction {
  return summaryFunction(registry, {
    name: 'otlp_anomalies',
    parameters: [sinceParameter, untilParameter],
    columns,
    sql: (live, given) => {
      const start = startSql(given);
      const end = endSql(given);
      const inTime = (time: string) => `${time} >= ${start} - ${BASELINE} AND ${time} < ${end}`;
      return `
        WITH requests AS (
          SELECT time_bucket(${BUCKET}, start_time_unix_nano) AS bucket, service_name AS service,
            count(*) AS requests,
            (count(*) FILTER (WHERE status_code = 2)) / count(*) AS error_share,
            quantile_disc(duration_time_unix_nano, 0.95) / 1e6 AS p95_ms
          FROM ${live(tracesTable)}
          WHERE ${inTime('start_time_unix_nano')} AND (kind IN (2, 5) OR parent_span_id IS NULL)
          GROUP BY bucket, service HAVING requests >= ${FEWEST_REQUESTS}
        ),
        gauges AS (
          SELECT time_bucket(${BUCKET}, time_unix_nano) AS bucket, service_name AS service, name AS metric,
            avg(coalesce(double_value, int_value)) AS value
          FROM ${live(gaugeTable)}
          WHERE ${inTime('time_unix_nano')}
          GROUP BY bucket, service, metric
        ),
        -- The least deviation that counts: a share of errors of 2 %, a tenth and a millisecond, a twentieth.
        measured AS (
          SELECT 'error_spike' AS type, bucket, service, NULL::VARCHAR AS metric, error_share AS value, 0.02 / ${MAX_DEVIATIONS} AS least_deviation,
            0 AS relative_deviation, ${MAX_DEVIATIONS} AS max_deviations FROM requests
          UNION ALL
          SELECT 'latency', bucket, service, NULL, p95_ms, 1, 0.1, ${MAX_DEVIATIONS} FROM requests
          UNION ALL
          SELECT 'metric_zscore', bucket, service, metric, value, 1e-9, 0.05, ${MAX_GAUGE_DEVIATIONS} FROM gauges WHERE isfinite(value)
        ),
        baselines AS (
          SELECT type, service, metric, median(value) AS center,
            greatest(${MAD_SCALE} * mad(value), any_value(least_deviation), any_value(relative_deviation) * abs(median(value))) AS deviation
          FROM measured WHERE bucket + ${BUCKET} <= ${start}
          GROUP BY type, service, metric HAVING count(*) >= ${FEWEST_BUCKETS}
        ),
        found AS (
          SELECT measured.*, center, (value - center) / deviation AS deviations
          FROM measured JOIN baselines ON measured.type = baselines.type
            AND measured.service IS NOT DISTINCT FROM baselines.service AND measured.metric IS NOT DISTINCT FROM baselines.metric
          WHERE bucket + ${BUCKET} > ${start}
            -- Fewer errors and shorter times are good news. A gauge may mean anything.
            AND CASE WHEN measured.type = 'metric_zscore' THEN abs(deviations) ELSE deviations END > max_deviations
        ),
        anomalies AS (
          SELECT type, service, metric, min(bucket) AS first_seen, max(bucket) + ${BUCKET} AS last_seen,
            arg_max(value, abs(deviations)) AS worst, any_value(center) AS center, arg_max(deviations, abs(deviations)) AS zscore
          FROM found GROUP BY type, service, metric
        ),
        told AS (
          SELECT *,
            CASE type
              WHEN 'error_spike' THEN format('{:.1f} % of requests fail, {:.1f} % are usual', 100 * worst, 100 * center)
              WHEN 'latency' THEN format('the slowest 5 % of requests take {:.1f} ms and more, {:.1f} ms are usual', worst, center)
              ELSE format('{} is at {:.6g}, {:.6g} is usual', metric, worst, center) END AS evidence,
            (SELECT coalesce(list(DISTINCT before.service ORDER BY before.service), []) FROM anomalies AS before
             WHERE before.service IS DISTINCT FROM anomalies.service
               AND before.first_seen BETWEEN anomalies.first_seen - INTERVAL 10 MINUTES AND anomalies.first_seen) AS preceded_by
          FROM anomalies
        )
        SELECT ${selectList(columns)} FROM told ORDER BY abs(zscore) DESC, type, service, metric`;
    },
  });
}

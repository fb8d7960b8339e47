import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { logsTable } from '../schema/logs.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { sinceParameter, startSql } from './since.js';
import { summaryFunction } from './summary-function.js';

const columns = [
  queryColumn('time', 'TIMESTAMP', 'Start of the span, or time of the log.', 'time'),
  queryColumn('service', 'VARCHAR', 'Resource attribute `service.name`, or `unknown`.', 'service_name'),
  queryColumn('source', 'VARCHAR', '`span` or `log`.', 'source'),
  queryColumn('name', 'VARCHAR', "The span's operation, or the log's event name.", 'name'),
  queryColumn(
    'message',
    'VARCHAR',
    "The span's status message, or where it has none, that of its last exception; the log's body.",
    'message',
  ),
  queryColumn('severity', 'VARCHAR', "The log's severity in its own words; NULL for spans.", 'severity'),
  queryColumn('trace_id', 'VARCHAR', 'Trace, for `otlp_trace`.', 'trace_id'),
  queryColumn('span_id', 'VARCHAR', 'Span.', 'span_id'),
  queryColumn('attributes', 'VARCHAR', 'Attributes of the span or the log, JSON.', 'attributes'),
];

/** `otlp_errors([since], [catalog := …], [schema := …], [tenant := …])`: spans with status code 2 (error) and logs of severity 17 (ERROR) or higher, newest first. */
export function otlpErrors(registry: ServerRegistry): QueryFunction {
  return summaryFunction(registry, {
    name: 'otlp_errors',
    parameters: [sinceParameter],
    columns,
    sql: (live, given) => {
      const start = startSql(given);
      return `
        WITH spans AS (
          SELECT start_time_unix_nano AS time, service_name, 'span' AS source, name,
            coalesce(
              nullif(status_status_message, ''),
              (events_json ->> '$[*].attributes."exception.message"')[-1]
            ) AS message,
            NULL AS severity, trace_id, span_id, span_attributes AS attributes
          FROM ${live(tracesTable)}
          WHERE status_code = 2 AND start_time_unix_nano >= ${start}
        ),
        logs AS (
          SELECT coalesce(time_unix_nano, observed_time_unix_nano) AS time, service_name, 'log' AS source,
            event_name AS name, body AS message, severity_text AS severity, trace_id, span_id, log_attributes AS attributes
          FROM ${live(logsTable)}
          WHERE severity_number >= 17 AND coalesce(time_unix_nano, observed_time_unix_nano) >= ${start}
        )
        SELECT ${selectList(columns)} FROM (FROM spans UNION ALL BY NAME FROM logs) ORDER BY time DESC`;
    },
  });
}

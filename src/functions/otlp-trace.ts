import { SqlError } from '../base/sql-error.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { quotedString } from '../duckdb/sql-text.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { criticalPathFunction } from './critical-path-function.js';
import { summaryFunction } from './summary-function.js';

/**
 * Levels of spans that are put below each other. A span's place is the list of spans above it, so the memory for a chain
 * grows with the square of its length: about 4 MB for this many.
 */
const MAX_DEPTH = 1000;

const columns = [
  queryColumn(
    'depth',
    'INTEGER',
    'How many spans are above this one; 0 for a root, and where the parent is missing.',
    'depth',
  ),
  queryColumn('name', 'VARCHAR', 'Name of the operation.', 'name'),
  queryColumn('service', 'VARCHAR', 'Resource attribute `service.name`, or `unknown`.', 'service_name'),
  queryColumn('start_ms', 'DOUBLE', 'Start, counted from the start of the earliest span.', 'start_ns / 1e6'),
  queryColumn('duration_ms', 'DOUBLE', 'End minus start.', '(end_ns - start_ns) / 1e6'),
  queryColumn(
    'self_ms',
    'DOUBLE',
    'The part of the duration in which no child was running.',
    '(end_ns - start_ns - coalesce(covered_ns, 0)) / 1e6',
  ),
  queryColumn(
    'critical_ms',
    'DOUBLE',
    "The part of the duration that the end of the trace waits for: together, those of a root and of all below it are the root's duration.",
    'critical_ns / 1e6',
  ),
  queryColumn(
    'status',
    'VARCHAR',
    '`ok`, `error` or `unset`.',
    "CASE status_code WHEN 1 THEN 'ok' WHEN 2 THEN 'error' ELSE 'unset' END",
  ),
  queryColumn('span_id', 'VARCHAR', 'Span, 16 hex digits.', 'span_id'),
  queryColumn('parent_span_id', 'VARCHAR', 'Span that this one is a child of; NULL for a root span.', 'parent_span_id'),
];

/** `otlp_trace(trace_id, [catalog := …], [schema := …], [tenant := …])`: the spans of a trace as a tree: parents before children, siblings by start. */
export function otlpTrace(registry: ServerRegistry): QueryFunction {
  return summaryFunction(registry, {
    name: 'otlp_trace',
    parameters: [
      { name: 'trace_id', sqlType: 'VARCHAR', doc: 'Id of the trace, 32 hex digits in upper or lower case.' },
    ],
    columns,
    sql: (live, given) => `
      WITH RECURSIVE
      found AS MATERIALIZED (
        SELECT *, row_number() OVER (ORDER BY start_time_unix_nano, span_id) AS n,
          (epoch_us(start_time_unix_nano) - min(epoch_us(start_time_unix_nano)) OVER ())::HUGEINT * 1000 AS start_ns,
          start_ns + duration_time_unix_nano AS end_ns
        FROM ${live(tracesTable)}
        WHERE trace_id = ${quotedString(traceId(given['trace_id']!))}
      ),
      -- A span that was sent twice is two rows, of which the first has the children: so each row has one parent at most.
      first_of AS (SELECT span_id, min(n) AS n FROM found GROUP BY span_id),
      spans AS MATERIALIZED (
        SELECT found.*, nullif(first_of.n, found.n) AS parent
        FROM found LEFT JOIN first_of ON first_of.span_id = found.parent_span_id
      ),
      -- No circle of parents is reached from a span without one, so this ends.
      tree AS (
        SELECT n, [n] AS path FROM spans WHERE parent IS NULL
        UNION ALL
        SELECT spans.n, list_append(path, spans.n) FROM tree JOIN spans ON spans.parent = tree.n
        WHERE len(path) < ${MAX_DEPTH}
      ),
      -- The time of each child within its parent's, then without what earlier children cover: the length of their union.
      within AS (
        SELECT spans.parent, greatest(spans.start_ns, parents.start_ns) AS start_ns, least(spans.end_ns, parents.end_ns) AS end_ns
        FROM spans JOIN spans AS parents ON parents.n = spans.parent
      ),
      uncovered AS (
        SELECT parent, end_ns, greatest(start_ns, max(end_ns) OVER earlier) AS start_ns FROM within
        WINDOW earlier AS (PARTITION BY parent ORDER BY start_ns, end_ns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
      ),
      covered AS (SELECT parent, sum(greatest(end_ns - start_ns, 0)) AS covered_ns FROM uncovered GROUP BY parent),
      -- Spans are numbered from 1 without gaps, and told by their place in the lists.
      critical AS (
        SELECT unnest(times) AS critical_ns, generate_subscripts(times, 1) AS n
        FROM (SELECT from_json(${criticalPathFunction.name}(to_json({
          'parents': list(parent - 1 ORDER BY n), 'starts': list(start_ns::DOUBLE ORDER BY n), 'ends': list(end_ns::DOUBLE ORDER BY n)
        })::VARCHAR), '["DOUBLE"]') AS times FROM spans HAVING count(*) > 0)
      ),
      placed AS (
        SELECT spans.*, covered_ns, critical_ns, path, coalesce(len(path) - 1, 0) AS depth
        FROM spans LEFT JOIN tree USING (n) LEFT JOIN covered ON covered.parent = spans.n LEFT JOIN critical ON critical.n = spans.n
      )
      SELECT ${selectList(columns)} FROM placed ORDER BY path NULLS LAST, n`,
  });
}

function traceId(given: string | null): string {
  if (given === null || !/^[0-9a-f]{32}$/i.test(given)) {
    throw new SqlError(
      'OTLP_ARGUMENT_INVALID',
      `trace_id of otlp_trace() must be 32 hex digits, got ${given === null ? 'NULL' : `'${given}'`}`,
    );
  }
  return given.toLowerCase();
}

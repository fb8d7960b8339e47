// Spans → which service calls which. The service map and what is asked of it share this.

/** Time of a query's spans, in SQL. */
export interface SpanWindow {
  /** A relation with the rows of otlp_traces. */
  readonly spans: string;
  readonly startSql: string;
  readonly endSql: string;
}

/** What a span says of a peer that sends no spans of its own, the most telling first. */
const PEER_ATTRIBUTES = [
  'peer.service',
  'server.address',
  'net.peer.name',
  'db.system.name',
  'db.system',
  'messaging.destination.name',
  'messaging.system',
];

/** A CTE with the spans of the window, and what they say of peers that send no spans of their own. */
export function serviceSpansCte(name: string, { spans, startSql, endSql }: SpanWindow): string {
  const attribute = (key: string) => `(span_attributes ->> '$."${key}"')`;
  return `
    ${name} AS MATERIALIZED (
      SELECT trace_id, span_id, parent_span_id, service_name, name, kind, start_time_unix_nano,
        duration_time_unix_nano AS duration_ns, coalesce(status_code = 2, false) AS is_error,
        CASE WHEN kind IN (3, 4) THEN coalesce(${PEER_ATTRIBUTES.map(attribute).join(', ')}) END AS peer,
        CASE WHEN kind NOT IN (3, 4) THEN NULL
          WHEN coalesce(${attribute('db.system.name')}, ${attribute('db.system')}) IS NOT NULL THEN 'database'
          WHEN kind = 4 OR ${attribute('messaging.system')} IS NOT NULL THEN 'messaging'
          ELSE 'virtual' END AS peer_type
      FROM ${spans}
      WHERE start_time_unix_nano >= ${startSql} AND start_time_unix_nano < ${endSql}
    )`;
}

/**
 * CTEs `spans` and `calls`: spans of the window, and calls between two services. A call is a span whose parent is of another service,
 * or a client or producer span without such a child that names its peer: that peer sends no spans.
 */
export function serviceCallsCtes(window: SpanWindow): string {
  return `${serviceSpansCte('spans', window)},
    -- A span that was sent twice has one row here, so that its children are counted once.
    parents AS (
      SELECT trace_id, span_id, any_value(service_name) AS service_name, any_value(duration_ns) AS duration_ns
      FROM spans WHERE span_id IS NOT NULL GROUP BY trace_id, span_id
    ),
    answered AS (
      SELECT parents.service_name AS client, spans.service_name AS server,
        CASE WHEN spans.kind = 5 THEN 'messaging' ELSE 'rpc' END AS connection_type,
        spans.trace_id, spans.parent_span_id AS client_span_id, spans.is_error, spans.duration_ns
      FROM spans JOIN parents ON parents.trace_id = spans.trace_id AND parents.span_id = spans.parent_span_id
      WHERE parents.service_name IS DISTINCT FROM spans.service_name
    ),
    calls AS MATERIALIZED (
      SELECT client, server, connection_type, trace_id, is_error, duration_ns FROM answered
      UNION ALL
      SELECT service_name, peer, peer_type, trace_id, is_error, duration_ns
      FROM spans ANTI JOIN answered ON answered.trace_id = spans.trace_id AND answered.client_span_id = spans.span_id
      WHERE peer IS NOT NULL AND peer <> service_name
    )`;
}

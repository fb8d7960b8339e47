// What a user without read_otlp_logs would write: DuckDB's read_json with OTLP's types, and a projection that makes the
// same columns. It knows the kinds of attribute values that the measured logs have, and no others.

const ATTRIBUTES =
  '"attributes" STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue BIGINT, doubleValue JSON, boolValue BOOLEAN))[]';

const RESOURCE_LOGS = `STRUCT(
  resource STRUCT(${ATTRIBUTES}),
  scopeLogs STRUCT(
    scope STRUCT("name" VARCHAR, "version" VARCHAR, ${ATTRIBUTES}),
    logRecords STRUCT(
      timeUnixNano BIGINT, observedTimeUnixNano BIGINT, traceId VARCHAR, spanId VARCHAR, severityNumber INTEGER,
      severityText VARCHAR, eventName VARCHAR, body STRUCT(stringValue VARCHAR), ${ATTRIBUTES},
      droppedAttributesCount INTEGER, flags INTEGER)[])[])[]`;

/** Attributes as a JSON object with its keys in order. */
export const readJsonMacro = `CREATE MACRO attributes_json(attributes) AS
  CASE WHEN len(attributes) > 0 THEN '{' || array_to_string(list_transform(list_sort(attributes), lambda a:
    to_json(a.key) || ':' || coalesce(
      to_json(a.value.stringValue), a.value.intValue::VARCHAR, a.value.doubleValue, a.value.boolValue::VARCHAR
    )), ',') || '}' END`;

/** A relation with the rows and columns of read_otlp_logs(path). Resources are read before their records multiply them. */
export function readJsonLogs(path: string): string {
  return `(
    WITH requests AS (
      FROM read_json('${path}', format = 'newline_delimited', columns = {resourceLogs: '${RESOURCE_LOGS}'})
    ), groups AS (
      SELECT unnest(resourceLogs) AS g FROM requests
    ), resources AS (
      SELECT attributes_json(g.resource.attributes) AS resource_attributes, g.scopeLogs AS scope_logs FROM groups
    ), services AS (
      SELECT
        coalesce(resource_attributes->>'$."service.name"', 'unknown') AS service_name,
        resource_attributes->>'$."service.namespace"' AS service_namespace,
        resource_attributes->>'$."service.instance.id"' AS service_instance_id,
        resource_attributes, unnest(scope_logs) AS s
      FROM resources
    ), records AS (
      SELECT
        * EXCLUDE (s), s.scope.name AS scope_name, s.scope.version AS scope_version,
        attributes_json(s.scope.attributes) AS scope_attributes, unnest(s.logRecords) AS l
      FROM services
    )
    SELECT
      make_timestamp_ns(l.timeUnixNano) AS time_unix_nano,
      make_timestamp_ns(l.observedTimeUnixNano) AS observed_time_unix_nano,
      l.traceId AS trace_id, l.spanId AS span_id, service_name, service_namespace, service_instance_id,
      l.severityNumber AS severity_number, l.severityText AS severity_text, l.eventName AS event_name,
      l.body.stringValue AS body, resource_attributes, scope_name, scope_version, scope_attributes,
      attributes_json(l.attributes) AS log_attributes,
      coalesce(l.droppedAttributesCount, 0) AS dropped_attributes_count, coalesce(l.flags, 0) AS flags
    FROM records
  )`;
}

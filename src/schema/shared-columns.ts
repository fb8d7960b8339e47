import { type ExactColumn, nullable, repeated, type TelemetryColumn, zeroed } from './column-declaration.js';

/** Three attributes of the resource, as columns of their own. */
export const serviceColumns: readonly TelemetryColumn[] = [
  repeated(nullable('service_name', 'VARCHAR', 'Resource attribute `service.name`, or `unknown`.')),
  repeated(nullable('service_namespace', 'VARCHAR', 'Resource attribute `service.namespace`.')),
  repeated(nullable('service_instance_id', 'VARCHAR', 'Resource attribute `service.instance.id`.')),
];

export const resourceAttributes = repeated(
  nullable('resource_attributes', 'VARCHAR', 'Attributes of the resource, JSON.'),
);

export const scopeColumns: readonly TelemetryColumn[] = [
  repeated(nullable('scope_name', 'VARCHAR', 'Name of the instrumentation scope.')),
  repeated(nullable('scope_version', 'VARCHAR', 'Version of the instrumentation scope.')),
  repeated(nullable('scope_attributes', 'VARCHAR', 'Attributes of the instrumentation scope, JSON.')),
];

export const droppedAttributesCount = zeroed(
  'dropped_attributes_count',
  'INTEGER',
  'How many attributes the sender discarded.',
);

/** What says by which version of which schema attributes are named. */
export const schemaUrls: readonly ExactColumn[] = [
  nullable('resource_schema_url', 'VARCHAR', 'Schema URL of the resource.'),
  nullable('scope_schema_url', 'VARCHAR', 'Schema URL of the scope and its records.'),
];

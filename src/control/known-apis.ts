// The APIs of query servers by name: each a table of routes, made for one server.

import type { TableHome } from '../catalog/table-home.js';
import type { Database } from '../duckdb/database.js';
import type { QueryText } from '../duckdb/query-function.js';
import { lokiApi } from '../query/api/loki/loki-api.js';
import { mcpApi } from '../query/api/mcp/mcp-api.js';
import { pagesApi } from '../query/api/pages/pages-api.js';
import { prometheusApi } from '../query/api/prometheus/prometheus-api.js';
import { sqlApi } from '../query/api/sql/sql-api.js';
import { tempoApi } from '../query/api/tempo/tempo-api.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import type { ApiName, QueryServeOptions } from '../schema/query-options.js';
import type { ReadAuthorization } from '../server/identity/read-authorization.js';
import type { Sessions } from '../server/identity/sessions.js';
import type { ReadApi } from '../server/read/read-api.js';
import { adminApi } from './admin-api.js';
import type { ServerRegistry } from './server-registry.js';

/** What an API answers from. */
export interface ApiParts {
  readonly database: Database;
  readonly registry: ServerRegistry;
  readonly runner: QueryRunner;
  readonly questions: ReadonlyMap<string, QueryText>;
  readonly home: TableHome;
  readonly options: QueryServeOptions;
  readonly authorization: ReadAuthorization;
  readonly sessions: Sessions;
}

const knownApis: Readonly<Record<ApiName, (parts: ApiParts) => ReadApi>> = {
  admin: adminApi,
  loki: lokiApi,
  mcp: mcpApi,
  pages: pagesApi,
  prometheus: prometheusApi,
  sql: sqlApi,
  tempo: tempoApi,
};

/** The APIs that a server was asked for. */
export function apisOf(parts: ApiParts): readonly ReadApi[] {
  return parts.options.apis.map((name) => knownApis[name](parts));
}

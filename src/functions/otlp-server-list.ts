import type { ServerRegistry } from '../control/server-registry.js';
import { type ObservedServer, serverStatus } from '../control/server-status.js';
import type { ListFunction } from '../duckdb/list-function.js';

/** `otlp_server_list()`: one row per running server, true at the moment of the call. */
export function otlpServerList(registry: ServerRegistry): ListFunction<ObservedServer> {
  return {
    name: 'otlp_server_list',
    columns: serverStatus,
    rows: () => registry.observed(Date.now()),
  };
}

import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { rowsOfTenant } from '../query/scan/relations.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { homeOf, homeParameters, tenantOf } from './home-parameters.js';

type GivenParameters = Parameters<QueryFunction['sql']>[1];

export interface Summary extends Omit<QueryFunction, 'sql'> {
  /** `live(table)` is a relation of all rows of a table, committed and buffered ones. */
  readonly sql: (live: (table: TelemetryTable) => string, given: GivenParameters) => string;
}

/** A function that answers a question about telemetry tables, with `catalog`, `schema` and `tenant` among its parameters. */
export function summaryFunction(registry: ServerRegistry, { sql, ...declared }: Summary): QueryFunction {
  return {
    ...declared,
    parameters: [...declared.parameters, ...homeParameters],
    sql: (caller, given) => {
      const home = homeOf(caller, given);
      const tenant = tenantOf(declared.name, given);
      const live = (table: TelemetryTable) =>
        `(${rowsOfTenant(registry.live.liveSql(declared.name, table, caller, home), tenant)})`;
      return sql(live, given);
    },
    overRelations: (given) => sql(({ name }) => `{{${name}}}`, given),
  };
}

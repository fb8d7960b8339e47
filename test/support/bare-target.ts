import type { DuckDBConnection } from '@duckdb/node-api';
import { CatalogRetention } from '../../src/catalog/catalog-retention.js';
import { CatalogTarget } from '../../src/catalog/catalog-target.js';
import { catalogKind } from '../../src/catalog/known-kinds.js';
import { SealRecords } from '../../src/catalog/seal-record.js';
import type { TableHome } from '../../src/catalog/table-home.js';
import type { Database } from '../../src/duckdb/database.js';

/** A target of tables and seals that are there already, without a server, maintenance or options. */
export function bareTarget(database: Database, writer: DuckDBConnection, home: TableHome): CatalogTarget {
  return new CatalogTarget({
    database,
    writer,
    home,
    kind: catalogKind('duckdb'),
    catalogName: home.catalog,
    promoted: [],
    contents: { fidelity: 'standard', tenants: 'none' },
    maintenance: undefined,
    retention: new CatalogRetention(database, home, catalogKind('duckdb'), undefined),
    seals: new SealRecords(writer, home),
    isAtomic: true,
    longestAppendMs: Number.POSITIVE_INFINITY,
  });
}

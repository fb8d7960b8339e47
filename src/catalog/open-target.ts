// Options → the target that they name, with its tables made or verified.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { retried } from '../base/retry.js';
import { SqlError } from '../base/sql-error.js';
import type { Database } from '../duckdb/database.js';
import type { Caller } from '../duckdb/pending-function.js';
import { quotedString } from '../duckdb/sql-text.js';
import { columnsStored, type TelemetryTable, tenantColumn } from '../schema/column-declaration.js';
import { retainsForSomeTime } from '../schema/retention-options.js';
import { sealsTable } from '../schema/seals.js';
import type { ServeOptions } from '../schema/serve-options.js';
import { telemetryTables } from '../schema/tables.js';
import type { CatalogKind } from './catalog-kind.js';
import { CatalogRetention } from './catalog-retention.js';
import { CatalogTarget } from './catalog-target.js';
import { CheckpointMaintenance, NoMaintenance } from './checkpoint-maintenance.js';
import { catalogKind } from './known-kinds.js';
import { LeaseTable } from './lease-table.js';
import { exportPlace } from './parquet/export-place.js';
import { ParquetTarget } from './parquet/parquet-target.js';
import { type PromotedColumn, promotedColumns } from './promoted-columns.js';
import { SealRecords } from './seal-record.js';
import type { Maintenance, SealTarget } from './seal-target.js';
import { askedHome, type TableHome } from './table-home.js';
import { addMissingColumns, columnTypes, createTables, verifyTables } from './tables.js';
import { connectWriter } from './writer-session.js';

/** Other hosts may be starting on the same catalog at the same moment. */
const SETUP_RETRY = { attempts: 20, longestPauseMs: () => 500 } as const;

/** Opens a connection of its own to the target that `options` name, or to the catalog that `caller` uses. */
export async function openTarget(database: Database, options: ServeOptions, caller: Caller): Promise<SealTarget> {
  const place = exportPlace(options);
  if (place !== undefined) return ParquetTarget.open(database, place, options);
  const asked = askedHome(options, caller);
  const { catalog, kind } = await writableCatalog(database, asked.catalog);
  const home = { ...asked, catalog };
  const promoted = promotedColumns(options, telemetryTables);
  const isHost = home.catalog === database.hostCatalog;
  const writer = await connectWriter(database);
  let seals: SealRecords | undefined;
  let isAtomic: boolean;
  const lease = retentionLease(database, home, kind, options);
  try {
    await kind.prepareWriter?.(writer, home);
    seals = await retried({ ...SETUP_RETRY, isWorthwhile: (error) => kind.isConflict?.(error) ?? false }, async () => {
      await prepareTables(writer, home, kind, options, promoted);
      await kind.configure?.(writer, home, options);
      return sealRecords(writer, home, options);
    });
    isAtomic = await provenAtomic(database, writer, home, kind, options);
    if (retainsForSomeTime(options)) await lease?.prepare();
  } catch (error) {
    writer.closeSync();
    throw error;
  }
  return new CatalogTarget({
    database,
    writer,
    home,
    kind,
    promoted,
    contents: options,
    seals,
    isAtomic,
    catalogName: isHost ? '' : home.catalog,
    longestAppendMs: kind.longestAppendMs?.(options) ?? Number.POSITIVE_INFINITY,
    maintenance: isHost ? undefined : maintenance(database, kind, home.catalog),
    retention: new CatalogRetention(database, home, kind, lease),
  });
}

function retentionLease(
  database: Database,
  home: TableHome,
  kind: CatalogKind,
  { create_tables: createsTable }: ServeOptions,
): LeaseTable | undefined {
  if (!kind.isShared) return undefined;
  const holder = `${hostname()} ${process.pid} ${randomUUID()}`;
  return new LeaseTable(database, home, { kind, job: 'retention', holder, createsTable });
}

/** The table of seals: made like the others, or used if it is there. A journal cannot do without it. */
async function sealRecords(
  writer: DuckDBConnection,
  home: TableHome,
  options: ServeOptions,
): Promise<SealRecords | undefined> {
  const seals = new SealRecords(writer, home);
  if (options.create_tables) await seals.create();
  else if (!(await seals.exists())) {
    if (options.durability !== 'journal') return undefined;
    throw new SqlError(
      'OTLP_TABLE_NOT_AVAILABLE',
      `table ${home.catalog}.${home.schema}.${sealsTable.name} is not available: it does not exist`,
    );
  }
  return seals;
}

/** Whether a seal's transaction is all or nothing. A journal asks for that, or for leave to do without. */
async function provenAtomic(
  database: Database,
  writer: DuckDBConnection,
  home: TableHome,
  kind: CatalogKind,
  options: ServeOptions,
): Promise<boolean> {
  if (options.durability !== 'journal' || kind.commitsAllOrNothing === undefined) return true;
  const isAtomic = options.create_tables && (await kind.commitsAllOrNothing(database, writer, home));
  if (isAtomic || options.allow_at_least_once) return isAtomic;
  throw new SqlError(
    'OTLP_EXACTLY_ONCE_UNSUPPORTED',
    `durability := 'journal' is not exactly once on catalog ${home.catalog}, which ${
      options.create_tables ? 'does not commit' : 'without create_tables cannot be seen to commit'
    } several tables at once: pass allow_at_least_once := true to accept that rows may come twice after a crash`,
  );
}

/** The catalog by the name that it was attached under: SQL does not mind the case of names, our comparisons do. */
async function writableCatalog(database: Database, catalog: string): Promise<{ catalog: string; kind: CatalogKind }> {
  const [attached] = await database.rows(
    `SELECT database_name, type, readonly FROM duckdb_databases()
     WHERE lower(database_name) = lower(${quotedString(catalog)}) AND NOT internal`,
  );
  if (attached === undefined)
    throw new SqlError(
      'OTLP_CATALOG_NOT_AVAILABLE',
      `catalog ${catalog} is not available: no attached database has that name`,
    );
  if (attached['readonly'] === true)
    throw new SqlError('OTLP_CATALOG_NOT_AVAILABLE', `catalog ${catalog} is not available: it is read-only`);
  return { catalog: String(attached['database_name']), kind: catalogKind(String(attached['type'])) };
}

function maintenance(database: Database, kind: CatalogKind, catalog: string): Maintenance | undefined {
  switch (kind.checkpoint) {
    case 'compacts':
      return new CheckpointMaintenance(database, catalog);
    case 'does nothing':
      return new NoMaintenance();
    case 'not wanted':
      return undefined;
  }
}

async function prepareTables(
  writer: DuckDBConnection,
  home: TableHome,
  kind: CatalogKind,
  options: ServeOptions,
  promoted: readonly PromotedColumn[],
): Promise<void> {
  const asColumns = promoted.map(({ name }) => ({ name, type: 'VARCHAR', absent: 'NULL', doc: '' }) as const);
  if (options.create_tables) {
    const created = options.tenants === 'none' ? telemetryTables : telemetryTables.map(withTenant);
    await createTables(writer, home, created, async (table) => kind.layOut?.(writer, home, table, options));
    for (const table of telemetryTables) {
      // Tables may be of an earlier version, which had fewer columns.
      const optional = table.columns.filter(({ absent }) => absent === 'NULL');
      const besides = columnsStored(table, options).slice(table.columns.length);
      await addMissingColumns(writer, home, table, [...optional, ...besides, ...asColumns]);
    }
  }
  const expected = telemetryTables.map((table) => ({
    ...table,
    columns: [...columnsStored(table, options), ...asColumns],
  }));
  verifyTables(await columnTypes(writer, home, telemetryTables), home, expected);
}

/** From the start, because the layout of a lake may name it. */
function withTenant(table: TelemetryTable): TelemetryTable {
  return { ...table, columns: [...table.columns, tenantColumn] };
}

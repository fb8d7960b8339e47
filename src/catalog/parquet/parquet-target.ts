// Generations → Parquet files below a root, partitioned by the day of the event:
// <root>/<table>/year=YYYY/month=MM/day=DD/<generation>_<n>.parquet
// Where there are tenants, <root>/<table>/tenant=NAME/year=… Rows without a tenant are in tenant=__HIVE_DEFAULT_PARTITION__.
//
// Writing files cannot be rolled back, so this is at least once. Two things keep "more than once" rare: a table that a
// failed seal has written whole is not written again, and a retry names its files as the first attempt did. On a local
// disk files are written beside the dataset and, once all of a table's are whole, renamed into it: no reader sees a part
// of one, and a retry goes on renaming where the last attempt stopped.

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { diskStorage, replaceFile } from '../../base/file-storage.js';
import { makeFolder } from '../../base/make-folder.js';
import { isAlive } from '../../base/process-life.js';
import { type RetryPolicy, retried } from '../../base/retry.js';
import { SqlError } from '../../base/sql-error.js';
import type { Generation } from '../../buffer/generation.js';
import { dayOf, tenantOf } from '../../duckdb/batch-scan.js';
import type { Database } from '../../duckdb/database.js';
import { isNameOfTable, isWriteConflict, type Refusal, refusalIn } from '../../duckdb/errors.js';
import { fileExists, pathPattern } from '../../duckdb/path-pattern.js';
import { quotedIdentifier, quotedString } from '../../duckdb/sql-text.js';
import { columnsStored, type RowContents, type TelemetryTable, tenantColumn } from '../../schema/column-declaration.js';
import { type RetentionOptions, retainsForSomeTime } from '../../schema/retention-options.js';
import type { ServeOptions } from '../../schema/serve-options.js';
import { tablesBySignal, telemetryTables } from '../../schema/tables.js';
import { isOfOtherGenerations, type LiveTables, storedBesides } from '../live-tables.js';
import type { Retention } from '../retention.js';
import type { CommitTiming, LastSeal, SealIdentity, SealTarget } from '../seal-target.js';
import type { TableHome } from '../table-home.js';
import { tableName } from '../tables.js';
import { connectWriter } from '../writer-session.js';
import type { ExportPlace } from './export-place.js';
import { ParquetRetention } from './parquet-retention.js';
import { syncFilesBelow } from './sync-files-below.js';

const MS_PER_DAY = 86_400_000;

/** Files on their way to their final name. Outside of every table's folder, so that no glob over a table sees them. */
const STAGING_FOLDER = '_staging';

/** Columns that name the folders of a day, in their order. */
const PARTITION = ['year', 'month', 'day'] as const;
/** Column that names the folders of a tenant. */
const TENANT_PARTITION = 'tenant';
/** Folder of rows that have no tenant, as DuckDB and others read it. No tenant may be called that. */
const NO_TENANT_FOLDER = '__HIVE_DEFAULT_PARTITION__';

/** A view is replaced in a moment, by one server at a time. */
const VIEW_RETRY: RetryPolicy = { attempts: 20, longestPauseMs: () => 20, isWorthwhile: isWriteConflict };

/** Distinguishes this process from earlier ones with the same pid: the first process of a container always has pid 1. */
const RUN_ID = randomUUID();
/** Begins the name of each folder that this process stages files in. */
const STAGING_OWNER = `${hostname()}-${process.pid}-${RUN_ID}-`;
const OWNED_FOLDER = /^(.+)-(\d+)-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}-/;

/**
 * Age at which staged files of another host count as abandoned, such as those of a container that restarted under another
 * name. A server whose seals have failed for longer than that writes its files anew.
 */
const FOREIGN_STAGING_MS = MS_PER_DAY;

/**
 * A column with a dictionary gets a bloom filter, by which a reader of one trace skips row groups. Ids of traces with two spans fit
 * into this, ids of spans do not.
 */
const ID_DICTIONARY_BYTES = 576 << 10;

/**
 * zstd 2 makes slightly smaller files than DuckDB's default, 3, of telemetry. A dictionary of texts is given up once it has
 * 64 KiB instead of a megabyte: a larger one mostly holds texts that occur once. With DuckDB's defaults for both,
 * writing logs takes an eighth more CPU time. See bench/seal.ts.
 */
export function fileFormat({ rowGroupRows }: TelemetryTable): string {
  const format = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 2';
  if (rowGroupRows === undefined) return `${format}, STRING_DICTIONARY_PAGE_SIZE_LIMIT 65536`;
  return `${format}, ROW_GROUP_SIZE ${rowGroupRows}, DICTIONARY_SIZE_LIMIT ${rowGroupRows}, STRING_DICTIONARY_PAGE_SIZE_LIMIT ${ID_DICTIONARY_BYTES}`;
}

/** How far a generation has come, over all attempts to export it. */
interface Progress {
  /** Part of every file name: no other generation, server or host has the same. */
  readonly id: string;
  readonly written: Set<TelemetryTable>;
  /** Files that are whole: those that wait to be renamed, and the names of those that have been. */
  readonly staged: Map<TelemetryTable, { readonly waiting: string[]; readonly renamed: string[] }>;
}

/** Rows of one table in one export. */
interface ExportedRows {
  readonly table: TelemetryTable;
  /** Day of all of them, counted from 1970 in UTC; undefined when they have several, or it has to be looked for. */
  readonly day: number | undefined;
  /** Tenant of all of them: null where they have none, undefined where they have several. */
  readonly tenant: string | null | undefined;
  /** When the first of them arrived, which stands for the time of those that have none: the same in every attempt. */
  readonly arrivedAtMs: number;
}

type ParquetOptions = RowContents & RetentionOptions & Pick<ServeOptions, 'maintenance_retention_ms'>;

export class ParquetTarget implements SealTarget {
  readonly catalogName = '';
  readonly kindName = 'parquet';
  readonly schemaName: string;
  readonly promotedColumns = 0;
  readonly maintenance = undefined;
  /** Undefined where files are not on a local disk: DuckDB renames and removes none elsewhere. */
  readonly retention: Retention | undefined;
  readonly #database: Database;
  readonly #writer: DuckDBConnection;
  readonly #contents: RowContents;
  readonly #root: string;
  readonly #isLocal: boolean;
  readonly #home: TableHome;
  readonly #progress = new WeakMap<Generation, Progress>();
  readonly #viewed = new Set<TelemetryTable>();
  readonly live: LiveTables;

  private constructor(
    database: Database,
    writer: DuckDBConnection,
    { root, isLocal, schema }: ExportPlace,
    options: ParquetOptions,
  ) {
    const home = { catalog: database.hostCatalog, schema };
    this.#database = database;
    this.#writer = writer;
    this.#contents = options;
    this.#root = root;
    this.#isLocal = isLocal;
    this.#home = home;
    this.schemaName = schema;
    this.retention = isLocal
      ? new ParquetRetention({
          database,
          root,
          keptMs: options.maintenance_retention_ms,
          changed: (table) => this.#createView(table),
        })
      : undefined;
    this.live = {
      home,
      computed: (table) => [
        ...storedBesides(table, options),
        ...dayColumns(table, []).map(({ name, sql }) => ({ name, sql: `CAST(${sql} AS BIGINT)` })),
      ],
      toldApart: 'when planned',
      committedSql: (table, generations) =>
        this.#viewed.has(table)
          ? `SELECT ${this.#shown('filename')} FROM ${this.#filesOf(table, 'filename = true')} WHERE ${isOfOtherGenerations(generations)}`
          : undefined,
      isCommittedSql: 'false',
    };
  }

  /** Makes views over the place in the database that the host opened. */
  static async open(database: Database, place: ExportPlace, options: ParquetOptions): Promise<ParquetTarget> {
    if (!place.isLocal && retainsForSomeTime(options)) {
      throw new SqlError(
        'OTLP_ARGUMENT_CONFLICT',
        `retention_days cannot be combined with a parquet_export_path on object storage, from which files cannot be removed here: ${place.root}. Set a lifecycle rule of the bucket`,
      );
    }
    const writer = await connectWriter(database);
    const target = new ParquetTarget(database, writer, place, options);
    try {
      await target.#prepare();
    } catch (error) {
      writer.closeSync();
      throw error;
    }
    return target;
  }

  /** Writes every table with rows. The phases of a transaction do not exist here, and take no time. */
  async commit(generation: Generation, identity: SealIdentity): Promise<CommitTiming> {
    const progress = this.#progressOf(generation);
    for (const [signal, batches] of generation.batches) {
      for (const table of tablesBySignal[signal]) {
        if (progress.written.has(table) || batches.every((batch) => batch.rowsOf(table) === 0)) continue;
        const rows = {
          table,
          day: dayOf(batches, table),
          tenant: tenantOf(batches, table),
          arrivedAtMs: generation.openedAtMs,
        };
        await this.#database.scans.read(batches, table, this.#contents, async (scan) => {
          const files = await this.#export(rows, scan, progress);
          // The journal forgets the rows after this.
          if (generation.lastJournalSequence > 0) await syncFilesBelow(this.#root, files);
        });
        progress.written.add(table);
        if (!this.#viewed.has(table)) await this.#createView(table);
      }
    }
    if (generation.lastJournalSequence > 0) await this.#writeManifest(generation, identity);
    return { appendMs: 0, commitMs: 0 };
  }

  async lastSeal(serverId: string): Promise<LastSeal> {
    const manifest = this.#manifestPath(serverId);
    if (!(await fileExists(this.#writer, manifest))) return { sealSequence: 0, journalSequence: 0 };
    const result = await this.#writer.runAndReadAll(
      `SELECT seal_sequence::BIGINT, journal_sequence::BIGINT FROM read_json(${quotedString(pathPattern(manifest))})`,
    );
    const [sealSequence, journalSequence] = result.getRows()[0] as [bigint, bigint];
    return { sealSequence: Number(sealSequence), journalSequence: Number(journalSequence) };
  }

  refusal(error: unknown): Refusal | undefined {
    // Files take any rows; only memory may be too small for them.
    return refusalIn(error) === 'size' ? 'size' : undefined;
  }

  close(): void {
    this.retention?.interrupt();
    this.#writer.closeSync();
  }

  async #prepare(): Promise<void> {
    const schema = `${quotedIdentifier(this.#home.catalog)}.${quotedIdentifier(this.#home.schema)}`;
    await this.#writer.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    if (this.#isLocal) {
      await makeFolder(this.#root);
      await removeAbandoned(join(this.#root, STAGING_FOLDER));
    }
    for (const table of telemetryTables) await this.#createView(table);
  }

  /**
   * Says how far the journal has been exported. A crash between the first file's rename and this makes rows come twice;
   * nothing else does.
   */
  async #writeManifest({ lastJournalSequence }: Generation, { serverId, sequence }: SealIdentity): Promise<void> {
    const manifest = this.#manifestPath(serverId);
    if (this.#isLocal) {
      const contents = { seal_sequence: sequence, journal_sequence: lastJournalSequence };
      await diskStorage.makeFolder(dirname(manifest));
      await replaceFile(diskStorage, manifest, Buffer.from(JSON.stringify(contents)));
      return;
    }
    await this.#writer.run(
      `COPY (SELECT ${sequence} AS seal_sequence, ${lastJournalSequence} AS journal_sequence)
       TO ${quotedString(manifest)} (FORMAT json)`,
    );
  }

  #manifestPath(serverId: string): string {
    return `${this.#root}/_seals/${serverId}.json`;
  }

  #progressOf(generation: Generation): Progress {
    let progress = this.#progress.get(generation);
    if (progress === undefined) {
      progress = { id: generation.id, written: new Set(), staged: new Map() };
      this.#progress.set(generation, progress);
    }
    return progress;
  }

  /** Writes the rows of a table. Resolves with the files, where they are local. */
  async #export(rows: ExportedRows, scan: string, progress: Progress): Promise<readonly string[]> {
    const { table } = rows;
    if (!this.#isLocal) {
      await this.#copy(rows, scan, `${this.#root}/${table.name}`, progress.id);
      return [];
    }
    const staging = join(this.#root, STAGING_FOLDER, `${STAGING_OWNER}${progress.id}`);
    const files = progress.staged.get(table) ?? (await this.#stage(rows, scan, staging, progress));
    for (let file = files.waiting[0]; file !== undefined; file = files.waiting[0]) {
      const final = join(this.#root, relative(staging, file));
      await mkdir(dirname(final), { recursive: true });
      try {
        await rename(file, final);
      } catch (error) {
        // Somebody removed the file. The next attempt writes the table's files anew, to the same names.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') progress.staged.delete(table);
        throw error;
      }
      files.waiting.shift();
      files.renamed.push(final);
    }
    await rm(staging, { recursive: true, force: true });
    return files.renamed;
  }

  async #stage(rows: ExportedRows, scan: string, staging: string, progress: Progress) {
    const folder = join(staging, rows.table.name);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const files = { waiting: await this.#copy(rows, scan, folder, progress.id), renamed: [] };
    progress.staged.set(rows.table, files);
    return files;
  }

  /** Writes a table's rows below a folder. Resolves with the files. */
  async #copy(rows: ExportedRows, scan: string, folder: string, id: string): Promise<string[]> {
    const format = fileFormat(rows.table);
    const result = await this.#writer.runAndReadAll(
      rows.day === undefined || rows.tenant === undefined
        ? `COPY (${this.#partitionedSelect(rows, scan)}) TO ${quotedString(folder)} (
             ${format}, PARTITION_BY (${this.#partition.join(', ')}),
             FILENAME_PATTERN ${quotedString(`${id}_{i}`)}, OVERWRITE_OR_IGNORE, RETURN_FILES)`
        : `COPY (FROM ${scan}) TO ${quotedString(await this.#fileOfDay(this.#tenantFolder(folder, rows.tenant), rows.day, id))} (${format}, RETURN_FILES)`,
    );
    return result.getRowObjectsJson().flatMap(({ Files }) => Files as string[]);
  }

  /** File for the rows of one day, which need not be partitioned row by row: that takes half as much CPU time again. */
  async #fileOfDay(folder: string, day: number, id: string): Promise<string> {
    const [year, month, date] = new Date(day * MS_PER_DAY).toISOString().split(/[-T]/);
    const partition = `${folder}/year=${year}/month=${month}/day=${date}`;
    if (this.#isLocal) await mkdir(partition, { recursive: true });
    return `${partition}/${id}_0.parquet`;
  }

  /**
   * Makes the view over a table's files; over no rows as long as there are no files. A seal may rename the first file in after
   * the look and still find the view over files, so that it leaves the view to this. Therefore files are looked for again.
   */
  async #createView(table: TelemetryTable): Promise<void> {
    let hasFiles: boolean;
    do hasFiles = await this.#viewFiles(table);
    while (!hasFiles && (await this.#hasFiles(table)));
  }

  /** Resolves with whether there are files to view. */
  async #viewFiles(table: TelemetryTable): Promise<boolean> {
    const hasFiles = await this.#hasFiles(table);
    const columns = columnsStored(table, this.#contents).map(
      ({ name, type }) => `NULL::${type} AS ${quotedIdentifier(name)}`,
    );
    const parts = PARTITION.map((part) => `NULL::BIGINT AS ${part}`);
    const select = hasFiles
      ? `SELECT ${this.#shown()} FROM ${this.#filesOf(table)}`
      : `SELECT ${[...columns, ...parts].join(', ')} WHERE false`;
    await this.#replaceView(tableName(this.#home, table), select);
    if (hasFiles) this.#viewed.add(table);
    else this.#viewed.delete(table);
    return hasFiles;
  }

  /** Rejects if files are in folders of tenants where they must not be, or the other way round. */
  async #hasFiles(table: TelemetryTable): Promise<boolean> {
    const isOfTenant = `contains(file, ${quotedString(`/${table.name}/${TENANT_PARTITION}=`)})`;
    const found = await this.#writer.runAndReadAll(
      `SELECT any_value(file), any_value(file) FILTER (${isOfTenant} <> ${this.#hasTenants}) FROM glob(${quotedString(this.#globOf(table))})`,
    );
    const [anyFile, misplaced] = found.getRows()[0] as [string | null, string | null];
    if (misplaced !== null) throw this.#misplaced(misplaced);
    return anyFile !== null;
  }

  get #hasTenants(): boolean {
    return this.#contents.tenants !== 'none';
  }

  /** Columns that name the folders of a file, outermost first. */
  get #partition(): readonly string[] {
    return this.#hasTenants ? [TENANT_PARTITION, ...PARTITION] : PARTITION;
  }

  /** Columns that users see: those of the files but the ones named, then the day. A folder says whose its rows are, so that others are not opened. */
  #shown(...hidden: readonly string[]): string {
    const days = PARTITION.join(', ');
    if (!this.#hasTenants) return `* EXCLUDE (${[...hidden, ...PARTITION].join(', ')}), ${days}`;
    const { name } = tenantColumn;
    return `* EXCLUDE (${[...hidden, name, ...this.#partition].join(', ')}), ${TENANT_PARTITION} AS ${name}, ${days}`;
  }

  #tenantFolder(folder: string, tenant: string | null): string {
    return this.#hasTenants ? `${folder}/${TENANT_PARTITION}=${tenant ?? NO_TENANT_FOLDER}` : folder;
  }

  /** Rows with the names of the folders that they are filed under. */
  #partitionedSelect({ table, arrivedAtMs }: ExportedRows, scan: string): string {
    // In UTC, as all times here are.
    const moment = `make_timestamp(${arrivedAtMs * 1000})`;
    const days = dayColumns(table, [moment]).map(({ name, sql }) => `${sql} AS ${name}`);
    const tenant = this.#hasTenants ? [`${tenantColumn.name} AS ${TENANT_PARTITION}`] : [];
    return `SELECT *, ${[...tenant, ...days].join(', ')} FROM ${scan}`;
  }

  /** DuckDB reads files as one table only where all have the same folders. */
  #misplaced(file: string): SqlError {
    const [is, isNot] = this.#hasTenants ? ['not ', 'with'] : ['', 'without'];
    return new SqlError(
      'OTLP_EXPORT_CONFLICT',
      `parquet_export_path ${this.#root} has files that are ${is}in folders of tenants, which a server ${isNot} tenants does not read, such as ${file}: choose another path`,
    );
  }

  #globOf(table: TelemetryTable): string {
    return `${pathPattern(this.#root)}/${table.name}/**/*.parquet`;
  }

  #filesOf(table: TelemetryTable, ...options: readonly string[]): string {
    // A tenant may be called 2024, which is a text all the same.
    const types = this.#hasTenants ? [`hive_types = {${TENANT_PARTITION}: VARCHAR}`] : [];
    const all = ['hive_partitioning = true', ...types, 'union_by_name = true', ...options].join(', ');
    return `read_parquet(${quotedString(this.#globOf(table))}, ${all})`;
  }

  /** Servers that export to one root replace the same views, and DuckDB lets one of them do so at a time. */
  async #replaceView(name: string, select: string): Promise<void> {
    try {
      await retried(VIEW_RETRY, () => this.#writer.run(`CREATE OR REPLACE VIEW ${name} AS ${select}`));
    } catch (error) {
      if (!isNameOfTable(error)) throw error;
      throw new SqlError(
        'OTLP_EXPORT_CONFLICT',
        `cannot make view ${name} over Parquet files: a table has that name, choose another schema`,
        {
          cause: error,
        },
      );
    }
  }
}

/** The day of a row's time, or of what stands for that where it has none. */
function dayColumns(table: TelemetryTable, otherwise: readonly string[]): { name: string; sql: string }[] {
  const times = table.columns.filter(({ type }) => type === 'TIMESTAMP').map(({ name }) => quotedIdentifier(name));
  const time = `coalesce(${[...times, ...otherwise].join(', ')})`;
  return PARTITION.map((part) => ({ name: part, sql: `strftime(${time}, '%${part === 'year' ? 'Y' : part[0]}')` }));
}

/** Removes staged files of processes that have ended, as far as that can be known. No one will finish them. */
async function removeAbandoned(folder: string): Promise<void> {
  const entries = await entriesOf(folder);
  for (const entry of entries) {
    if (entry.startsWith(STAGING_OWNER)) continue;
    const [, host, pid] = OWNED_FOLDER.exec(entry) ?? [];
    const hasEnded =
      host === hostname()
        ? Number(pid) === process.pid || !isAlive(Number(pid))
        : Date.now() - (await changedAtMs(join(folder, entry))) > FOREIGN_STAGING_MS;
    if (hasEnded) await rm(join(folder, entry), { recursive: true, force: true });
  }
}

/** None in a folder that is not there. */
async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** When a file was changed last; not yet, where another host has removed it meanwhile. */
async function changedAtMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Number.POSITIVE_INFINITY;
    throw error;
  }
}

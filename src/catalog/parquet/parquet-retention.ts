// Folders of old days → out of the dataset by a rename, which readers see whole, and removed once nobody reads their files any more.

import type { Dirent } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.js';
import type { Database } from '../../duckdb/database.js';
import { pathPattern } from '../../duckdb/path-pattern.js';
import { quotedString } from '../../duckdb/sql-text.js';
import type { TelemetryTable } from '../../schema/column-declaration.js';
import { dayText, MS_PER_DAY } from '../old-rows.js';
import type { DayPartition, Pace, Purged, Retention } from '../retention.js';

/** Days on their way out. Outside of every table's folder, so that no glob over a table sees them. */
const EXPIRED_FOLDER = '_expired';

/** Folder of a tenant below that of a table. */
const TENANT_FOLDER = /^tenant=/;

/** Folder of a day below that of its table or tenant, and the parts of its name. */
const DAY_FOLDER = /^year=(\d{4})\/month=(\d{2})\/day=(\d{2})$/;

export interface ParquetRetentionParts {
  readonly database: Database;
  readonly root: string;
  /** How long files of removed days are kept for queries that have begun. */
  readonly keptMs: number;
  readonly clock?: Clock;
  /** Called when files have gone: a view over no files fails. */
  changed(table: TelemetryTable): Promise<void>;
}

interface DayFolder {
  readonly path: string;
  /** Name of the tenant's folder; empty where there are no tenants. */
  readonly tenant: string;
  readonly dayMs: number;
}

interface Contents {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
}

export class ParquetRetention implements Retention {
  /** A rename succeeds for one host. The others find nothing to do. */
  readonly lease = undefined;
  readonly #parts: ParquetRetentionParts;
  readonly #clock: Clock;
  #isInterrupted = false;

  constructor(parts: ParquetRetentionParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
  }

  async count(table: TelemetryTable, cutoffMs: number): Promise<Purged> {
    let matchingRows = 0;
    for (const { path } of await this.#oldDays(table, cutoffMs)) matchingRows += (await this.#contentsOf(path)).rows;
    return { matchingRows, deletedRows: 0, filesDropped: undefined, bytesFreed: undefined };
  }

  async remove(table: TelemetryTable, cutoffMs: number, pace: Pace): Promise<Purged> {
    const days = await this.#oldDays(table, cutoffMs);
    const removed = { rows: 0, files: 0, bytes: 0 };
    for (const day of days) {
      await pace.turn(0);
      if (this.#isInterrupted) throw new Error('interrupted');
      const { rows, files, bytes } = await this.#contentsOf(day.path);
      if (!(await this.#expire(table, day))) continue;
      removed.rows += rows;
      removed.files += files;
      removed.bytes += bytes;
    }
    // Another host may have taken the last files, too.
    await this.#parts.changed(table);
    await this.#removeExpired();
    const { rows, files: filesDropped, bytes: bytesFreed } = removed;
    return { matchingRows: rows, deletedRows: rows, filesDropped, bytesFreed };
  }

  async partitions(table: TelemetryTable): Promise<readonly DayPartition[]> {
    const partitions = new Map<string | undefined, Contents>();
    for (const { path, dayMs } of await this.#daysOf(table)) {
      const day = dayMs < MS_PER_DAY ? undefined : dayText(dayMs);
      const { rows, files, bytes } = await this.#contentsOf(path);
      const others = partitions.get(day) ?? NOTHING;
      partitions.set(day, {
        rows: others.rows + rows,
        files: others.files + files,
        bytes: others.bytes + bytes,
      });
    }
    return [...partitions].map(([day, contents]) => ({ day, ...contents }));
  }

  interrupt(): void {
    this.#isInterrupted = true;
  }

  /** The first day of Unix time is that of rows that say no time. They stay. */
  async #oldDays(table: TelemetryTable, cutoffMs: number): Promise<readonly DayFolder[]> {
    return (await this.#daysOf(table)).filter(({ dayMs }) => dayMs >= MS_PER_DAY && dayMs < cutoffMs);
  }

  /** Of all tenants, oldest first. */
  async #daysOf(table: TelemetryTable): Promise<readonly DayFolder[]> {
    const tableFolder = join(this.#parts.root, table.name);
    const tenants = (await foldersIn(tableFolder)).filter((name) => TENANT_FOLDER.test(name));
    const days: DayFolder[] = [];
    for (const tenant of ['', ...tenants]) {
      const folder = join(tableFolder, tenant);
      for (const { day, dayMs } of await daysIn(folder)) days.push({ path: join(folder, day), tenant, dayMs });
    }
    return days.sort((one, other) => one.dayMs - other.dayMs);
  }

  /** Resolves with whether it was this host that took the day out of the dataset. */
  async #expire(table: TelemetryTable, { path, tenant, dayMs }: DayFolder): Promise<boolean> {
    const nowMs = this.#clock.nowMs();
    // A day may come back with rows that are late, and leave again.
    const to = join(this.#parts.root, EXPIRED_FOLDER, `${nowMs}-${process.pid}`, table.name, tenant, dayText(dayMs));
    await mkdir(dirname(to), { recursive: true });
    try {
      await rename(path, to);
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
    const month = dirname(path);
    for (const folder of [month, dirname(month)]) await removeIfEmpty(folder);
    return true;
  }

  async #removeExpired(): Promise<void> {
    const expired = join(this.#parts.root, EXPIRED_FOLDER);
    const oldestMs = this.#clock.nowMs() - this.#parts.keptMs;
    for (const name of await foldersIn(expired)) {
      if (Number.parseInt(name, 10) <= oldestMs) await rm(join(expired, name), { recursive: true, force: true });
    }
  }

  /** Of the files in a day's folder; zeros where there are none any more. */
  async #contentsOf(path: string): Promise<Contents> {
    const files = (await namesIn(path)).filter((entry) => entry.isFile() && entry.name.endsWith('.parquet'));
    if (files.length === 0) return NOTHING;
    let bytes = 0;
    for (const { name } of files) bytes += await sizeOf(join(path, name));
    const [counted] = await this.#parts.database.texts(
      `SELECT coalesce(sum(num_rows), 0)::BIGINT FROM parquet_file_metadata(${quotedString(`${pathPattern(path)}/*.parquet`)})`,
      [],
    );
    return { rows: Number(counted), files: files.length, bytes };
  }
}

const NOTHING: Contents = { rows: 0, files: 0, bytes: 0 };

/** Folders of days below that of a table or tenant. */
async function daysIn(folder: string): Promise<readonly { readonly day: string; readonly dayMs: number }[]> {
  const days: { day: string; dayMs: number }[] = [];
  for (const year of await foldersIn(folder)) {
    for (const month of await foldersIn(join(folder, year))) {
      for (const last of await foldersIn(join(folder, year, month))) {
        const day = join(year, month, last);
        const date = DAY_FOLDER.exec(day)?.slice(1).join('-');
        if (date !== undefined) days.push({ day, dayMs: Date.parse(`${date}T00:00:00Z`) });
      }
    }
  }
  return days;
}

async function foldersIn(path: string): Promise<readonly string[]> {
  return (await namesIn(path)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** None in a folder that is not there. */
async function namesIn(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error))) throw error;
  }
}

function isGone(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

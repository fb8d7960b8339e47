// Options about how long rows are kept → rows removed from a target, now and then or when somebody asks.

import { type Clock, systemClock } from '../base/clock.js';
import { messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import { dayText, MS_PER_DAY } from '../catalog/old-rows.js';
import type { DayPartition, Pace, Purged, Retention } from '../catalog/retention.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { type RetentionOptions, retainsForSomeTime, retentionDays } from '../schema/retention-options.js';
import { telemetryTables } from '../schema/tables.js';
import type { Job } from './job.js';
import type { JobScheduler } from './job-scheduler.js';

/** What became of a table in a removal, or would become of it. */
export interface PurgedTable extends Purged {
  readonly table: TelemetryTable;
  readonly retentionDays: number;
  /** First day that is kept; undefined where all are. */
  readonly cutoffMs: number | undefined;
  readonly error: string | undefined;
}

export interface TablePartition extends DayPartition {
  readonly table: TelemetryTable;
}

export interface RetentionHooks {
  /** Resolves when no seal is being committed. */
  sealed(): Promise<unknown>;
  /** Rows have been removed, so that upkeep has something to do. */
  removed(): void;
}

/** A lease lasts ten minutes. */
const RENEW_LEASE_MS = 120_000;

const NONE: Purged = { matchingRows: 0, deletedRows: 0, filesDropped: undefined, bytesFreed: undefined };

export class RetentionJob {
  /** Undefined where rows cannot be removed from the target. */
  readonly job: Job | undefined;
  readonly #retention: Retention | undefined;
  readonly #options: RetentionOptions;
  readonly #hooks: RetentionHooks;
  readonly #clock: Clock;
  #deletedRows = 0;

  constructor(
    retention: Retention | undefined,
    options: RetentionOptions,
    { scheduler, hooks }: { readonly scheduler: JobScheduler; readonly hooks: RetentionHooks },
    clock: Clock = systemClock,
  ) {
    this.#retention = retention;
    this.#options = options;
    this.#hooks = hooks;
    this.#clock = clock;
    if (retention === undefined) return;
    this.job = scheduler.add({
      name: 'retention',
      // Without it the job exists for those who ask.
      ...(retainsForSomeTime(options) ? { everyMs: options.retention_interval_ms } : {}),
      run: async () => {
        if ((await this.#heldBy(retention)) === undefined) throwFailures(await this.#purge(retention, undefined));
      },
      interrupt: () => retention.interrupt(),
    });
  }

  /** Rows removed since the server started. */
  get deletedRowsTotal(): number {
    return this.#deletedRows;
  }

  /** What a removal would remove now. `before` is a first day to keep, in place of what the options say. */
  async preview(before?: string): Promise<readonly PurgedTable[]> {
    const cutoffMs = this.#cutoffOf(before);
    const retention = this.#removable();
    return this.#forEachTable(cutoffMs, (table, cutoff) => retention.count(table, cutoff));
  }

  /** What the tables have, day by day. */
  async partitions(): Promise<readonly TablePartition[]> {
    const retention = this.#removable();
    const partitions: TablePartition[] = [];
    for (const table of telemetryTables) {
      for (const partition of await retention.partitions(table)) partitions.push({ table, ...partition });
    }
    return partitions;
  }

  /** Removes old rows now, after what is running. Tells of each table what became of it. */
  async remove(before?: string): Promise<readonly PurgedTable[]> {
    const cutoffMs = this.#cutoffOf(before);
    const retention = this.#removable();
    let purged: readonly PurgedTable[] = [];
    const work = async () => {
      const held = await this.#heldBy(retention);
      if (held === undefined) {
        purged = await this.#purge(retention, cutoffMs);
        throwFailures(purged);
      } else {
        purged = await this.#forEachTable(cutoffMs, () => Promise.reject(new Error(held)));
      }
    };
    try {
      await this.job!.runNow(work);
    } catch (error) {
      // What failed is told by table.
      if (purged.length === 0) throw error;
    }
    return purged;
  }

  #removable(): Retention {
    if (this.#retention !== undefined) return this.#retention;
    throw new SqlError(
      'OTLP_ARGUMENT_CONFLICT',
      'days of Parquet files on object storage are neither listed nor removed here: set a lifecycle rule of the bucket',
    );
  }

  /** Who else removes rows of this target now; undefined once this server has the right to. */
  async #heldBy({ lease }: Retention): Promise<string | undefined> {
    const other = await lease?.take(this.#clock.nowMs());
    return other && `${other.holder} removes old rows, at most until ${new Date(other.untilMs).toISOString()}`;
  }

  async #purge(retention: Retention, beforeMs: number | undefined): Promise<readonly PurgedTable[]> {
    try {
      const purged = await this.#forEachTable(beforeMs, async (table, cutoffMs) => {
        const removed = await retention.remove(table, cutoffMs, this.#pace(retention));
        this.#deletedRows += removed.deletedRows;
        return removed;
      });
      if (purged.some(({ deletedRows }) => deletedRows > 0)) this.#hooks.removed();
      return purged;
    } finally {
      // It ends by itself where this fails.
      await retention.lease?.release().catch(() => undefined);
    }
  }

  async #forEachTable(
    beforeMs: number | undefined,
    work: (table: TelemetryTable, cutoffMs: number) => Promise<Purged>,
  ): Promise<readonly PurgedTable[]> {
    const tables: PurgedTable[] = [];
    for (const table of telemetryTables) {
      const days = retentionDays(this.#options, table.signal);
      const cutoffMs = beforeMs ?? (days === 0 ? undefined : this.#todayMs - days * MS_PER_DAY);
      const of = { table, retentionDays: days, cutoffMs };
      try {
        tables.push({ ...of, ...(cutoffMs === undefined ? NONE : await work(table, cutoffMs)), error: undefined });
      } catch (error) {
        // Whoever runs this is told, and other tables may have no such problem.
        tables.push({ ...of, ...NONE, error: messageOf(error) });
      }
    }
    return tables;
  }

  /** Batches begin between seals, and take half of the time at most. */
  #pace(retention: Retention): Pace {
    const { retention_batch_rows: batchRows, retention_batch_sleep_ms: shortestMs } = this.#options;
    let takenAtMs = this.#clock.nowMs();
    return {
      batchRows,
      turn: async (lastMs) => {
        await this.#clock.pause(Math.max(shortestMs, lastMs));
        await this.#hooks.sealed();
        const nowMs = this.#clock.nowMs();
        if (nowMs - takenAtMs < RENEW_LEASE_MS) return;
        takenAtMs = nowMs;
        const held = await this.#heldBy(retention);
        if (held !== undefined) throw new Error(held);
      },
    };
  }

  #cutoffOf(before: string | undefined): number | undefined {
    if (before === undefined) return undefined;
    const day = /^(\d{4}-\d{2}-\d{2})(?: 00:00:00)?$/.exec(before)?.[1];
    const cutoffMs = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
    if (Number.isNaN(cutoffMs)) {
      throw new SqlError('OTLP_ARGUMENT_INVALID', `before must be a day such as 2026-01-31, got '${before}'`);
    }
    if (cutoffMs > this.#todayMs) {
      throw new SqlError(
        'OTLP_ARGUMENT_INVALID',
        `before must not be after today, which is ${dayText(this.#todayMs)} in UTC, got '${before}'`,
      );
    }
    return cutoffMs;
  }

  get #todayMs(): number {
    return Math.floor(this.#clock.nowMs() / MS_PER_DAY) * MS_PER_DAY;
  }
}

function throwFailures(purged: readonly PurgedTable[]): void {
  const failed = purged.filter(({ error }) => error !== undefined);
  if (failed.length === 0) return;
  throw new Error(failed.map(({ table, error }) => `cannot remove old rows of ${table.name}: ${error}`).join('; '));
}

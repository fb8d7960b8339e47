// The port by which old rows leave a target. Only whole days leave, so that targets which file rows by day drop files.

import type { TelemetryTable } from '../schema/column-declaration.js';

/** What left a table, or would leave it. */
export interface Purged {
  readonly matchingRows: number;
  readonly deletedRows: number;
  /** Undefined where nothing was removed, or the target does not tell. */
  readonly filesDropped: number | undefined;
  readonly bytesFreed: number | undefined;
}

/** Rows of one day. */
export interface DayPartition {
  /** As YYYY-MM-DD in UTC; undefined for rows that say no time. */
  readonly day: string | undefined;
  readonly rows: number;
  /** Undefined where the target does not keep files by day. */
  readonly files: number | undefined;
  readonly bytes: number | undefined;
}

/** Lets what matters more go first. */
export interface Pace {
  /** Rows of one transaction, where a target removes row by row. */
  readonly batchRows: number;
  /** Resolves when a transaction may begin, after `lastMs` for the one before. Rejects when no more may. */
  turn(lastMs: number): Promise<void>;
}

export interface Retention {
  /** Who of several hosts removes rows; undefined where there can be one only. */
  readonly lease: Lease | undefined;
  /** Counts rows of days before that of `cutoffMs`, a midnight in UTC. */
  count(table: TelemetryTable, cutoffMs: number): Promise<Purged>;
  /** Removes them. A rejection or a crash leaves every row in the table or removed; the next call removes the rest. */
  remove(table: TelemetryTable, cutoffMs: number, pace: Pace): Promise<Purged>;
  /** By day, oldest first; rows without one come first. */
  partitions(table: TelemetryTable): Promise<readonly DayPartition[]>;
  /** Ends what is in progress, for good. */
  interrupt(): void;
}

/** A right that one of many hosts has at a time. It ends by itself, so that a host that dies keeps it for a while only. */
export interface Lease {
  /** Takes or renews it. Resolves with who else has it. */
  take(nowMs: number): Promise<{ readonly holder: string; readonly untilMs: number } | undefined>;
  release(): Promise<void>;
  /** Ends an attempt to take it, which then rejects. A release goes on, so that others need not wait until the lease ends. */
  interrupt(): void;
}

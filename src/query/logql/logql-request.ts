// What a thread is asked in LogQL: plain data, with all that is needed to answer.

import type { LogQueryLimits } from '#logql';

/** The engine that answers. */
export const LOGQL_ENGINE = 'logql';

/** What is the same for all requests of a caller. */
export interface LogqlSettings {
  /** Resource attributes that streams are told apart by. */
  readonly indexAttributes: readonly string[];
  readonly limits: LogQueryLimits;
}

/** Labels of a line together, or by where they come from. */
export type LabelEncoding = 'merged' | 'categorized';

export type LogDirection = 'backward' | 'forward';

/** Lines, or samples at several times, by what the query is. */
export interface RangeQuestion {
  readonly kind: 'range';
  readonly query: string;
  /** Included; so is the end for samples, but not for lines. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly stepNs: bigint;
  /** Least distance of two lines; 0 for all. */
  readonly intervalNs: bigint;
  readonly limit: number | undefined;
  readonly direction: LogDirection;
  readonly encoding: LabelEncoding;
}

/** Samples at one time. */
export interface InstantQuestion {
  readonly kind: 'instant';
  readonly query: string;
  readonly timeNs: bigint;
  readonly encoding: LabelEncoding;
}

export type LogqlRequest = { readonly settings: LogqlSettings } & (
  | { readonly form: 'json'; readonly question: RangeQuestion | InstantQuestion }
  /** For SQL: lines, or series with their samples, as rows of blocks. */
  | { readonly form: 'lines' | 'samples'; readonly question: RangeQuestion }
  /** For SQL: what would be read. */
  | { readonly form: 'plan'; readonly question: RangeQuestion }
);

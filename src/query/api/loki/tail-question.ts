// What a tail asks, as it goes to an engine's thread, and what comes back.

import type { LabelEncoding } from '../../logql/logql-request.js';

/** The engine that answers. */
export const TAIL_ENGINE = 'loki-tail';

/** Entries of one query that are sent at a time. More than that nobody reads, and they wait in memory for each client. */
export const MAX_TAIL_ENTRIES = 1000;
/** Entries that were not sent, of which a client is told. */
export const MAX_TOLD_DROPPED = 100;

export interface TailQuery {
  readonly query: string;
  readonly encoding: LabelEncoding;
  /** Asked for by who has just come: the last entries until now, instead of those that have come since the last time. */
  readonly history?: { readonly startNs: bigint; readonly limit: number };
}

export interface TailQuestion {
  readonly queries: readonly TailQuery[];
  /** The name of who reads rows as they come. */
  readonly reader: string;
  readonly nowNs: bigint;
  /** Resource attributes that streams are told apart by. */
  readonly indexAttributes: readonly string[];
}

/** An entry as it is told of when it is dropped. */
export interface DroppedEntry {
  readonly labels: Readonly<Record<string, string>>;
  readonly timestamp: string;
}

/** What one query gets. */
export interface TailBatch {
  /** JSON of an array of streams, by rising time. */
  readonly streams: string;
  readonly entryCount: number;
  /** The first of the entries, for clients that cannot take them. */
  readonly heads: readonly DroppedEntry[];
  /** Entries beyond the limit. */
  readonly dropped: readonly DroppedEntry[];
}

/** In the order of the queries. */
export type TailAnswer = readonly TailBatch[];

// What a host loads: a name, and one function that attaches everything to a DuckDB instance.

import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** A plugin for any program that has a DuckDB instance. Its package exports it under its name. */
export interface DuckDBPlugin {
  readonly name: string;
  /** For hosts that show results to people. */
  readonly display?: DisplayHints;
  /** Registers the plugin's functions with the instance. Rejects if this plugin is attached to it already. */
  attach(instance: DuckDBInstance, options?: AttachOptions): Promise<AttachedPlugin>;
}

/** How results are best shown to people. They are recognised by the names of their columns. */
export interface DisplayHints {
  /** Columns to keep when not all of a result fit, the most telling first. */
  readonly tellingColumns: readonly string[];
  /** Results with these columns are spans of a trace, and are drawn as a waterfall. */
  readonly waterfall?: WaterfallColumns;
}

/** Names of the columns that a waterfall needs. Start and duration are numbers of one unit. */
export interface WaterfallColumns {
  readonly depth: string;
  readonly name: string;
  readonly start: string;
  readonly duration: string;
}

export interface AttachOptions {
  /** Takes what happens to the plugin's background work, in the moment in which it happens. */
  readonly log?: (event: PluginEvent) => void;
}

/** Something that whoever runs the plugin has to know, such as that commits fail. Not one for each request or row. */
export interface PluginEvent {
  readonly level: 'info' | 'warn' | 'error';
  /** A word for it that does not change. */
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A plugin at work on one DuckDB instance. */
export interface AttachedPlugin {
  /** Opens a connection on which the plugin's functions exist. The caller closes it. */
  connect(): Promise<DuckDBConnection>;
  /** Makes the plugin's functions exist on a connection of the same instance that somebody else opened. */
  register(connection: DuckDBConnection): Promise<void>;
  /** Starts no more background work from now on, in a database that is to be kept from the network and from files. */
  refuseWork?(reason: string): void;
  /**
   * Ends all background work, having made everything durable that was accepted. Must be called before the instance is
   * closed; safe to call twice. Resolves with what the end of each piece of work came to.
   */
  close(): Promise<readonly ClosedWork[]>;
}

/** How one piece of a plugin's background work ended, in rows. */
export interface ClosedWork {
  /** The work, as its user named it: a listen URI. */
  readonly name: string;
  readonly committedRows: number;
  readonly droppedRows: number;
  /** Rows that could not be committed, and stay in a journal for the next start. Absent when there are none. */
  readonly journaledRows?: number;
  /** Why rows were dropped, or stay in the journal. */
  readonly error?: string;
}

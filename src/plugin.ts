// What a host loads: a name, and one function that attaches everything to a DuckDB instance.

import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** A plugin for any program that has a DuckDB instance. Its package exports it under its name. */
export interface DuckDBPlugin {
  readonly name: string;
  /** Registers the plugin's functions with the instance. Rejects if this plugin is attached to it already. */
  attach(instance: DuckDBInstance, options?: AttachOptions): Promise<AttachedPlugin>;
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

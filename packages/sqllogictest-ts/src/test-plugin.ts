// What a file's `require <name>` may be met with beside DuckDB's own extensions: the part of a plugin that a test run
// uses. The shape is structural, so a plugin need not know this package.

import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export interface TestPlugin {
  readonly name: string;
  /** Attaches the plugin to an instance that a test file opened. */
  attach(instance: DuckDBInstance): Promise<AttachedTestPlugin>;
}

export interface AttachedTestPlugin {
  /** Makes the plugin's functions exist on a connection of the instance. */
  register(connection: DuckDBConnection): Promise<void>;
  /** Ends the plugin's work on the instance; called before the instance is closed. */
  close(): Promise<unknown>;
}

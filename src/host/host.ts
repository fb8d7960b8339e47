import type { DuckDBPlugin, PluginService } from '../plugin.js';

/** The process of the host, reduced to what it may use. */
export interface Host {
  readonly argv: readonly string[];
  readonly environment: Record<string, string | undefined>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream & { readonly fd?: number };
  /** Plugins that are always loaded. */
  readonly defaultPlugins: readonly DuckDBPlugin[];
  /** Service of the plugin whose servers `serve` and `dev` run. It declares flags, so it is known before plugins are loaded. */
  readonly service: PluginService;
}

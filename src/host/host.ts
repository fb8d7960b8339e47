import type { DuckDBPlugin, PluginService } from '../plugin.js';

/** The process that the host runs in, as far as it may see it. */
export interface Host {
  readonly argv: readonly string[];
  readonly environment: Record<string, string | undefined>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream & { readonly fd?: number };
  /** Plugins that are there without `--plugin`. */
  readonly defaultPlugins: readonly DuckDBPlugin[];
  /** Of the plugin whose servers `serve` and `dev` run. It has flags, so it is known before any plugin is loaded. */
  readonly service: PluginService;
}

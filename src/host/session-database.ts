// Database of a shell, which `.open` replaces. When a database is closed, the outcome of its plugins' work is reported.

import type { DuckDBConnection } from '@duckdb/node-api';
import type { ArrivalFeed, ClosedWork, DisplayHints, DuckDBPlugin } from '../plugin.js';
import { type DatabaseOptions, HostDatabase } from './host-database.js';
import type { ShellDatabase } from './shell/shell.js';

export type SessionOptions = Omit<DatabaseOptions, 'path' | 'isReadOnly'>;

export class SessionDatabase implements ShellDatabase {
  readonly display: readonly DisplayHints[];
  readonly arrivals: readonly ArrivalFeed[];
  readonly #options: SessionOptions;
  readonly #plugins: readonly DuckDBPlugin[];
  readonly #tell: (closed: readonly ClosedWork[]) => Promise<void>;
  #database: HostDatabase | undefined;
  #refusal: string | undefined;

  constructor(
    options: SessionOptions,
    plugins: readonly DuckDBPlugin[],
    tell: (closed: readonly ClosedWork[]) => Promise<void>,
  ) {
    this.#options = options;
    this.#plugins = plugins;
    this.#tell = tell;
    this.display = plugins.flatMap(({ display }) => display ?? []);
    this.arrivals = plugins.flatMap(({ arrivals }) => arrivals ?? []);
  }

  async open(path: string, { isReadOnly }: { readonly isReadOnly: boolean }): Promise<void> {
    const isFirst = this.#database === undefined;
    await this.close();
    try {
      this.#database = await this.#opened(path, isReadOnly);
    } catch (error) {
      if (!isFirst) this.#database = await this.#opened(':memory:', false);
      throw error;
    }
  }

  connect(): Promise<DuckDBConnection> {
    return this.#database!.connect();
  }

  refuseWork(reason: string): void {
    this.#refusal = reason;
    this.#database?.refuseWork(reason);
  }

  /** Resolves when the plugins' work has ended and was reported. Safe to call twice. */
  async close(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    if (database !== undefined) await this.#tell(await database.close());
  }

  async #opened(path: string, isReadOnly: boolean): Promise<HostDatabase> {
    const database = await HostDatabase.open({ ...this.#options, path, isReadOnly }, this.#plugins);
    if (this.#refusal !== undefined) database.refuseWork(this.#refusal);
    return database;
  }
}

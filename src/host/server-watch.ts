// Servers of a service while they run → events in its log: what an operator has to know who looks at nothing else.

import type { DuckDBConnection } from '@duckdb/node-api';

/** How often servers are looked at. */
const WATCH_MS = 1000;

/** What can go wrong with a server: the column of `otlp_server_list()` that says so, and the events that it makes. */
const troubles = [
  { column: 'seal_last_error', begins: 'commits_failing', ends: 'commits_recovered' },
  { column: 'journal_error', begins: 'journal_failed', ends: undefined },
  { column: 'last_error', begins: 'listener_failed', ends: undefined },
] as const;

type Trouble = (typeof troubles)[number];

export type ServerState = Readonly<Record<Trouble['column'], string | null>> & {
  readonly listen_uri: string;
  readonly buffered_rows: string;
};

export interface ServerEvent {
  readonly level: 'info' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Tells each trouble once when it begins and once when it is over, however often a server is looked at. */
export class ServerWatch {
  readonly #present = new Set<string>();

  events(servers: readonly ServerState[]): ServerEvent[] {
    return servers.flatMap((server) => troubles.flatMap((trouble) => this.#event(server, trouble) ?? []));
  }

  #event(server: ServerState, { column, begins, ends }: Trouble): ServerEvent | undefined {
    const key = JSON.stringify([server.listen_uri, column]);
    const error = server[column];
    if (this.#present.has(key) === (error !== null)) return undefined;
    const fields = { listen_uri: server.listen_uri, buffered_rows: Number(server.buffered_rows) };
    if (error !== null) {
      this.#present.add(key);
      return { level: 'error', event: begins, fields: { ...fields, error } };
    }
    this.#present.delete(key);
    return ends === undefined ? undefined : { level: 'info', event: ends, fields };
  }
}

/**
 * Looks at the servers of a database until the function that it returns is called. Without a plugin that has servers
 * there is nothing to look at.
 */
export async function watchServers(
  connection: DuckDBConnection,
  report: (event: ServerEvent) => void,
): Promise<() => void> {
  const columns = ['listen_uri', 'buffered_rows', ...troubles.map(({ column }) => column)];
  const known = await connection.runAndReadAll(
    "SELECT 1 FROM duckdb_functions() WHERE function_name = 'otlp_server_list' LIMIT 1",
  );
  if (known.currentRowCount === 0) return () => {};
  const watch = new ServerWatch();
  let isLooking = false;
  const timer = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      const result = await connection.runAndReadAll(`SELECT ${columns.join(', ')} FROM otlp_server_list()`);
      for (const event of watch.events(result.getRowObjectsJson() as unknown as ServerState[])) report(event);
    } catch {
      // The database is being closed, or has no thread for one more query: the next look tells.
    } finally {
      isLooking = false;
    }
  }, WATCH_MS);
  return () => clearInterval(timer);
}

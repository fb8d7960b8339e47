import { type Pausable, pausableNamed } from '../control/pauses.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { parseListenUri } from '../server/listen-uri.js';

interface PauseState {
  readonly what: Pausable;
  readonly sinceMs: number | undefined;
}

export const pauseColumns: readonly ResultColumn<PauseState>[] = [
  column('status', 'VARCHAR', '`paused` or `running`.', ({ sinceMs }) =>
    sinceMs === undefined ? 'running' : 'paused',
  ),
  column('what', 'VARCHAR', 'What is.', ({ what }) => what),
  column(
    'paused_since_unix_ms',
    'BIGINT',
    'Since when it is paused; NULL while it runs.',
    (row) => row.sinceMs ?? null,
  ),
];

/**
 * `otlp_pause(uri, …)`: lets the server at `uri` leave off `maintenance` (upkeep and retention), `seals` (commits by age and size) or
 * `ingest` (requests get 503) until `otlp_resume`, or until it stops.
 */
export function otlpPause(registry: ServerRegistry): PendingFunction {
  return pauseFunction(registry, 'otlp_pause', 'pause');
}

/** What the two have in common: all but the verb. */
export function pauseFunction(registry: ServerRegistry, name: string, verb: 'pause' | 'resume'): PendingFunction {
  return {
    name,
    parameters: [
      { name: 'uri', sqlType: 'VARCHAR' },
      {
        name: 'what',
        sqlType: 'VARCHAR',
        defaultSql: "'maintenance'",
        defaultText: '`maintenance`',
        doc: '`maintenance`, `seals` or `ingest`.',
      },
    ],
    columns: pauseColumns,
    run: async (_caller, { uri, what: given }) => {
      const { pauses } = registry.running(parseListenUri(String(uri)));
      const what = pausableNamed(String(given));
      pauses[verb](what);
      return resultRows(pauseColumns, [{ what, sinceMs: pauses.since(what) }]);
    },
  };
}

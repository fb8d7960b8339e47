import type { ServerRegistry } from '../control/server-registry.js';
import type { ListFunction } from '../duckdb/list-function.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import type { SealEvent } from '../seal/seal-log.js';

interface ListedSeal {
  readonly listenUri: string;
  readonly event: SealEvent;
}

export const sealColumns: readonly ResultColumn<ListedSeal>[] = [
  column('listen_uri', 'VARCHAR', 'Server that made the attempt.', (seal) => seal.listenUri),
  column('seal_sequence', 'UBIGINT', 'Number of the attempt, from 1.', ({ event }) => event.sequence),
  column('started_unix_ms', 'BIGINT', 'When the attempt began.', ({ event }) => event.startedUnixMs),
  column('completed_unix_ms', 'BIGINT', 'When the attempt ended.', ({ event }) => event.completedUnixMs),
  column('duration_ms', 'BIGINT', 'How long the attempt took.', ({ event }) => Math.round(event.durationMs)),
  column('append_duration_ms', 'BIGINT', 'Time that inserting the rows took.', ({ event }) =>
    Math.round(event.appendMs),
  ),
  column('commit_duration_ms', 'BIGINT', 'Time that COMMIT took.', ({ event }) => Math.round(event.commitMs)),
  column('rows_committed', 'UBIGINT', 'Rows made durable; 0 on failure.', ({ event }) => event.rowsCommitted),
  column('admitted_bytes', 'UBIGINT', 'Request bytes of the rows.', ({ event }) => event.admittedBytes),
  column('success', 'BOOLEAN', 'Whether the rows were committed.', ({ event }) => event.error === undefined),
  column('seals_total', 'UBIGINT', 'Commits of the server, after this one.', ({ event }) => event.sealsTotal),
  column(
    'seal_failures_total',
    'UBIGINT',
    'Failed commits of the server, after this one.',
    ({ event }) => event.sealFailuresTotal,
  ),
  column(
    'committed_rows_total',
    'UBIGINT',
    'Rows that the server has committed, after this one.',
    ({ event }) => event.committedRowsTotal,
  ),
  column('error', 'VARCHAR', 'Why the attempt failed.', ({ event }) => event.error ?? null),
];

/** `otlp_seal_list()`: the latest commit attempts of all running servers, oldest first. */
export function otlpSealList(registry: ServerRegistry): ListFunction<ListedSeal> {
  return {
    name: 'otlp_seal_list',
    columns: sealColumns,
    rows: () =>
      registry.servers.flatMap(({ listenUri, sealer }) => sealer.log.events.map((event) => ({ listenUri, event }))),
  };
}

import type { ServerRegistry } from '../control/server-registry.js';
import type { ListFunction } from '../duckdb/list-function.js';
import type { DeadLetter } from '../journal/dead-letters.js';
import { column, type ResultColumn } from '../schema/result-column.js';

interface ListedLetter {
  readonly listenUri: string;
  readonly letter: DeadLetter;
}

export const deadLetterColumns: readonly ResultColumn<ListedLetter>[] = [
  column('listen_uri', 'VARCHAR', 'URI of the server.', ({ listenUri }) => listenUri),
  column('path', 'VARCHAR', 'File that holds the records.', ({ letter }) => letter.path),
  column('bytes', 'UBIGINT', 'Its size.', ({ letter }) => letter.bytes),
  column('first_journal_sequence', 'BIGINT', 'Sequence of its first record.', ({ letter }) => letter.first),
  column('last_journal_sequence', 'BIGINT', 'Sequence of its last record.', ({ letter }) => letter.last),
  column('set_aside_unix_ms', 'BIGINT', 'When it was set aside.', ({ letter }) => letter.setAsideUnixMs),
  column('error', 'VARCHAR', 'Why the target refused it.', ({ letter }) => letter.error),
];

/** `otlp_dead_letter_list()`: what the targets of running servers refuse for good, oldest first; `otlp_replay` tries it again. */
export function otlpDeadLetterList(registry: ServerRegistry): ListFunction<ListedLetter> {
  return {
    name: 'otlp_dead_letter_list',
    columns: deadLetterColumns,
    rows: () =>
      registry.servers.flatMap(({ listenUri, deadLetters }) =>
        (deadLetters?.waiting ?? []).map((letter) => ({ listenUri, letter })),
      ),
  };
}

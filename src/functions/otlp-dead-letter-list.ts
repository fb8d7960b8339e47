import type { ServerRegistry } from '../control/server-registry.js';
import type { ListFunction } from '../duckdb/list-function.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import type { ListedLetter as Letter } from '../seal/dead-letter.js';

interface ListedLetter {
  readonly listenUri: string;
  readonly letter: Letter;
}

export const deadLetterColumns: readonly ResultColumn<ListedLetter>[] = [
  column('listen_uri', 'VARCHAR', 'URI of the server.', ({ listenUri }) => listenUri),
  column(
    'path',
    'VARCHAR',
    'File that holds the records; NULL where there is no journal and the rows are in memory.',
    ({ letter }) => letter.path ?? null,
  ),
  column('bytes', 'UBIGINT', 'Size of the file, or of the rows in memory.', ({ letter }) => letter.bytes),
  column(
    'first_journal_sequence',
    'BIGINT',
    'Sequence of the first record; NULL without a journal.',
    ({ letter }) => letter.first ?? null,
  ),
  column(
    'last_journal_sequence',
    'BIGINT',
    'Sequence of the last record; NULL without a journal.',
    ({ letter }) => letter.last ?? null,
  ),
  column('set_aside_unix_ms', 'BIGINT', 'When it was set aside.', ({ letter }) => letter.setAsideUnixMs),
  column('error', 'VARCHAR', 'Why the target refused it.', ({ letter }) => letter.error),
];

/** `otlp_dead_letter_list()`: rows that the targets of running servers refuse for good, oldest first; `otlp_replay` tries them again. */
export function otlpDeadLetterList(registry: ServerRegistry): ListFunction<ListedLetter> {
  return {
    name: 'otlp_dead_letter_list',
    columns: deadLetterColumns,
    rows: () =>
      registry.servers.flatMap(({ listenUri, deadLetters }) =>
        deadLetters.waiting.map((letter) => ({ listenUri, letter })),
      ),
  };
}

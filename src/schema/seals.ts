import { nullable, type TelemetryColumn } from './column-declaration.js';

/** The table in which each seal's own transaction says that it was committed, one row per table that it filled. */
export const sealsTable: { readonly name: string; readonly doc: string; readonly columns: readonly TelemetryColumn[] } =
  {
    name: 'otlp_seals',
    doc: 'One row per seal and table that it wrote to, inserted in the transaction of the seal.',
    columns: [
      nullable('server_id', 'VARCHAR', 'Id of the journal; without a journal, of this run of the server.'),
      nullable('seal_sequence', 'BIGINT', 'Number of the seal.'),
      nullable('table_name', 'VARCHAR', 'Table that got rows.'),
      nullable('row_count', 'BIGINT', 'How many rows it got.'),
      nullable('last_journal_sequence', 'BIGINT', 'Newest journal record in it; NULL without a journal.'),
      nullable('committed_at', 'TIMESTAMP', 'When the transaction was about to commit.'),
      nullable('seal_id', 'VARCHAR', 'Id of the seal, the same in all attempts to commit it.'),
    ],
  };

// Options → the journal that they name, opened.

import { join } from 'node:path';
import type { Database } from '../duckdb/database.js';
import { quotedString } from '../duckdb/sql-text.js';
import { DeadLetters } from '../journal/dead-letters.js';
import { Journal } from '../journal/journal.js';
import { diskStorage } from '../journal/journal-storage.js';
import { canonicalUri } from './listen-uri.js';
import type { ServeRequest } from './serve-request.js';

export interface OpenJournal {
  readonly journal: Journal;
  readonly deadLetters: DeadLetters;
}

/** Undefined when no journal was asked for. Rejects while another process has it. */
export async function openJournal(
  database: Database,
  request: ServeRequest,
  log: (message: string) => void,
): Promise<OpenJournal | undefined> {
  if (request.options.durability !== 'journal') return undefined;
  const folder = request.options.journal_path ?? (await defaultFolder(database, request));
  const journal = await Journal.open({
    folder,
    maxBytes: request.options.journal_max_bytes,
    storage: diskStorage,
    damaged({ path, byte, problem, isTornTail }) {
      const consequence = isTornTail
        ? 'what follows was being written when the process ended, and was never acknowledged'
        : 'it is kept in the folder "damaged", and what can be proven was replayed';
      log(`journal ${path}, byte ${byte}: ${problem}; ${consequence}`);
    },
  });
  return { journal, deadLetters: new DeadLetters(diskStorage, folder) };
}

/** `<database>.journal/<scheme-host-port>` beside a database file. */
async function defaultFolder(database: Database, { uri, options, caller }: ServeRequest): Promise<string> {
  const catalog = options.catalog ?? caller.catalog;
  const [target] = await database.rows(
    `SELECT path FROM duckdb_databases()
     WHERE lower(database_name) = lower(${quotedString(catalog)}) AND type = 'duckdb' AND path IS NOT NULL`,
  );
  if (target === undefined || options.parquet_export_path !== null) {
    throw new Error("durability := 'journal' needs a journal_path: only beside a database file is there a default");
  }
  if (uri.port === 0)
    throw new Error("durability := 'journal' on port 0 needs a journal_path: the default names the port");
  return join(`${String(target['path'])}.journal`, canonicalUri(uri).replaceAll(/[:[\]]+/g, '-'));
}

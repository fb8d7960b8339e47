// Options → an open journal.

import { join } from 'node:path';
import { diskStorage } from '../base/file-storage.js';
import { SqlError } from '../base/sql-error.js';
import { askedHome } from '../catalog/table-home.js';
import type { Database } from '../duckdb/database.js';
import { DeadLetters } from '../journal/dead-letters.js';
import { Journal } from '../journal/journal.js';
import { FORMAT_VERSION, TENANT_FORMAT_VERSION } from '../journal/record.js';
import type { DeadLetterRoom } from '../schema/dead-letter-options.js';
import { canonicalUri } from '../server/listen-uri.js';
import { databaseFile } from './database-file.js';
import type { ServeRequest } from './serve-request.js';

export interface OpenJournal {
  readonly journal: Journal;
  readonly deadLetters: DeadLetters;
}

/** Undefined if no journal is requested. Rejects while another process uses it. */
export async function openJournal(
  database: Database,
  request: ServeRequest,
  told: {
    readonly log: (message: string) => void;
    readonly failed: (error: string) => void;
    readonly room: DeadLetterRoom;
  },
): Promise<OpenJournal | undefined> {
  if (request.options.durability !== 'journal') return undefined;
  const folder = request.options.journal_path ?? (await defaultFolder(database, request));
  const journal = await Journal.open({
    folder,
    maxBytes: request.options.journal_max_bytes,
    storage: diskStorage,
    version: request.options.tenants === 'none' ? FORMAT_VERSION : TENANT_FORMAT_VERSION,
    damaged({ path, byte, problem, isTornTail }) {
      const consequence = isTornTail
        ? 'it was being written when the process ended, and was not acknowledged, unless the file has been cut since'
        : 'what can be proven is replayed, and a damaged file is kept in the folder "damaged"';
      told.log(`journal ${path}, byte ${byte}: ${problem}; ${consequence}`);
    },
    failed: told.failed,
  });
  try {
    return { journal, deadLetters: await DeadLetters.open(diskStorage, folder, told.room) };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** `<database>.journal/<scheme-host-port>` beside a database file. */
async function defaultFolder(database: Database, request: ServeRequest): Promise<string> {
  const [{ uri }] = request.listeners;
  const path =
    request.options.parquet_export_path === null
      ? await databaseFile(database, askedHome(request.options, request.caller).catalog)
      : undefined;
  if (path === undefined) {
    throw new SqlError(
      'OTLP_ARGUMENT_CONFLICT',
      "durability := 'journal' needs a journal_path: only beside a database file is there a default",
    );
  }
  if (uri.port === 0)
    throw new SqlError(
      'OTLP_ARGUMENT_CONFLICT',
      "durability := 'journal' on port 0 needs a journal_path: the default names the port",
    );
  return join(`${path}.journal`, canonicalUri(uri).replaceAll(/[:[\]]+/g, '-'));
}

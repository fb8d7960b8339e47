// The rows that a request of each signal becomes when nothing else happens, kept as Parquet. Under load every row has to
// be the same but for its number and its service, over whatever wire it came.

import { join } from 'node:path';
import { telemetryTables } from '../../../src/schema/tables.js';
import { feed } from './feed.js';
import { HarnessDatabase, TOKEN } from './harness-database.js';
import { Ledger } from './ledger.js';
import { targets } from './targets.js';
import { wires } from './wires.js';

export interface Reference {
  readonly folder: string;
  readonly recordsPerRequest: number;
}

export async function writeReference(folder: string, recordsPerRequest: number): Promise<Reference> {
  const database = await HarnessDatabase.open(targets.memory, folder);
  try {
    const server = await database.serve(wires.http);
    const ledger = new Ledger();
    const forms = wires.http.forms.slice(0, 1);
    await feed(ledger, { ...server, token: TOKEN, forms, connections: 1, recordsPerRequest, requests: 3 });
    if (ledger.accepted() !== 3) throw new Error(`the reference was not taken: ${[...ledger.statuses.keys()]}`);
    await database.flush(server);
    for (const { name } of telemetryTables) await database.rows(`COPY ${name} TO '${referenceFile(folder, name)}'`);
  } finally {
    await database.close();
  }
  return { folder, recordsPerRequest };
}

export function referenceFile(folder: string, table: string): string {
  return join(folder, `${table}.parquet`);
}

// A process with a database as `otelduck` opens it, that runs the SQL which its parent sends.

import { letHeapGrow } from '../../src/host/heap-growth.js';
import { HostDatabase } from '../../src/host/host-database.js';
import { otlp } from '../../src/otlp.js';

letHeapGrow();
const database = await HostDatabase.open({ path: process.argv[2]!, isReadOnly: false, memoryLimit: undefined }, [otlp]);

process.on('message', (message: Question) => {
  void answer(message);
});
process.on('disconnect', () => {
  void database.close().finally(() => process.exit(0));
});
process.send!({ id: 0 });

interface Question {
  readonly id: number;
  /** Without it, what is asked is what memory is left after a garbage collection. */
  readonly sql?: string;
}

async function answer({ id, sql }: Question): Promise<void> {
  try {
    if (sql === undefined) {
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      process.send!({ id, rows: [{ heapUsed, external, handles: process.getActiveResourcesInfo().length }] });
      return;
    }
    const connection = await database.connect();
    const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
    connection.closeSync();
    process.send!({ id, rows });
  } catch (error) {
    process.send!({ id, error: String(error) });
  }
}

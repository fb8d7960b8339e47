// A lease in a catalog that does not answer.

import { setTimeout as pause } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { catalogKind } from '../../../src/catalog/known-kinds.js';
import { LeaseTable } from '../../../src/catalog/lease-table.js';
import { Database } from '../../../src/duckdb/database.js';

// A stop waited for it, although it interrupts retention.
test('an attempt to take a lease ends when it is interrupted', async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const database = await Database.open(instance);
  onTestFinished(async () => {
    await database.close();
    instance.closeSync();
  });
  const kind = {
    ...catalogKind('duckdb'),
    // Takes hours.
    prepareWriter: async (connection: { run(sql: string): Promise<unknown> }) => {
      await connection.run('SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = -1');
    },
  };
  const home = { catalog: 'memory', schema: 'main' };
  const lease = new LeaseTable(database, home, { kind, job: 'retention', holder: 'this host', createsTable: true });
  let error: unknown;
  const ended = lease.take(0).catch((failure) => (error = failure));
  // As a job does that is stopped: an interrupt between two queries has no effect.
  while (error === undefined) {
    lease.interrupt();
    await Promise.race([ended, pause(10)]);
  }
  expect(String(error)).toContain('INTERRUPT');
});

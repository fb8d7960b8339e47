// Live functions over targets other than a DuckDB file: a lake, whose transactions tell what is committed.

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { expectEachOnce, NumberingWriter, readWhileWriting } from '../support/live-readers.js';
import { SEVERAL_THREADS } from '../support/otel-database.js';
import { fileFolder, openLakeDatabase } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';

const folder = fileFolder();

lakeSuite('live rows of a lake in files', ['extensions'], () => {
  test('each row is read once while two servers commit, in transactions and outside', async () => {
    const database = await openLakeDatabase(
      [`ATTACH 'ducklake:${join(folder, 'live')}.ducklake' AS lake (DATA_PATH '${join(folder, 'live')}/')`],
      { threads: SEVERAL_THREADS },
    );
    const options = { catalog: 'lake', seal_max_age_ms: 30 };
    const servers = [
      await database.serve({ ...options, promote_resource_attributes: 'host.name' }),
      await database.serve({ ...options, promote_scope_attributes: 'tier' }),
    ];
    const writers = ['a', 'b', 'c'].map((name, i) => new NumberingWriter(name, servers[i % 2]!));
    const [alone, inTransactions] = await Promise.all([1, 2].map(() => database.otel.connect()));
    await inTransactions!.run('USE lake');
    const named = "otlp_live_logs(catalog := 'LAKE')";
    await readWhileWriting(writers, { rows: 10, reads: 4 }, [
      () => expectEachOnce(database, alone!, named, writers),
      async () => {
        await inTransactions!.run('BEGIN TRANSACTION');
        await inTransactions!.run('FROM otlp_seals LIMIT 1');
        for (let i = 0; i < 2; i++) {
          await pause(50);
          await expectEachOnce(database, inTransactions!, 'otlp_live_logs()', writers);
        }
        await inTransactions!.run('COMMIT');
      },
    ]);
    for (const server of servers) {
      expect(Number((await server.counters('seals_total'))['seals_total'])).toBeGreaterThan(1);
      await server.stop();
    }
    await expectEachOnce(database, alone!, named, writers);
    await expectEachOnce(database, alone!, 'lake.otlp_logs', writers);
    for (const connection of [alone, inTransactions]) connection!.closeSync();
  });
});

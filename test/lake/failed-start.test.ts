// What a start that fails leaves behind.

import { createServer } from 'node:net';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { IngestServer } from '../../src/control/ingest-server.js';
import { serveRequest } from '../../src/control/serve-request.js';
import { Database } from '../../src/duckdb/database.js';
import { LiveRows } from '../../src/live/live-rows.js';
import type { Job, JobWork } from '../../src/upkeep/job.js';
import { JobScheduler } from '../../src/upkeep/job-scheduler.js';
import { extensionSettings, fileFolder } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';

const folder = fileFolder();

class RecordedJobs extends JobScheduler {
  readonly jobs: Job[] = [];

  override add(work: JobWork): Job {
    const job = super.add(work);
    this.jobs.push(job);
    return job;
  }
}

lakeSuite('a DuckLake', ['extensions'], () => {
  // Maintenance could go on, with a target that was closed.
  test('a start that finds its port taken leaves no job that may begin', async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const database = await Database.open(instance);
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      taken.close();
      await database.close();
      instance.closeSync();
    });
    const connection = await database.connect();
    const attach = `ATTACH 'ducklake:${folder}/catalog.ducklake' AS lake (DATA_PATH '${folder}/lake/')`;
    for (const sql of [...extensionSettings(), attach]) await connection.run(sql);
    connection.closeSync();
    const { port } = taken.address() as { port: number };
    const scheduler = new RecordedJobs();
    const options = { catalog: 'lake', retention_days: 7, dead_letter_replay_interval_ms: 60_000 };
    const request = serveRequest('otlp_serve', `otlp:127.0.0.1:${port}`, options, {
      catalog: 'memory',
      schema: 'main',
    });
    const surroundings = { live: new LiveRows(), scheduler, tell: () => {}, metrics: () => [] };
    await expect(IngestServer.start(database, request, surroundings)).rejects.toThrow('OTLP_LISTEN_FAILED');
    expect(scheduler.jobs.map(({ name, mayBegin }) => [name, mayBegin])).toEqual([
      ['maintenance', false],
      ['retention', false],
      ['dead letters', false],
    ]);
  });
});

// The short form of `npm run hosts`: several processes and one lake.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeReference } from '../manual/harness/reference-rows.js';
import { manyHosts } from '../manual/hosts/many-hosts.js';
import { fileFolder } from './support/lake-database.js';
import { lakeSuite } from './support/lake-suite.js';
import { PostgresServer } from './support/postgres-server.js';
import { SeaweedServer } from './support/seaweed-server.js';

const folder = fileFolder();

lakeSuite('many hosts and one lake', ['extensions', 'postgres', 'seaweedfs'], () => {
  let postgres: PostgresServer;
  let seaweed: SeaweedServer;
  beforeAll(async () => {
    [postgres, seaweed] = await Promise.all([PostgresServer.start(), SeaweedServer.start()]);
  });
  afterAll(() => Promise.all([postgres?.close(), seaweed?.close()]));

  test('nothing that was promised is lost or there twice, with one host killed and one stopped, and readers see whole seals', async () => {
    const report = await manyHosts({
      postgres,
      seaweed,
      name: 'hosts',
      hosts: 4,
      clientsPerHost: 3,
      kills: 1,
      stepMs: 1_000,
      reference: await writeReference(folder, 20),
      folder,
    });
    expect(report).toMatchObject({
      ...{ lost: 0, duplicated: 0, unexpected: 0, torn: 0, corrupt: 0 },
      ...{ wrongLooks: 0, firstWrongLook: undefined, otherFailures: [] },
    });
    expect(report.accepted).toBeGreaterThan(0);
    expect(report.looks).toBeGreaterThan(1);
    expect(report.seals).toBeGreaterThan(4);
    expect(report.conflicts).toBeGreaterThan(0);
  }, 180_000);
});

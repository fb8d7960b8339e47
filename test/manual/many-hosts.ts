// Several hosts and one lake on PostgreSQL and S3, for longer than the test of the same does it. Exit code 1 when anything
// that was acknowledged is missing or there twice, or a reader saw a part of a seal.
//
// npm run hosts [-- --hosts 4 --clients 8 --kills 10 --step-ms 3000]

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PostgresServer } from '../lake/support/postgres-server.js';
import { SeaweedServer } from '../lake/support/seaweed-server.js';
import { failureCounts } from './harness/reconcile.js';
import { writeReference } from './harness/reference-rows.js';
import { manyHosts } from './hosts/many-hosts.js';

// A running statement holds a thread of libuv's pool, whose size is read before this file is.
if (process.env['UV_THREADPOOL_SIZE'] === undefined) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: '32' };
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    env,
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const { values: flags } = parseArgs({
  options: {
    hosts: { type: 'string', default: '4' },
    clients: { type: 'string', default: '8' },
    kills: { type: 'string', default: '10' },
    'step-ms': { type: 'string', default: '3000' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'otelduck-hosts-'));
const postgres = await PostgresServer.start();
const seaweed = await SeaweedServer.start();
try {
  const report = await manyHosts({
    postgres,
    seaweed,
    name: 'hosts',
    hosts: Number(flags.hosts),
    clientsPerHost: Number(flags.clients),
    kills: Number(flags.kills),
    stepMs: Number(flags['step-ms']),
    reference: await writeReference(folder, 20),
    folder,
  });
  console.log(report);
  const isWrong = failureCounts.some((count) => report[count] > 0) || report.wrongLooks > 0;
  console.log(
    isWrong ? 'WRONG' : 'nothing that was acknowledged is missing or there twice, and readers saw whole seals',
  );
  process.exitCode = isWrong ? 1 : 0;
} finally {
  await Promise.all([postgres.close(), seaweed.close()]);
  rmSync(folder, { recursive: true, force: true });
}

// Vitest's global setup: has what lake tests need fetched once, and says which of them cannot run.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export function setup(): void {
  const script = fileURLToPath(new URL('../../../scripts/fetch-test-servers.mjs', import.meta.url));
  const { stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) process.stderr.write(`Tests in test/lake that need these will be skipped:\n${stderr}\n`);
}

// Test files in, verdicts out: each file in a process that later files share, unless a file ends it or hangs.

import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The slowest of DuckDB's files takes less than half of that on two busy cores. */
const FILE_TIMEOUT_MS = 300_000;

/**
 * Runs `files` one after the other in `folder` and yields `{ file, verdict, reason }` for each. Several calls may share
 * one iterator, and then run beside each other. The home directory is a fresh one, so that no extension or secret of the
 * user counts.
 */
export async function* runFiles(files, folder) {
  const home = mkdtempSync(join(tmpdir(), 'sqllogictest-home-'));
  let worker;
  try {
    for (const file of files) {
      worker ??= fork(join(import.meta.dirname, 'worker.mjs'), {
        cwd: folder,
        env: { ...process.env, HOME: home, UV_THREADPOOL_SIZE: '32' },
      });
      const { isWorkerLost, ...verdict } = await verdictOf(worker, file);
      if (isWorkerLost) worker = undefined;
      yield { file, ...verdict };
    }
  } finally {
    worker?.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}

function verdictOf(worker, file) {
  return new Promise((resolve) => {
    const lose = (reason) => end({ verdict: 'failed', reason, isWorkerLost: true });
    const onExit = (code, signal) => lose(`the process ended with ${signal ?? code}`);
    const timer = setTimeout(() => {
      worker.kill('SIGKILL');
      lose(`no verdict after ${FILE_TIMEOUT_MS} ms`);
    }, FILE_TIMEOUT_MS);
    worker.once('exit', onExit);
    worker.once('message', end);
    worker.send(file);

    function end(verdict) {
      clearTimeout(timer);
      worker.off('exit', onExit);
      worker.off('message', end);
      resolve(verdict);
    }
  });
}

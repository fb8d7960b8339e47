// Guarantees that the process ends in bounded time, whatever hangs.
//
// Two things can hang. A blocking call into DuckDB, such as closing a connection, blocks the JavaScript thread, so no timer
// fires. And a query that the system blocks, such as a commit to a server that does not answer, holds a thread of libuv's pool.
// process.exit() waits for that thread without a limit, after it has ended all other JavaScript threads. So a thread guards
// against the first, and a child process against the second.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** Time for abandoned work to end by itself, which makes a child unnecessary. */
const IDLE_WITHIN_MS = 250;
/** Time for process.exit(), including the start of the child. */
const EXIT_WITHIN_MS = 1000;

const killer = new URL('./killer.js', import.meta.url);

/**
 * Ends the process after `ms` milliseconds, even if its JavaScript thread hangs, unless the returned function is called
 * before.
 */
export function killAfter(milliseconds: number): () => void {
  const thread = new Worker(killer, { argv: [String(process.pid), String(milliseconds)] });
  thread.on('error', () => undefined); // without memory for a thread there is no such bound
  thread.unref();
  return () => {
    thread.terminate();
  };
}

/** Resolves when process.exit() is certain to end the process, whatever still runs in it. */
export async function boundExit(): Promise<void> {
  const idle = once(process, 'beforeExit').then(() => true);
  if (await Promise.race([idle, setTimeout(IDLE_WITHIN_MS, false, { ref: false })])) return;
  const child = spawn(process.execPath, [fileURLToPath(killer), String(process.pid), String(EXIT_WITHIN_MS)], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true, // what ends a group of processes must not end this one before us
  });
  child.on('error', () => process.kill(process.pid, 'SIGKILL'));
  if (child.pid !== undefined) return;
  await new Promise(() => {});
}

// The bound on every way out of a process: whatever hangs, it ends.
//
// Two things hang. A call into DuckDB that waits, such as closing a connection, keeps the JavaScript thread, on which no
// timer fires then. And a query that the system keeps, such as a commit to a server that does not answer, holds a thread of
// libuv's pool, for which process.exit() waits without a limit, when it has ended all other threads of JavaScript already.
// So a thread watches over the first, and a child process over the second.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** How long what has been given up may take to end by itself, which makes a child unnecessary. */
const IDLE_WITHIN_MS = 250;
/** How long process.exit() may take, the start of the child included. */
const EXIT_WITHIN_MS = 1000;

const killer = new URL('./killer.js', import.meta.url);

/**
 * From now on the process ends in so many milliseconds, even if its JavaScript thread hangs; unless the function that it
 * returns is called before.
 */
export function killAfter(milliseconds: number): () => void {
  const thread = new Worker(killer, { argv: [String(process.pid), String(milliseconds)] });
  thread.on('error', () => undefined); // without memory for a thread there is no such bound
  thread.unref();
  return () => {
    thread.terminate();
  };
}

/** Resolves when process.exit() may be called, because it will end the process, whatever runs in it still. */
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

// Kills a process after a time, with a line on standard error. last-resort.ts runs this file as a thread or as a child of that
// process.

import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { lineOf } from './service-log.js';

const SIGNAL = 'SIGKILL';
const STDERR = 2;
const [pid, milliseconds] = process.argv.slice(2).map(Number) as [number, number];

setTimeout(() => {
  try {
    writeSync(STDERR, lineOf('error', 'killed', { signal: SIGNAL }));
  } catch {
    // Nobody reads the log.
  }
  process.kill(pid, SIGNAL);
}, milliseconds);

// The pipe closes when the parent ends. Its process id may be reused soon.
if (!isMainThread) process.stdin.destroy();
else process.stdin.on('end', () => process.exit()).resume();

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { birthOf, isAlive } from '../../../src/base/process-life.js';
import { eventually } from '../../support/eventually.js';

test('this process is alive, at the birth that it says', () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(process.pid, birthOf(process.pid))).toBe(true);
});

test('another process of the same id is not the one that was born before', () => {
  expect(isAlive(process.pid, 'another boot.1')).toBe(!existsSync('/proc/self/stat'));
});

test('a process that has ended is not alive', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  await eventually(() => expect(isAlive(child.pid!)).toBe(false));
});

// Once, what a zombie had staged was kept for as long as its parent did not ask for it.
test.skipIf(!existsSync('/proc/self/stat'))(
  'a process that has ended, and that nobody has asked for, is not alive',
  async () => {
    // The shell becomes a program that never asks for the process which it started.
    const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 30 3<&-'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    try {
      const [printed] = (await once(parent.stdout!, 'data')) as [Buffer];
      const pid = Number(printed.toString());
      await eventually(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n'));
      expect(isAlive(pid)).toBe(true);
      (parent.stdio[3] as Writable).end();
      await eventually(() => expect(birthOf(pid)).toBe('dead'));
      expect(isAlive(pid)).toBe(false);
    } finally {
      parent.kill();
    }
  },
);

test('an id that no process can have is not alive', () => expect(isAlive(1e12)).toBe(false));

import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ServiceLog } from '../../src/host/service-log.js';
import { folder } from './command.js';

test('a pipe that nobody reads loses lines, and the next one that it takes says how many', () => {
  const path = join(folder, 'log');
  spawnSync('mkfifo', [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const log = new ServiceLog(Object.assign(new PassThrough(), { fd: pipe }));
  const text = 'x'.repeat(100_000);
  log.write('info', 'too_long', { text });
  log.write('info', 'lost');
  const unread = Buffer.alloc(1 << 20);
  readSync(pipe, unread);
  log.write('info', 'kept', { a: 1 });
  const lines = unread.toString('utf8', 0, readSync(pipe, unread)).trim().split('\n');
  closeSync(pipe);
  rmSync(path);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: expect.any(String), level: 'warn', event: 'log_lines_lost', lines: 2 },
    { time: expect.any(String), level: 'info', event: 'kept', a: 1 },
  ]);
});

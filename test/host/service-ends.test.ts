// The ways out of a service: each ends the process, within a bound, with what was accepted where it belongs.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { bareCommand, type Ended, fakePlugin, folder, type Started, start } from './command.js';

const serve = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  start(['serve', '--plugin', fakePlugin, ...(/^-|^$/.test(args[0] ?? '') ? [':memory:'] : []), ...args], { env });

async function ready(service: Started): Promise<Started> {
  await service.until('stderr', /"ready"/);
  return service;
}

const eventsIn = ({ stderr }: Pick<Ended, 'stderr'>) =>
  stderr
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);

describe.concurrent('what hangs', () => {
  // process.exit() waits for libuv's threads without a limit: the process stayed, with the lock of its database file.
  test('a commit that the system keeps', async () => {
    const fifo = join(folder, 'fifo');
    spawnSync('mkfifo', [fifo]);
    const database = join(folder, 'hanging.duckdb');
    const args = [database, '--drain-timeout-ms', '100'];
    const service = await ready(serve(args, { FAKE_ENDS: 'pool', FAKE_FIFO: fifo }));
    service.child.kill('SIGTERM');
    const ended = await service.ended;
    expect(eventsIn(ended).slice(-3)).toEqual(['drain_timed_out', 'stopped', 'killed']);
    expect(service.child.signalCode).toBe('SIGKILL');
  });

  // A query was running on a connection that was closed: both waited for each other, and no timer fired.
  test('a call that keeps the thread of JavaScript', async () => {
    const service = await ready(serve(['--drain-timeout-ms', '100'], { FAKE_ENDS: 'thread' }));
    service.child.kill('SIGTERM');
    expect(eventsIn(await service.ended).slice(-2)).toEqual(['draining', 'killed']);
    expect(service.child.signalCode).toBe('SIGKILL');
  });

  // Without a signal, nothing bounded the end.
  test('the end of a service that could not start', async () => {
    const args = ['--uri', 'otlp:x:1', '--drain-timeout-ms', '100'];
    const { stderr, exitCode } = await serve(args, { FAKE_ENDS: 'timer' }).ended;
    expect(eventsIn({ stderr }).slice(-3)).toEqual(['failed', 'drain_timed_out', 'stopped']);
    expect(exitCode).toBe(1);
  });

  test('an init script, when a signal comes: what it runs is cancelled', async () => {
    writeFileSync(join(folder, 'long.sql'), 'SELECT count(*) FROM range(1000000000000) t(a) WHERE a % 7 = 3;');
    const service = serve(['--init', 'long.sql'], { FAKE_COMMITTED: '1' });
    await service.until('stderr', /"starting"/);
    service.child.kill('SIGTERM');
    const ended = await service.ended;
    expect(eventsIn(ended).slice(-3)).toEqual(['draining', 'drained', 'stopped']);
    expect(ended.exitCode).toBe(0);
  });

  test('nothing, but an error that nobody catches', async () => {
    const service = await ready(serve([], { FAKE_FAILS: '1', FAKE_COMMITTED: '1' }));
    service.child.kill('SIGUSR2');
    const ended = await service.ended;
    expect(eventsIn(ended).slice(-3)).toEqual(['failed', 'drained', 'stopped']);
    expect(ended.stderr).toContain('nobody catches this');
    expect(ended.exitCode).toBe(1);
  });
});

describe.concurrent('signals that are one', () => {
  for (const [title, signals] of [
    // Ended the process, and its rows.
    ['a terminal that is closed: a shell and the kernel say so', ['SIGHUP', 'SIGHUP']],
    ['Ctrl-C below npm, which passes on what the terminal sent us too', ['SIGINT', 'SIGINT']],
    ['systemd with SendSIGHUP', ['SIGTERM', 'SIGHUP']],
  ] as const) {
    test(title, async () => {
      const service = await ready(serve([], { FAKE_ENDS: 'slowly', FAKE_COMMITTED: '1' }));
      service.child.kill(signals[0]);
      await service.until('stderr', /"draining"/);
      service.child.kill(signals[1]);
      const ended = await service.ended;
      expect(eventsIn(ended).slice(-3)).toEqual(['draining', 'drained', 'stopped']);
      expect(ended.exitCode).toBe(0);
    });
  }
});

describe.concurrent('a log that cannot be written', () => {
  // EPIPE ended the service, and its rows.
  test('its reader has gone', async () => {
    const service = await ready(serve([], { FAKE_ENDS: 'slowly', FAKE_COMMITTED: '1' }));
    service.child.stderr.destroy();
    service.child.kill('SIGTERM');
    expect((await service.ended).exitCode).toBe(0);
  });

  test('its disk is full', async () => {
    const init = join(folder, 'tells.sql');
    const told = join(folder, 'told.csv');
    writeFileSync(init, `COPY (SELECT 1) TO '${told}';`);
    const service = spawn(
      process.execPath,
      [bareCommand, 'serve', ':memory:', '--plugin', fakePlugin, '--init', init],
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', openSync('/dev/full', 'w')],
        timeout: 50_000,
      },
    );
    await eventually(() => expect(existsSync(told)).toBe(true));
    service.kill('SIGTERM');
    expect(await once(service, 'close')).toEqual([0, null]);
  });
});

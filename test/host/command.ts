// The command, as a program or a person starts it: in this process, which takes milliseconds, or as a process of its
// own where signals, pipes or the built program are what is tested.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';
import { runHost } from '../../src/host/run-host.js';
import { otlp } from '../../src/otlp.js';

/** The command without plugins, for what is the host's own; and as users start it. */
export const bareCommand = resolve('test/host/otelduck-bare.mjs');
export const command = resolve('bin/otelduck.cjs');
export const fakePlugin = resolve('test/host/fake-plugin.mjs');

/** A folder of this test file, gone when its tests are. */
export const folder = mkdtempSync(join(tmpdir(), 'otelduck-host-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  /** All that it has written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves once the text on that stream matches. Rejects when the process ends without it. */
  until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface StartOptions {
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function start(args: readonly string[], { program = bareCommand, env = {} }: StartOptions = {}): Started {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, UV_THREADPOOL_SIZE: '32', TZ: 'UTC', ...env },
    stdio: 'pipe',
    timeout: 50_000,
  });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  child.stdin.on('error', () => {}); // it may end before it has read all of its input
  const ended = once(child, 'close').then(([exitCode]) => ({ ...text, exitCode: exitCode as number | null }));
  return {
    child,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    ended,
    until: (stream, pattern) =>
      new Promise((resolveText, reject) => {
        const look = () => {
          if (!pattern.test(text[stream])) return;
          child[stream].off('data', look);
          resolveText(text[stream]);
        };
        child[stream].on('data', look);
        ended.then(
          () => reject(new Error(`ended without ${pattern} on ${stream}: ${text.stdout}\n${text.stderr}`)),
          reject,
        );
        look();
      }),
  };
}

/** Runs the command to its end as a process, with this text on standard input. */
export function runProcess(
  args: readonly string[],
  options: StartOptions & { readonly input?: string } = {},
): Promise<Ended> {
  const started = start(args, options);
  started.child.stdin.end(options.input ?? '');
  return started.ended;
}

/** Runs the command to its end in this process, from source, with this text on standard input. One at a time. */
export async function run(
  args: readonly string[],
  { program = bareCommand, input = '' }: { readonly program?: string; readonly input?: string } = {},
): Promise<Ended> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const written = Promise.all([text(stdout), text(stderr)]);
  const cwd = process.cwd();
  process.chdir(folder);
  try {
    const exitCode = await runHost({
      argv: args,
      environment: { HOME: folder },
      // None of them is a terminal, nor are the pipes that they stand for.
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: stderr as unknown as NodeJS.WriteStream,
      defaultPlugins: program === command ? [otlp] : [],
      service: otlp.service,
    });
    stdout.end();
    stderr.end();
    const [out, err] = await written;
    return { stdout: out, stderr: err, exitCode };
  } finally {
    process.chdir(cwd);
  }
}

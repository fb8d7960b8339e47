// Streams of a process → screen and terminal of a shell.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Host } from './host.js';
import { type Paint, plainPaint, terminalPaint } from './output/paint.js';
import type { TextSink } from './output/text-sink.js';
import { HistoryFile } from './shell/history-file.js';
import { ProgressLine } from './shell/progress-line.js';
import type { Shell, ShellScreen } from './shell/shell.js';
import { type InterruptMeaning, Terminal } from './shell/terminal.js';

/** Width of boxes without a terminal, or with one that does not report its size. */
const WIDTH_ELSEWHERE = 120;

export function hostScreen(
  host: Host,
  sinks: { readonly out: TextSink; readonly err: TextSink },
  reader: 'person' | 'program',
): ShellScreen {
  const errPaint = paintOf(host, host.stderr);
  return {
    ...sinks,
    outPaint: paintOf(host, host.stdout),
    errPaint,
    width: () => (host.stdout.isTTY ? host.stdout.columns : 0) || WIDTH_ELSEWHERE,
    ...(reader === 'person' && host.stderr.isTTY ? { progress: new ProgressLine(host.stderr, errPaint) } : {}),
  };
}

export function hostTerminal(shell: Shell, host: Host, interrupt: InterruptMeaning): Terminal {
  const output = host.stdout.isTTY ? host.stdout : host.stderr;
  const history = new HistoryFile(join(homeFolder(host), '.otelduck_history'));
  return new Terminal(shell, history, { input: host.stdin, output }, paintOf(host, output), interrupt);
}

export function paintOf(host: Host, stream: NodeJS.WriteStream): Paint {
  const hasColors = stream.isTTY === true && !host.environment['NO_COLOR'] && host.environment['TERM'] !== 'dumb';
  return hasColors ? terminalPaint : plainPaint;
}

/** `~/.otelduckrc`, as `~/.duckdbrc` is the duckdb command's. */
export function ownInitFile(host: Host): string | undefined {
  const path = join(homeFolder(host), '.otelduckrc');
  return existsSync(path) ? path : undefined;
}

function homeFolder(host: Host): string {
  return host.environment['HOME'] ?? homedir();
}

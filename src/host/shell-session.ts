// A shell from its first line to its last: whether it talks to a person or a program, signals, and what it says about
// the rows that its servers still held.

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ClosedWork, DuckDBPlugin } from '../plugin.js';
import { type ShellInvocation, versionText } from './command-line.js';
import type { Host } from './host.js';
import { HostDatabase } from './host-database.js';
import { agrees, refusal, unclearWord } from './new-database.js';
import { type Paint, plainPaint, terminalPaint } from './output/paint.js';
import { ReaderGone, StreamSink, type TextSink } from './output/text-sink.js';
import { HistoryFile } from './shell/history-file.js';
import { ProgressLine } from './shell/progress-line.js';
import { Shell } from './shell/shell.js';
import { Terminal } from './shell/terminal.js';

/** Width of boxes that no terminal limits. */
const WIDTH_ELSEWHERE = 120;

const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
/** What a shell gives a program that wrote to nobody. */
const READER_GONE_CODE = 141;

export async function runShell(
  invocation: ShellInvocation,
  plugins: readonly DuckDBPlugin[],
  host: Host,
): Promise<number> {
  const out = new StreamSink(host.stdout);
  const err = new StreamSink(host.stderr);
  const isInteractive = invocation.inputs.length === 0 && host.stdin.isTTY === true;
  const errPaint = paintOf(host, host.stderr);
  const unclear = unclearWord(invocation.database, invocation.commandNames);
  if (unclear !== undefined) {
    if (!isInteractive) throw new Error(refusal(invocation.database, unclear));
    const question = `${unclear}. Make a database of this name?`;
    if (!(await agrees(question, host.stdin, host.stderr))) return 1;
  }
  const database = await HostDatabase.open(
    { path: invocation.database, isReadOnly: invocation.isReadOnly, memoryLimit: invocation.memoryLimit },
    plugins,
  );
  let code: number;
  let closed: readonly ClosedWork[] = [];
  try {
    const shell = await Shell.start(
      await database.connect(),
      {
        out,
        err,
        outPaint: paintOf(host, host.stdout),
        errPaint,
        width: () => (host.stdout.isTTY ? host.stdout.columns : WIDTH_ELSEWHERE),
        ...(isInteractive && host.stderr.isTTY ? { progress: new ProgressLine(host.stderr, errPaint) } : {}),
      },
      invocation.settings,
    );
    code = isInteractive ? await talk(shell, invocation, host, out) : await runInputs(shell, invocation, host);
    await shell.close();
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
    code = READER_GONE_CODE;
  } finally {
    closed = await database.close();
    await err.write(closed.map((work) => closedText(work, errPaint)).join(''));
  }
  return code === 0 && closed.some((work) => work.droppedRows > 0) ? 1 : code;
}

async function talk(shell: Shell, invocation: ShellInvocation, host: Host, out: TextSink): Promise<number> {
  await out.write(banner(invocation));
  // At the prompt Ctrl-C is a key; while the init script runs, and from other processes, it is a signal.
  const releaseInterrupt = onSignals(['SIGINT'], () => shell.cancel());
  if (invocation.init !== undefined) await shell.tryFile(invocation.init);
  const output = host.stdout.isTTY ? host.stdout : host.stderr;
  const history = new HistoryFile(historyPath(host));
  const terminal = new Terminal(shell, history, { input: host.stdin, output }, paintOf(host, output));
  const release = onSignals(['SIGTERM', 'SIGHUP'], (code) => {
    shell.exit(code);
    shell.cancel();
    terminal.close();
  });
  try {
    if (shell.exitCode === undefined) await terminal.run();
  } finally {
    terminal.close();
    release();
    releaseInterrupt();
  }
  return shell.exitCode ?? 0;
}

async function runInputs(shell: Shell, invocation: ShellInvocation, host: Host): Promise<number> {
  const release = onSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], (code) => {
    shell.exit(code);
    shell.cancel();
    host.stdin.destroy();
  });
  try {
    await runEachInput(shell, invocation, host);
  } catch (error) {
    // Standard input breaks off when a signal ends us while we wait for it.
    if (shell.exitCode === undefined) throw error;
  } finally {
    release();
  }
  return shell.exitCode ?? (shell.hasFailed ? 1 : 0);
}

async function runEachInput(shell: Shell, invocation: ShellInvocation, host: Host): Promise<void> {
  const files = invocation.init === undefined ? [] : [{ kind: 'file' as const, text: invocation.init }];
  for (const input of [...files, ...invocation.inputs]) {
    if (shell.exitCode !== undefined) return;
    const isWhole = input.kind === 'sql' ? await shell.runInput([input.text]) : await shell.tryFile(input.text);
    if (!isWhole && shell.settings.isBailing) return;
  }
  if (invocation.inputs.length === 0 && shell.exitCode === undefined) {
    await shell.runInput(host.stdin.setEncoding('utf8') as AsyncIterable<string>, 'stdin');
  }
}

function banner({ database }: ShellInvocation): string {
  const kept = database === ':memory:' ? 'an in-memory database, which ends with this shell' : database;
  return `${versionText} — enter ".help" for usage hints\nConnected to ${kept}.\n`;
}

/** `otlp:localhost:4318 stopped, 12 rows committed`. */
export function closedText(work: ClosedWork, paint: Paint): string {
  const { name, committedRows, droppedRows, journaledRows = 0, error = 'unknown cause' } = work;
  const uncommitted =
    droppedRows > 0
      ? paint.failure(`, ${rows(droppedRows)} dropped: ${error}`)
      : journaledRows > 0
        ? paint.failure(`, ${rows(journaledRows)} left in the journal: ${error}`)
        : '';
  return `${name} stopped, ${rows(committedRows)} committed${uncommitted}\n`;
}

function rows(count: number): string {
  return `${count} row${count === 1 ? '' : 's'}`;
}

function paintOf(host: Host, stream: NodeJS.WriteStream): Paint {
  const hasColors = stream.isTTY === true && !host.environment['NO_COLOR'] && host.environment['TERM'] !== 'dumb';
  return hasColors ? terminalPaint : plainPaint;
}

function historyPath(host: Host): string {
  return join(host.environment['HOME'] ?? homedir(), '.otelduck_history');
}

function onSignals(signals: readonly (keyof typeof signalCodes)[], end: (exitCode: number) => void): () => void {
  const listeners = signals.map((signal) => [signal, () => end(signalCodes[signal])] as const);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

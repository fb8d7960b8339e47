// A shell from start to end: interactive or not, signals, and the report on rows that its servers still held.

import type { ClosedWork, DuckDBPlugin } from '../plugin.js';
import { type ShellInvocation, versionText } from './command-line.js';
import type { Host } from './host.js';
import { hostScreen, hostTerminal, ownInitFile, paintOf } from './host-screen.js';
import { mayBeOpened } from './new-database.js';
import type { Paint } from './output/paint.js';
import { ReaderGone, StreamSink, type TextSink } from './output/text-sink.js';
import { SessionDatabase } from './session-database.js';
import { Shell } from './shell/shell.js';

const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
/** Exit code of a program whose reader has gone, as shells report it. */
const READER_GONE_CODE = 141;

export async function runShell(
  invocation: ShellInvocation,
  plugins: readonly DuckDBPlugin[],
  host: Host,
): Promise<number> {
  const out = new StreamSink(host.stdout);
  const err = new StreamSink(host.stderr);
  const isInteractive =
    invocation.inputs.length === 0 && !invocation.isBatch && !invocation.ignoresInput && host.stdin.isTTY === true;
  const errPaint = paintOf(host, host.stderr);
  const named = { word: invocation.database, command: 'otelduck', commands: invocation.commandNames } as const;
  const person = isInteractive ? { input: host.stdin, output: host.stderr } : undefined;
  if (!(await mayBeOpened(named, person))) return 1;
  let hasDropped = false;
  const database = new SessionDatabase(invocation, plugins, async (closed) => {
    hasDropped ||= closed.some((work) => work.droppedRows > 0);
    await err.write(closed.map((work) => closedText(work, errPaint)).join(''));
  });
  await database.open(invocation.database, { isReadOnly: invocation.isReadOnly });
  let code: number;
  try {
    const shell = await Shell.start(
      await database.connect(),
      hostScreen(host, { out, err }, isInteractive ? 'person' : 'program'),
      invocation.settings,
      database,
    );
    code = isInteractive ? await talk(shell, invocation, host, out) : await runInputs(shell, invocation, host);
    await shell.close();
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
    code = READER_GONE_CODE;
  } finally {
    await database.close();
  }
  return code === 0 && hasDropped ? 1 : code;
}

async function talk(shell: Shell, invocation: ShellInvocation, host: Host, out: TextSink): Promise<number> {
  await out.write(banner(invocation));
  // At the prompt, Ctrl-C is a key. During the init script, or from another process, it is a signal.
  const releaseInterrupt = onSignals(['SIGINT'], () => shell.cancel());
  await begin(shell, invocation, host);
  const terminal = hostTerminal(shell, host, 'leaves when repeated');
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
    // A signal that ends the shell breaks off a pending read of standard input.
    if (shell.exitCode === undefined) throw error;
  } finally {
    release();
  }
  return shell.exitCode ?? (shell.hasFailed ? 1 : 0);
}

/**
 * Runs what precedes the first input: the file of `--init` or else the user's own, safe mode, and the commands of `--cmd`.
 * Returns false if an error ended it. At a terminal, errors are shown and end nothing.
 */
async function begin(shell: Shell, invocation: ShellInvocation, host: Host): Promise<boolean> {
  const init = invocation.init ?? personsInitFile(invocation, host);
  if (init !== undefined && !(await shell.tryFile(init)) && shell.settings.isBailing) return false;
  if (invocation.isSafe) await shell.lock();
  for (const text of invocation.firstCommands) {
    if (shell.exitCode !== undefined) return true;
    if (!(await shell.runInput([text])) && shell.settings.isBailing) return false;
  }
  return true;
}

/** Scripts run without the user's init file, so that they behave the same everywhere. */
function personsInitFile(invocation: ShellInvocation, host: Host): string | undefined {
  const isPersons = !invocation.ignoresInitFile && host.stdin.isTTY === true && invocation.inputs.length === 0;
  return isPersons ? ownInitFile(host) : undefined;
}

async function runEachInput(shell: Shell, invocation: ShellInvocation, host: Host): Promise<void> {
  if (!(await begin(shell, invocation, host))) return;
  for (const input of invocation.inputs) {
    if (shell.exitCode !== undefined) return;
    const isWhole = input.kind === 'sql' ? await shell.runInput([input.text]) : await shell.tryFile(input.text);
    if (!isWhole && shell.settings.isBailing) return;
  }
  if (invocation.inputs.length === 0 && !invocation.ignoresInput && shell.exitCode === undefined) {
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

function onSignals(signals: readonly (keyof typeof signalCodes)[], end: (exitCode: number) => void): () => void {
  const listeners = signals.map((signal) => [signal, () => end(signalCodes[signal])] as const);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

// `otelduck dev`: a server for the programs of one machine, which shows what they send as it comes. At a terminal a shell is
// below; elsewhere the lines are all there is.

import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';
import type { DuckDBPlugin } from '../plugin.js';
import { type DevInvocation, versionText } from './command-line.js';
import { EndSignals } from './end-signals.js';
import type { Host } from './host.js';
import { HostDatabase } from './host-database.js';
import { hostScreen, hostTerminal, ownInitFile, paintOf } from './host-screen.js';
import { DEFAULT_GRPC, DEFAULT_URI } from './listener-settings.js';
import { ReaderGone, StreamSink, type TextSink } from './output/text-sink.js';
import { serveStatement } from './serve-settings.js';
import { Arrivals } from './shell/arrivals.js';
import { Shell } from './shell/shell.js';
import { closedText } from './shell-session.js';
import { startError } from './start-error.js';

/** How long a row may wait to be shown. With the bound on lines it is how many a person is shown in a second. */
const PAUSE_MS = 250;
/** What a program that wrote to nobody ends with. */
const READER_GONE_CODE = 141;

interface Listening {
  readonly url: string;
  readonly transport: string;
}

export async function runDev(invocation: DevInvocation, plugins: readonly DuckDBPlugin[], host: Host): Promise<number> {
  const out = new StreamSink(host.stdout);
  const err = new StreamSink(host.stderr);
  const signals = new EndSignals();
  try {
    const { database: path, memoryLimit } = invocation;
    const database = await HostDatabase.open({ path, isReadOnly: false, memoryLimit }, plugins);
    let code = 0;
    try {
      const arrivals = new Arrivals(await database.connect(), paintOf(host, host.stdout));
      // From before the server is there, so that nothing that it accepts is missed.
      await arrivals.collect();
      const listening = await start(await database.connect(), invocation);
      const isInteractive = host.stdin.isTTY === true && host.stdout.isTTY === true;
      await out.write(banner(invocation, listening, isInteractive ? 'person' : 'program'));
      if (isInteractive) code = await talk(database, plugins, arrivals, host, { out, err }, signals);
      else await follow(arrivals, signals, out);
    } catch (error) {
      if (!(error instanceof ReaderGone)) throw error;
      code = READER_GONE_CODE;
    } finally {
      // Asked a second time, it waits for no commit.
      const closed = await Promise.race([database.close(), signals.second.then(() => undefined)]);
      const paint = paintOf(host, host.stderr);
      await err.write((closed ?? []).map((work) => closedText(work, paint)).join('')).catch(() => undefined);
      if (closed === undefined || closed.some(({ droppedRows }) => droppedRows > 0)) code = 1;
    }
    return code;
  } finally {
    signals.release();
  }
}

async function start(connection: DuckDBConnection, { server }: DevInvocation): Promise<Listening[]> {
  const statement = serveStatement(server.uri, server.arguments);
  await connection.run(statement).catch((error: unknown) => {
    const host = /Only localhost is allowed, got ('.*?')/.exec(messageOf(error))?.[1];
    if (host === undefined) throw startError(error, statement);
    throw new Error(
      `otelduck dev asks for no token, so it listens on localhost alone, got ${host}; otelduck serve listens elsewhere`,
    );
  });
  const result = await connection.runAndReadAll('SELECT unnest(listeners, max_depth := 2) FROM otlp_server_list()');
  return result.getRowObjectsJson() as unknown as Listening[];
}

/** Shows what comes above a prompt, until the person leaves or a signal comes. Resolves with the exit code. */
async function talk(
  database: HostDatabase,
  plugins: readonly DuckDBPlugin[],
  arrivals: Arrivals,
  host: Host,
  sinks: { readonly out: TextSink; readonly err: TextSink },
  signals: EndSignals,
): Promise<number> {
  const screen = hostScreen(host, sinks, 'person');
  const display = plugins.flatMap((plugin) => plugin.display ?? []);
  const shell = await Shell.start(
    await database.connect(),
    screen,
    {},
    {
      display,
      connect: () => database.connect(),
      refuseWork: (reason) => database.refuseWork(reason),
      // Its server would end with the database.
      open: () => Promise.reject(new Error('otelduck dev keeps the database that it was started with')),
    },
  );
  const init = ownInitFile(host);
  if (init !== undefined) await shell.tryFile(init);
  const terminal = hostTerminal(shell, host, 'leaves');
  const hasLeft = new AbortController();
  void signals.first.then(() => {
    shell.exit(0);
    shell.cancel();
    terminal.close();
  });
  const showing = (async () => {
    while (!hasLeft.signal.aborted) {
      await arrivals.collect();
      // What comes while a command runs waits, bounded, so that it is not mixed with the command's result.
      if (terminal.isAtPrompt) {
        const lines = arrivals.take(screen.width());
        if (lines !== '') terminal.printAbove(lines);
      }
      await pause(PAUSE_MS, undefined, { signal: hasLeft.signal }).catch(() => undefined);
    }
  })();
  try {
    await terminal.run();
  } finally {
    terminal.close();
    hasLeft.abort();
    await showing;
    await shell.close();
  }
  return shell.exitCode ?? 0;
}

/** Writes what comes until a signal comes. */
async function follow(arrivals: Arrivals, signals: EndSignals, out: TextSink): Promise<void> {
  let hasEnded = false;
  const ended = signals.first.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    await arrivals.collect();
    await out.write(arrivals.take(Number.POSITIVE_INFINITY));
    await Promise.race([pause(PAUSE_MS), ended]);
  }
}

function banner(
  { database, server }: DevInvocation,
  listening: readonly Listening[],
  reader: 'person' | 'program',
): string {
  const isDefault = server.uri === DEFAULT_URI && server.arguments.grpc === `'${DEFAULT_GRPC}'`;
  const [first] = listening;
  const kept =
    database === ':memory:'
      ? 'Rows are in memory and end with this program; otelduck dev FILE keeps them.'
      : `Rows are kept in ${database}.`;
  return [
    versionText,
    ...listening.map(({ url, transport }) => `  ${transport === 'grpc' ? 'OTLP/gRPC' : 'OTLP/HTTP'}  ${url}`),
    isDefault
      ? 'SDKs on this machine send there by default: no variables needed, and no token.'
      : `SDKs on this machine need OTEL_EXPORTER_OTLP_ENDPOINT=${first!.url}, and no token.`,
    kept,
    reader === 'person'
      ? 'What comes is shown above the prompt. Ask with SQL, such as FROM otlp_services(); Ctrl-C or Ctrl-D ends this.'
      : 'What comes is shown here. Ctrl-C ends this.',
    '',
  ]
    .map((line) => `${line}\n`)
    .join('');
}

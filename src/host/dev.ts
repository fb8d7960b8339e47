// `otelduck dev`: a server for programs on this machine, which shows their telemetry as it arrives. At a terminal there is a shell
// below the lines.

import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { DuckDBPlugin, PluginService, ServerStartError, StartedDemo, StartedListener } from '../plugin.js';
import { type DevInvocation, versionText } from './command-line.js';
import { EndSignals } from './end-signals.js';
import type { Host } from './host.js';
import { HostDatabase } from './host-database.js';
import { hostScreen, hostTerminal, ownInitFile, paintOf } from './host-screen.js';
import { isDefaultServer } from './listener-settings.js';
import { mayBeOpened } from './new-database.js';
import { ReaderGone, StreamSink, type TextSink } from './output/text-sink.js';
import { Arrivals } from './shell/arrivals.js';
import { Shell } from './shell/shell.js';
import { closedText } from './shell-session.js';
import { showInBrowser } from './show-in-browser.js';

/** Polling interval. Together with the limit on lines it bounds the lines per second. */
const PAUSE_MS = 250;
/** Exit code of a program whose reader has gone. */
const READER_GONE_CODE = 141;

export async function runDev(invocation: DevInvocation, plugins: readonly DuckDBPlugin[], host: Host): Promise<number> {
  const out = new StreamSink(host.stdout);
  const err = new StreamSink(host.stderr);
  const isInteractive = host.stdin.isTTY === true && host.stdout.isTTY === true;
  const person = isInteractive ? { input: host.stdin, output: host.stderr } : undefined;
  if (!(await mayBeOpened({ word: invocation.database, command: 'otelduck dev' }, person))) return 1;
  const signals = new EndSignals();
  try {
    const { database: path, memoryLimit } = invocation;
    const database = await HostDatabase.open({ path, isReadOnly: false, memoryLimit }, plugins);
    let code = 0;
    let demo: StartedDemo | undefined;
    try {
      const feeds = plugins.flatMap((plugin) => plugin.arrivals ?? []);
      const arrivals = new Arrivals(await database.connect(), feeds, paintOf(host, host.stdout));
      // Before the server starts, so that no accepted row is missed.
      await arrivals.collect();
      const listening = await start(await database.connect(), invocation, host.service);
      const report = (message: string) => void err.write(`otelduck: ${message}\n`).catch(() => undefined);
      if (invocation.hasDemo) demo = await host.service.dev.demo!.start(listening.listeners, report);
      const story = demo?.story ?? [];
      await out.write(banner(invocation, host.service, listening, story, isInteractive ? 'person' : 'program'));
      if (invocation.opensBrowser) showInBrowser(listening.queries[0]!.url, host.environment, report);
      if (isInteractive) code = await talk(database, plugins, arrivals, host, { out, err }, signals);
      else await follow(arrivals, signals, out);
    } catch (error) {
      if (!(error instanceof ReaderGone)) throw error;
      code = READER_GONE_CODE;
    } finally {
      await demo?.stop();
      // A second signal does not wait for the final commit.
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

/** What listens: servers that take in, and one that answers queries. */
interface Listening {
  readonly listeners: readonly StartedListener[];
  readonly queries: readonly StartedListener[];
}

async function start(
  connection: DuckDBConnection,
  { server, queryServer }: DevInvocation,
  service: PluginService,
): Promise<Listening> {
  const localOnly = (error: ServerStartError): never => {
    if (error.otherHost === undefined) throw error;
    throw new Error(
      `otelduck dev asks for no token, so it listens on localhost alone, got '${error.otherHost}'; otelduck serve listens elsewhere`,
    );
  };
  const { listeners } = await service.start(connection, server).catch(localOnly);
  if (queryServer === undefined) return { listeners, queries: [] };
  const queries = await service.queries!.start(connection, queryServer).catch(localOnly);
  return { listeners, queries: queries.listeners };
}

/** Shows arrivals above a prompt until the user leaves or a signal arrives. Resolves with the exit code. */
async function talk(
  database: HostDatabase,
  plugins: readonly DuckDBPlugin[],
  arrivals: Arrivals,
  host: Host,
  sinks: { readonly out: TextSink; readonly err: TextSink },
  signals: EndSignals,
): Promise<number> {
  const screen = hostScreen(host, sinks, 'person');
  const shell = await Shell.start(
    await database.connect(),
    screen,
    {},
    {
      display: plugins.flatMap((plugin) => plugin.display ?? []),
      arrivals: plugins.flatMap((plugin) => plugin.arrivals ?? []),
      connect: () => database.connect(),
      refuseWork: (reason) => database.refuseWork(reason),
      // The server would end with the database.
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
      // Arrivals during a command wait, within a limit, so that they do not mix with its result.
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

/** Writes arrivals until a signal arrives. */
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
  service: PluginService,
  { listeners, queries }: Listening,
  story: readonly string[],
  reader: 'person' | 'program',
): string {
  const place = isDefaultServer(server, service) ? 'default' : 'other';
  const kept =
    database === ':memory:'
      ? 'Rows are in memory and end with this program; otelduck dev FILE keeps them.'
      : `Rows are kept in ${database}.`;
  return [
    versionText,
    ...service.dev.banner(listeners, queries, place),
    kept,
    ...story,
    reader === 'person'
      ? `What comes is shown above the prompt. Ask with SQL, such as ${service.dev.exampleQuery}; Ctrl-C or Ctrl-D ends this.`
      : 'What comes is shown here. Ctrl-C ends this.',
    '',
  ]
    .map((line) => `${line}\n`)
    .join('');
}

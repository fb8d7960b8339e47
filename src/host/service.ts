// `otelduck serve`: servers from start to drained. One JSON line on standard error for each event in their life, and an
// exit code that says whether rows were dropped. SQL is the only control plane: this file sends CALL statements.

import { setTimeout } from 'node:timers/promises';
import { type DuckDBConnection, version as duckdbVersion } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';
import type { DuckDBPlugin } from '../plugin.js';
import { packageVersion, type ServeInvocation } from './command-line.js';
import type { Host } from './host.js';
import { HostDatabase } from './host-database.js';
import { plainPaint } from './output/paint.js';
import { QuackServer } from './quack-server.js';
import { serveStatement, unknownVariables } from './serve-settings.js';
import { watchServers } from './server-watch.js';
import { Shell } from './shell/shell.js';

type Level = 'info' | 'warn' | 'error';
type Log = (level: Level, event: string, fields?: Readonly<Record<string, unknown>>) => void;

export async function runService(
  invocation: ServeInvocation,
  plugins: readonly DuckDBPlugin[],
  host: Host,
): Promise<number> {
  const log: Log = (level, event, fields) => {
    host.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
  };
  const signals = new EndSignals();
  // An init script may start nothing that keeps the process alive; a service ends when it is told to.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const exitCode = await Promise.race([
      serve(invocation, plugins, host, log, signals),
      signals.second.then((signal) => {
        log('error', 'killed', { signal });
        return 1;
      }),
      signals.first.then(async () => {
        await setTimeout(invocation.drainTimeoutMs);
        log('error', 'drain_timed_out', { timeout_ms: invocation.drainTimeoutMs });
        return 1;
      }),
    ]);
    log(exitCode === 0 ? 'info' : 'error', 'stopped', { exit_code: exitCode });
    return exitCode;
  } finally {
    clearInterval(alive);
    signals.release();
  }
}

async function serve(
  invocation: ServeInvocation,
  plugins: readonly DuckDBPlugin[],
  host: Host,
  log: Log,
  signals: EndSignals,
): Promise<number> {
  log('info', 'starting', {
    version: packageVersion,
    duckdb_version: duckdbVersion(),
    database: invocation.database,
    plugins: plugins.map((plugin) => plugin.name),
  });
  for (const { variable, meant } of unknownVariables(host.environment)) {
    log('warn', 'unknown_variable', { variable, ...(meant === undefined ? {} : { meant }) });
  }
  let database: HostDatabase | undefined;
  let quack: QuackServer | undefined;
  let stopWatching = () => {};
  let hasStarted = false;
  try {
    database = await HostDatabase.open(
      { path: invocation.database, isReadOnly: false, memoryLimit: invocation.memoryLimit },
      plugins,
    );
    const connection = await database.connect();
    await start(invocation, connection, log);
    quack = await startQuack(invocation, connection, log);
    stopWatching = await watchServers(await database.connect(), ({ level, event, fields }) =>
      log(level, event, fields),
    );
    hasStarted = true;
    log('info', 'ready');
    const signal = await signals.first;
    log('info', 'draining', { signal, timeout_ms: invocation.drainTimeoutMs });
    await quack?.stop();
  } catch (error) {
    log('error', 'failed', { error: messageOf(error) });
  }
  stopWatching();
  const hasDropped = database === undefined ? false : await drain(database, log);
  return hasStarted && !hasDropped ? 0 : 1;
}

async function start(invocation: ServeInvocation, connection: DuckDBConnection, log: Log): Promise<void> {
  if (invocation.init !== undefined) {
    await runInit(invocation.init, connection, log);
    log('info', 'initialized', { file: invocation.init });
  }
  for (const uri of invocation.uris) {
    const result = await connection.runAndReadAll(serveStatement(uri, invocation.arguments));
    for (const { auth_token: token, ...server } of result.getRowObjectsJson()) {
      // A token that nobody chose must be told to somebody; one that was given is not repeated in a log.
      const isGenerated = invocation.arguments.token === undefined && token !== '';
      log('info', 'listening', isGenerated ? { ...server, auth_token: token } : server);
    }
  }
}

async function startQuack(
  { quack, arguments: given }: ServeInvocation,
  connection: DuckDBConnection,
  log: Log,
): Promise<QuackServer | undefined> {
  if (quack === undefined) return undefined;
  const allowOtherHostname = given.allow_other_hostname === 'true';
  const server = await QuackServer.start(connection, { ...quack, allowOtherHostname });
  log('info', 'quack_listening', {
    listen_uri: server.listenUri,
    listen_url: server.listenUrl,
    ...(server.generatedToken === undefined ? {} : { auth_token: server.generatedToken }),
  });
  return server;
}

/** Runs the script for its effects: its results are shown to nobody. */
async function runInit(file: string, connection: DuckDBConnection, log: Log): Promise<void> {
  const shell = await Shell.start(
    connection,
    {
      out: { write: async () => {} },
      err: { write: async (text) => log('error', 'init_error', { error: text.trimEnd() }) },
      outPaint: plainPaint,
      errPaint: plainPaint,
      width: () => Number.MAX_SAFE_INTEGER,
    },
    { mode: 'trash' },
  );
  await shell.tryFile(file);
  if (shell.hasFailed) throw new Error(`cannot run ${file}`);
}

/** Ends all servers. Resolves with whether rows were dropped. */
async function drain(database: HostDatabase, log: Log): Promise<boolean> {
  let hasDropped = false;
  for (const work of await database.close()) {
    hasDropped ||= work.droppedRows > 0;
    log(work.error === undefined ? 'info' : 'error', 'drained', {
      name: work.name,
      committed_rows: work.committedRows,
      dropped_rows: work.droppedRows,
      ...(work.journaledRows === undefined ? {} : { journaled_rows: work.journaledRows }),
      ...(work.error === undefined ? {} : { error: work.error }),
    });
  }
  return hasDropped;
}

/** The first signal asks us to drain, the second not to wait for it. */
class EndSignals {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: Promise<NodeJS.Signals>;
  readonly #listener: (signal: NodeJS.Signals) => void;

  constructor() {
    const listeners: ((signal: NodeJS.Signals) => void)[] = [];
    this.first = new Promise((resolve) => listeners.push(resolve));
    this.second = new Promise((resolve) => listeners.push(resolve));
    this.#listener = (signal) => listeners.shift()?.(signal);
    process.on('SIGTERM', this.#listener).on('SIGINT', this.#listener);
  }

  release(): void {
    process.off('SIGTERM', this.#listener).off('SIGINT', this.#listener);
  }
}

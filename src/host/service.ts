// `otelduck serve`: servers from start to drained. One JSON line on standard error for each event in their life, and an
// exit code that says whether rows were dropped. SQL is the only control plane: this file sends CALL statements.

import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';
import { version as duckdbVersion } from '../duckdb/node-api.js';
import type { DuckDBPlugin } from '../plugin.js';
import { DEFAULT_DATABASE, packageVersion, type ServeInvocation } from './command-line.js';
import { EndSignals } from './end-signals.js';
import type { Host } from './host.js';
import { HostDatabase } from './host-database.js';
import { killAfter } from './last-resort.js';
import type { AskedServer } from './listener-settings.js';
import { plainPaint } from './output/paint.js';
import { QuackServer } from './quack-server.js';
import { serveStatement, unknownVariables } from './serve-settings.js';
import { type Log, ServiceLog } from './service-log.js';
import { Shell } from './shell/shell.js';
import { startError } from './start-error.js';

/** How much longer than it may drain a service may be in a call that keeps its thread, such as one that closes a database. */
const KILL_AFTER_DRAIN_MS = 1000;

export async function runService(
  invocation: ServeInvocation,
  plugins: readonly DuckDBPlugin[],
  host: Host,
  environmentFile?: string,
): Promise<number> {
  const log = new ServiceLog(host.stderr);
  const signals = new EndSignals();
  const errors = new UncaughtErrors(host);
  // An init script may start nothing that keeps the process alive; a service ends when it is told to.
  const alive = setInterval(() => {}, 2 ** 30);
  let notKilled = () => {};
  try {
    const { drainTimeoutMs } = invocation;
    const service = new Service(invocation, plugins, log.write);
    logStart(invocation, plugins, log.write);
    if (environmentFile !== undefined) log.write('info', 'environment_file', { file: environmentFile });
    logUnknown(host, log.write);
    const failed = Promise.race([service.start(), errors.first]).catch((error: unknown) => {
      log.write('error', 'failed', { error: messageOf(error) });
    });
    const signal = await Promise.race([signals.first, failed]);
    notKilled = killAfter(drainTimeoutMs + KILL_AFTER_DRAIN_MS);
    if (signal !== undefined) log.write('info', 'draining', { signal, timeout_ms: drainTimeoutMs });
    const exitCode = await Promise.race([
      service.stop().then(
        ({ hasDropped }) => (signal === undefined || hasDropped ? 1 : 0),
        (error: unknown) => {
          log.write('error', 'failed', { error: messageOf(error) });
          return 1;
        },
      ),
      signals.second.then((second) => {
        log.write('error', 'killed', { signal: second });
        return 1;
      }),
      setTimeout(drainTimeoutMs, undefined, { ref: false }).then(() => {
        log.write('error', 'drain_timed_out', { timeout_ms: drainTimeoutMs });
        return 1;
      }),
    ]);
    log.write(exitCode === 0 ? 'info' : 'error', 'stopped', { exit_code: exitCode });
    return exitCode;
  } finally {
    log.end();
    notKilled();
    clearInterval(alive);
    errors.release();
    signals.release();
  }
}

function logStart({ database }: ServeInvocation, plugins: readonly DuckDBPlugin[], log: Log): void {
  log('info', 'starting', {
    version: packageVersion,
    duckdb_version: duckdbVersion(),
    database: database ?? DEFAULT_DATABASE,
    plugins: plugins.map((plugin) => plugin.name),
  });
  if (database === undefined) {
    log('info', 'default_database', { file: resolve(DEFAULT_DATABASE), because: 'no database was named' });
  }
}

function logUnknown(host: Host, log: Log): void {
  for (const { variable, meant } of unknownVariables(host.environment)) {
    log('warn', 'unknown_variable', { variable, ...(meant === undefined ? {} : { meant }) });
  }
}

/** Errors that nobody caught, after which what was accepted is still committed. */
class UncaughtErrors {
  /** Rejects with the first: a bug of ours or of a plugin's. */
  readonly first: Promise<never>;
  readonly #streams: readonly NodeJS.WriteStream[];
  #reject!: (error: Error) => void;

  constructor({ stdout, stderr }: Host) {
    this.first = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    process.on('uncaughtException', this.#reject);
    // Node's warnings go there too. Nobody there to read them is no reason to end.
    this.#streams = [stdout, stderr];
    for (const stream of this.#streams) stream.on('error', ignore);
  }

  release(): void {
    process.off('uncaughtException', this.#reject);
    for (const stream of this.#streams) stream.off('error', ignore);
  }
}

function ignore(): void {}

/** The database of a service and what runs in it, from start() to stop(). */
class Service {
  readonly #invocation: ServeInvocation;
  readonly #plugins: readonly DuckDBPlugin[];
  readonly #log: Log;
  #database: HostDatabase | undefined;
  #quack: QuackServer | undefined;
  /** The shell that runs the init script. */
  #init: Shell | undefined;
  #started: Promise<unknown> = Promise.resolve();
  #isStopping = false;

  constructor(invocation: ServeInvocation, plugins: readonly DuckDBPlugin[], log: Log) {
    this.#invocation = invocation;
    this.#plugins = plugins;
    this.#log = log;
  }

  /** Starts everything. Rejects with what could not be started; otherwise it never settles: a service ends when it is told to. */
  start(): Promise<never> {
    const started = this.#start();
    this.#started = started.catch(() => undefined);
    return started.then(() => new Promise(() => {}));
  }

  /** Ends what start() started, or is starting, having committed what was accepted. Resolves with whether rows were dropped. */
  async stop(): Promise<{ readonly hasDropped: boolean }> {
    this.#isStopping = true;
    this.#init?.exit(1);
    this.#init?.cancel();
    await this.#started;
    await this.#quack?.stop();
    let hasDropped = false;
    for (const work of (await this.#database?.close()) ?? []) {
      hasDropped ||= work.droppedRows > 0;
      this.#log(work.error === undefined ? 'info' : 'error', 'drained', {
        name: work.name,
        committed_rows: work.committedRows,
        dropped_rows: work.droppedRows,
        ...(work.journaledRows === undefined ? {} : { journaled_rows: work.journaledRows }),
        ...(work.error === undefined ? {} : { error: work.error }),
      });
    }
    return { hasDropped };
  }

  async #start(): Promise<void> {
    const { database: path = DEFAULT_DATABASE, memoryLimit, init, servers } = this.#invocation;
    this.#database = await HostDatabase.open({ path, isReadOnly: false, memoryLimit }, this.#plugins, {
      log: ({ level, event, fields }) => this.#log(level, event, fields),
    });
    const connection = await this.#database.connect();
    if (init !== undefined) await this.#runInit(init, connection);
    for (const server of servers) {
      if (this.#isStopping) return;
      this.#log('info', 'listening', await startServer(connection, server));
    }
    if (this.#isStopping) return;
    this.#quack = await startQuack(this.#invocation, connection, this.#log);
    if (!this.#isStopping) this.#log('info', 'ready');
  }

  /** Runs the script for its effects: its results are shown to nobody. */
  async #runInit(file: string, connection: DuckDBConnection): Promise<void> {
    this.#init = await Shell.start(
      connection,
      {
        out: { write: async () => {} },
        err: { write: async (text) => this.#log('error', 'init_error', { error: text.trimEnd() }) },
        outPaint: plainPaint,
        errPaint: plainPaint,
        width: () => Number.MAX_SAFE_INTEGER,
      },
      { mode: 'trash' },
    );
    if (this.#isStopping) return;
    await this.#init.tryFile(file);
    if (this.#isStopping) return;
    if (this.#init.hasFailed) throw new Error(`cannot run ${file}`);
    this.#log('info', 'initialized', { file });
  }
}

/** Starts a server. Resolves with what there is to be known of it: its row, and all places where it listens. */
async function startServer(
  connection: DuckDBConnection,
  { uri, arguments: given }: AskedServer,
): Promise<Record<string, unknown>> {
  const statement = serveStatement(uri, given);
  const result = await connection.runAndReadAll(statement).catch((error: unknown) => {
    throw startError(error, statement);
  });
  const { auth_token: token, ...server } = result.getRowObjectsJson()[0]!;
  const listed = await connection.runAndReadAll('SELECT listeners FROM otlp_server_list() WHERE listen_uri = $1', [
    String(server['listen_uri']),
  ]);
  // A token that nobody chose must be told to somebody; one that was given is not repeated in a log.
  const isGenerated = given.token === undefined && token !== '';
  return { ...server, ...listed.getRowObjectsJson()[0], ...(isGenerated ? { auth_token: token } : {}) };
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

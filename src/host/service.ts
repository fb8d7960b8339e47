// `otelduck serve`: runs servers until they are drained. Each event is one JSON line on standard error, and the exit code says
// whether rows were dropped. The plugin starts the servers.

import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';
import { packageVersion } from '../base/package-version.js';
import { version as duckdbVersion } from '../duckdb/node-api.js';
import type { DuckDBPlugin, PluginService } from '../plugin.js';
import { DEFAULT_DATABASE, type ServeInvocation } from './command-line.js';
import { defaultMemoryLimit } from './default-memory-limit.js';
import { EndSignals } from './end-signals.js';
import type { Host } from './host.js';
import { HostDatabase } from './host-database.js';
import { killAfter } from './last-resort.js';
import { mayBeOpened } from './new-database.js';
import { plainPaint } from './output/paint.js';
import { QuackServer } from './quack-server.js';
import { unknownVariables } from './serve-settings.js';
import { type Log, ServiceLog } from './service-log.js';
import { Shell } from './shell/shell.js';

/** Time beyond the drain timeout that a blocking call may take, such as closing a database. */
const KILL_AFTER_DRAIN_MS = 1000;

export async function runService(
  invocation: ServeInvocation,
  plugins: readonly DuckDBPlugin[],
  host: Host,
  environmentFile?: string,
): Promise<number> {
  // A service has nobody to ask.
  await mayBeOpened({ word: invocation.database ?? DEFAULT_DATABASE, command: 'otelduck serve' }, undefined);
  const log = new ServiceLog(host.stderr, invocation.logLevel);
  const signals = new EndSignals();
  const errors = new UncaughtErrors(host);
  // Keeps the process alive even if an init script starts nothing, because a service ends only when told to.
  const alive = setInterval(() => {}, 2 ** 30);
  let notKilled = () => {};
  try {
    const { drainTimeoutMs } = invocation;
    const service = new Service(invocation, plugins, host.service, log.write);
    logStart(invocation, plugins, log.write);
    if (environmentFile !== undefined) log.write('info', 'environment_file', { file: environmentFile });
    logConfiguration(invocation, log.write);
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

function logConfiguration({ configuration }: ServeInvocation, log: Log): void {
  if (configuration === undefined) return;
  const { file, exposedSecrets } = configuration;
  log('info', 'configuration_file', { file });
  if (exposedSecrets.length > 0) log('warn', 'configuration_readable_by_others', { file, options: exposedSecrets });
}

function logUnknown(host: Host, log: Log): void {
  for (const { variable, meant } of unknownVariables(host.environment, host.service)) {
    log('warn', 'unknown_variable', { variable, ...(meant === undefined ? {} : { meant }) });
  }
}

/** Uncaught errors. Accepted rows are still committed after one. */
class UncaughtErrors {
  /** Rejects with the first, which is a bug of ours or of a plugin. */
  readonly first: Promise<never>;
  readonly #streams: readonly NodeJS.WriteStream[];
  #reject!: (error: Error) => void;

  constructor({ stdout, stderr }: Host) {
    this.first = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    process.on('uncaughtException', this.#reject);
    // Node's warnings go there too, and a missing reader must not end the process.
    this.#streams = [stdout, stderr];
    for (const stream of this.#streams) stream.on('error', ignore);
  }

  release(): void {
    process.off('uncaughtException', this.#reject);
    for (const stream of this.#streams) stream.off('error', ignore);
  }
}

function ignore(): void {}

/** Database and servers of a service, from start() to stop(). */
class Service {
  readonly #invocation: ServeInvocation;
  readonly #plugins: readonly DuckDBPlugin[];
  readonly #service: PluginService;
  readonly #log: Log;
  #database: HostDatabase | undefined;
  #quack: QuackServer | undefined;
  /** The shell that runs the init script. */
  #init: Shell | undefined;
  #started: Promise<unknown> = Promise.resolve();
  #isStopping = false;

  constructor(invocation: ServeInvocation, plugins: readonly DuckDBPlugin[], service: PluginService, log: Log) {
    this.#invocation = invocation;
    this.#plugins = plugins;
    this.#service = service;
    this.#log = log;
  }

  /** Starts everything. Rejects if something could not be started, and otherwise never settles. */
  start(): Promise<never> {
    const started = this.#start();
    this.#started = started.catch(() => undefined);
    return started.then(() => new Promise(() => {}));
  }

  /** Commits accepted rows and ends everything that start() started or is starting. Resolves with whether rows were dropped. */
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
    const { database: path = DEFAULT_DATABASE, memoryLimit, init, servers, queryServers } = this.#invocation;
    const limit = memoryLimit ?? defaultMemoryLimit();
    this.#database = await HostDatabase.open({ path, isReadOnly: false, memoryLimit: limit }, this.#plugins, {
      log: ({ level, event, fields }) => this.#log(level, event, fields),
    });
    const connection = await this.#database.connect();
    if (init !== undefined) await this.#runInit(init, connection);
    for (const server of servers) {
      if (this.#isStopping) return;
      const { facts } = await this.#service.start(connection, server);
      this.#log('info', 'listening', facts);
    }
    for (const server of queryServers) {
      if (this.#isStopping) return;
      const { facts } = await this.#service.queries!.start(connection, server);
      this.#log('info', 'listening', facts);
    }
    if (this.#isStopping) return;
    this.#quack = await startQuack(this.#invocation, this.#service, connection, this.#log);
    if (!this.#isStopping) this.#log('info', 'ready');
  }

  /** Runs a script for its effects and discards its results. */
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

async function startQuack(
  { quack, arguments: given }: ServeInvocation,
  { otherHostsSwitch }: PluginService,
  connection: DuckDBConnection,
  log: Log,
): Promise<QuackServer | undefined> {
  if (quack === undefined) return undefined;
  const allowOtherHostname = given[otherHostsSwitch] === 'true';
  const server = await QuackServer.start(connection, { ...quack, allowOtherHostname });
  log('info', 'quack_listening', {
    listen_uri: server.listenUri,
    listen_url: server.listenUrl,
    ...(server.generatedToken === undefined ? {} : { auth_token: server.generatedToken }),
  });
  return server;
}

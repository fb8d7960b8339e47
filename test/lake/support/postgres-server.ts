// PostgreSQL with a password, on a port and in a folder of its own.

import { execFile, execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.js';
import { ServerProcess } from './server-process.js';
import { placeOf } from './test-servers.js';

const run = promisify(execFile);

/** Looks like nothing else, so that tests can search for it. */
export const POSTGRES_PASSWORD = 'pg-hunter2-Zq7';

export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  #process: ServerProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  static async start(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'otelduck-postgres-'));
    const [port] = await freePorts(1);
    const server = new PostgresServer(port!, folder);
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, POSTGRES_PASSWORD);
    const { uid, gid } = owner();
    if (uid !== undefined) for (const path of [folder, passwordFile]) chownSync(path, uid, gid!);
    await run(
      join(placeOf('postgres'), 'initdb'),
      [
        ...['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile],
        ...['--no-sync', '--locale=C', '--encoding=UTF8'],
      ],
      { uid, gid, cwd: folder },
    );
    await server.resume();
    return server;
  }

  /** Starts the server again after `halt`. */
  async resume(): Promise<void> {
    const { uid, gid } = owner();
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${this.port}`,
      `unix_socket_directories=${this.#folder}`,
      'max_connections=200',
      'fsync=off',
    ].flatMap((setting) => ['-c', setting]);
    this.#process = await ServerProcess.start(
      join(placeOf('postgres'), 'postgres'),
      ['-D', join(this.#folder, 'data'), ...settings],
      { cwd: this.#folder, ...(uid === undefined ? {} : { uid, gid: gid! }) },
      () => this.#accepts(),
    );
  }

  /** Ends it without waiting for anybody, as a crash would. */
  async halt(): Promise<void> {
    await this.#process?.end('SIGQUIT');
  }

  get isHalted(): boolean {
    return this.#process?.hasEnded ?? true;
  }

  /** Makes a database. Resolves with the connection string that libpq takes for it, through a port if one is given. */
  async createDatabase(name: string): Promise<(port?: number) => string> {
    await run(
      join(placeOf('postgres'), 'createdb'),
      ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres', name],
      {
        env: { ...process.env, PGPASSWORD: POSTGRES_PASSWORD },
      },
    );
    return (port = this.port) =>
      `dbname=${name} host=127.0.0.1 port=${port} user=postgres password=${POSTGRES_PASSWORD}`;
  }

  /** Connections that wait for another one to end its transaction. */
  async waitingConnections(): Promise<number> {
    const sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    const psql = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres', '-tAc', sql, 'postgres'];
    const { stdout } = await run(join(placeOf('postgres'), 'psql'), psql, {
      env: { ...process.env, PGPASSWORD: POSTGRES_PASSWORD },
    });
    return Number(stdout);
  }

  async close(): Promise<void> {
    await this.halt();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #accepts(): Promise<boolean> {
    await new Promise<void>((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => resolve(void socket.destroy())).on('error', reject);
    });
    await run(join(placeOf('postgres'), 'pg_isready'), ['-h', '127.0.0.1', '-p', String(this.port)]).catch((error) => {
      // Not every package of servers brings it; a server that takes connections is good enough then.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
    return true;
  }
}

/** Who the server runs as: it refuses root. */
function owner(): { uid: number | undefined; gid: number | undefined } {
  if (process.getuid!() !== 0) return { uid: undefined, gid: undefined };
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

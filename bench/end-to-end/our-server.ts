// Our server in a process of its own, told what to do in SQL.

import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../src/base/package-folder.js';

export type Row = Readonly<Record<string, unknown>>;
export const TOKEN = 'a-token-for-measurements';

export const targetNames = ['parquet', 'ducklake', 'file', 'memory'] as const;
export type TargetName = (typeof targetNames)[number];

interface Answer {
  readonly id: number;
  readonly rows?: Row[];
  readonly error?: string;
}

export interface Served {
  readonly uri: string;
  readonly port: number;
}

export class OurServer {
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  readonly #target: TargetName;
  readonly #folder: string;
  #asked = 0;

  private constructor(child: ChildProcess, target: TargetName, folder: string) {
    this.#child = child;
    this.#target = target;
    this.#folder = folder;
    child.on('message', (answer: Answer) => this.#answers.get(answer.id)?.(answer));
    child.on('exit', (code) => {
      for (const [id, tell] of this.#answers) tell({ id, error: `the server ended with ${code}` });
    });
  }

  static async start(target: TargetName, folder: string, execArgv: readonly string[] = []): Promise<OurServer> {
    const path = target === 'file' ? join(folder, 'bench.db') : ':memory:';
    const child = fork(join(import.meta.dirname, 'sql-server.js'), [path], {
      env: { ...process.env, UV_THREADPOOL_SIZE: '32' },
      execArgv: [...execArgv],
    });
    const server = new OurServer(child, target, folder);
    await new Promise<void>((resolve, reject) => {
      server.#answers.set(0, ({ error }) => (error === undefined ? resolve() : reject(new Error(error))));
    });
    server.#answers.delete(0);
    if (target === 'ducklake') {
      for (const sql of extensionSettings('ducklake')) await server.sql(sql);
      await server.sql(
        `ATTACH 'ducklake:${join(folder, 'meta.ducklake')}' AS lake (DATA_PATH '${join(folder, 'lake')}')`,
      );
    }
    return server;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Table of the target, as SQL names it. */
  table(name: string): string {
    return this.#target === 'ducklake' ? `lake.main.${name}` : name;
  }

  /** What is left after a garbage collection, in bytes; the process needs --expose-gc for it. */
  async memory(): Promise<Readonly<Record<'heapUsed' | 'external' | 'handles', number>>> {
    const [row] = await this.#ask({});
    return row as Readonly<Record<'heapUsed' | 'external' | 'handles', number>>;
  }

  sql(sql: string): Promise<Row[]> {
    return this.#ask({ sql });
  }

  #ask(question: { readonly sql?: string }): Promise<Row[]> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ rows, error }) => {
        this.#answers.delete(id);
        if (rows === undefined) reject(new Error(`${error}\n${question.sql}`));
        else resolve(rows);
      });
      this.#child.send({ id, ...question });
    });
  }

  /** `options` is more arguments in SQL. */
  async serve(options = '', uri = 'otlp:127.0.0.1:0'): Promise<Served> {
    const target: Readonly<Record<TargetName, string>> = {
      parquet: `, parquet_export_path := '${join(this.#folder, 'parquet')}'`,
      ducklake: ", catalog := 'lake'",
      file: '',
      memory: '',
    };
    const serve = uri.startsWith('otap:') ? 'otap_serve' : 'otlp_serve';
    const more = options === '' ? '' : `, ${options}`;
    const [row] = await this.sql(`FROM ${serve}('${uri}', token := '${TOKEN}'${target[this.#target]}${more})`);
    const listenUri = String(row!['listen_uri']);
    return { uri: listenUri, port: Number(/\d+$/.exec(listenUri)![0]) };
  }

  async status({ uri }: Served): Promise<Row> {
    return (await this.sql(`FROM otlp_server_list() WHERE listen_uri = '${uri}'`))[0]!;
  }

  /** Ends the process with what it holds. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.stop();
  }

  /** Lets the process commit what it holds and end. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.connected) this.#child.disconnect();
    await exited;
  }
}

/** Statements that load extensions, from where they are on this machine, or else from DuckDB's repository. */
export function extensionSettings(...names: string[]): string[] {
  const manifest = join(packageFolder, 'node_modules/.cache/otelduck/test-servers.json');
  const found = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly extensions: string | null }).extensions
    : null;
  const folder = process.env['OTELDUCK_EXTENSION_DIRECTORY'] ?? found;
  const places = folder === null ? names.map((name) => `INSTALL ${name}`) : [`SET extension_directory = '${folder}'`];
  return [...places, ...names.map((name) => `LOAD ${name}`)];
}
